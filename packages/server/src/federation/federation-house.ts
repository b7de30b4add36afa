import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';

/** What the verbs of the federation need. */
export type FederationHouse = {
  readonly db: Db;
  readonly clock: Clock;
  /** Our own identifier: never an issuer that is trusted, always the one audience. */
  readonly issuer: string;
  /** Whether keys may be fetched from plain http on this computer: for tests and trials, never for an organisation. */
  readonly allowLoopback: boolean;
};
