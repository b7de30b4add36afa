import type { NonceSource } from '@surety/proof/nonce';
import type { CertificateReader } from '#authn/client-certificate';
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
import type { TokenReader } from './read-token.ts';

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
  /** Reads access tokens of ours for whatever resource. */
  readonly readToken: TokenReader;
  /** The certificate of a client's connection; never one, where left out. */
  readonly certificateOf?: CertificateReader | undefined;
  /** Origin of the address where clients show certificates; undefined when there is none of its own. */
  readonly mtlsUrl?: string | undefined;
  /** Whether clients may register themselves, with a token that a person made. */
  readonly registersClients: boolean;
  /** The half that people see. */
  readonly interactive: Interactive;
  readonly accessTokenSeconds: number;
  /** How long a task lives that is opened because a token names none. */
  readonly taskSeconds: number;
};
