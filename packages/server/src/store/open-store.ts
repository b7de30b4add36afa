import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Config } from '#config/config';
import { type Db, openDb, openPool } from '#kernel/db';
import type { Log } from '#kernel/log';
import { type EmbeddedPostgres, openEmbedded } from './embedded/open-embedded.ts';
import { migrate } from './migrate.ts';
import { preflight } from './preflight.ts';

export type Store = {
  /** Address of the database, with the password: for more connections, never for a log. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly db: Db;
  /** Whether the database is a child of this process. */
  readonly embedded: boolean;
  /** As PostgreSQL writes it, "18.4". */
  readonly serverVersion: string;
  /** Ends the pool, then the embedded PostgreSQL. */
  close(): Promise<void>;
};

export type StoreConfig = Pick<Config, 'SURETY_DATA_DIR' | 'SURETY_DATABASE_URL' | 'SURETY_ACCEPT_UNSAFE_DATABASE'>;

const embeddedDatabase = 'surety';

/** How long closing waits for queries that are under way. */
const drainMs = 2000;

/**
 * Opens the one database, ready to use: the embedded PostgreSQL, or the one that `SURETY_DATABASE_URL` names, looked at
 * first and migrated. A `StoreError` says why it cannot be opened and what to do. `poolSize` connections at most; the
 * embedded one holds 100 in all.
 */
export async function openStore(config: StoreConfig, log: Log, poolSize = 20): Promise<Store> {
  const external = config.SURETY_DATABASE_URL;
  if (external !== undefined) return openAt(external, config.SURETY_ACCEPT_UNSAFE_DATABASE, log, poolSize);
  const embedded = await openEmbedded({ data: config.SURETY_DATA_DIR, log });
  try {
    await makeDatabase(embedded);
    const store = await openAt(embedded.url(embeddedDatabase), false, log, poolSize);
    const close = async (): Promise<void> => {
      await store.close();
      await embedded.close();
    };
    return { ...store, embedded: true, close };
  } catch (thrown) {
    await embedded.close();
    throw thrown;
  }
}

async function openAt(url: string, acceptUnsafe: boolean, log: Log, poolSize: number): Promise<Store> {
  const serverVersion = await preflight(url, acceptUnsafe);
  await migrate(url, log);
  const pool = openPool(url, poolSize);
  // A query that never returns must not keep the house from closing.
  const close = async (): Promise<void> => Promise.race([pool.end(), sleep(drainMs, undefined, { ref: false })]);
  return { url, pool, db: openDb(pool), embedded: false, serverVersion, close };
}

async function makeDatabase(embedded: EmbeddedPostgres): Promise<void> {
  const client = new pg.Client({ connectionString: embedded.url('postgres'), connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [embeddedDatabase]);
    if (rowCount === 0) await client.query(`create database ${embeddedDatabase}`);
  } finally {
    await client.end();
  }
}
