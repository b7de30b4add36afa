import type { NonceSource } from '@surety/proof/nonce';
import type { SystemFacts } from '#catalogue/system-facts';
import type { Feed } from '#change/feed';
import type { AuthorityFacts } from '#delegation/authority-facts';
import type { Federation } from '#federation/federation';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import type { Log } from '#kernel/log';
import type { Permit } from '#kernel/perform';
import type { KeyRing } from '#keys/key-ring';
import type { CommitQueue } from '#ledger/commit-queue';
import type { PrincipalFacts } from '#registry/principal-facts';
import type { Interactive } from './interactive/interactive.ts';

/** What the endpoints of the authorization server need. */
export type IssuanceRoom = {
  /** Our identifier (`iss`): the public origin, without a slash at the end. */
  readonly issuer: string;
  /** Public origin of the gateway; a system's resource is `<gateway>/mcp/<system>`. */
  readonly gatewayUrl: string;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly feed: Feed;
  readonly queue: CommitQueue;
  readonly keyRing: KeyRing;
  readonly nonces: NonceSource;
  readonly facts: PrincipalFacts;
  readonly federation: Federation;
  readonly authority: AuthorityFacts;
  readonly systems: Pick<SystemFacts, 'byName'>;
  readonly permit: Permit;
  /** The half that people see. */
  readonly interactive: Interactive;
  readonly accessTokenSeconds: number;
  /** How long a task lives that is opened because a token names none. */
  readonly taskSeconds: number;
};
