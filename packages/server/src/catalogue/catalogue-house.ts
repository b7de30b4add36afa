import type { CredentialSealer } from '#broker/system-credential';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import type { Describe } from './described-operation.ts';

/** What the verbs of the catalogue need. */
export type CatalogueHouse = {
  readonly db: Db;
  readonly clock: Clock;
  readonly sealer: CredentialSealer;
  readonly describe: Describe;
  /** Whether systems may be commands that this server runs as its children. */
  readonly allowCommands: boolean;
};
