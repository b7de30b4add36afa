import type { Call } from '@surety/contract/call';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import type { SystemFacts } from '#catalogue/system-facts';
import type { Feed } from '#change/feed';
import type { Decider, Judged } from '#decision/decide-call';
import type { AuthorityFacts } from '#delegation/authority-facts';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import type { Log } from '#kernel/log';
import type { KeyRing } from '#keys/key-ring';
import type { Sealer } from '#keys/seal';
import type { CommitQueue } from '#ledger/commit-queue';
import type { Entry } from '#ledger/record';
import type { PrincipalFacts } from '#registry/principal-facts';
import type { ApplicationFacts } from './application-facts.ts';

/** What the decision point over HTTP needs of the house. */
export type AuthzenRoom = {
  /** Public origin, without a slash at the end: the `policy_decision_point` (AuthZEN §9). */
  readonly issuer: string;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly feed: Feed;
  readonly queue: CommitQueue;
  readonly sealer: Sealer;
  readonly keyRing: Pick<KeyRing, 'tokenKey' | 'keyByKid' | 'nonceSecret'>;
  readonly facts: PrincipalFacts;
  readonly authority: AuthorityFacts;
  readonly systems: Pick<SystemFacts, 'byName'>;
  readonly engine: PolicyEngine;
  readonly decider: Decider;
  readonly applications: ApplicationFacts;
  readonly approvalSeconds: number;
  /** The entry of a call that waits for a person, as enforcement writes it. */
  readonly heldEntry: (what: {
    readonly caller: AuthenticatedCaller;
    readonly call: Call;
    readonly judged: Judged;
    readonly action: string;
    readonly approval: string;
  }) => Entry;
};
