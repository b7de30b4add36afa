import pg from 'pg';
import { Fault } from './fault.ts';

/**
 * The only shape of the database the rooms see: one engine, one dialect, no fake to keep in step. `name` prepares the
 * statement once per connection; give it on hot paths. `bigint` columns arrive as numbers and must be safe integers.
 */
export interface Tx {
  query<Row>(text: string, values?: readonly unknown[], name?: string): Promise<{ rows: Row[]; rowCount: number }>;
}

export interface Db extends Tx {
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
}

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 && format !== 'binary'
      ? safeInteger
      : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
};

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('a bigint column holds more than 2^53');
  return value;
}

/** A pool whose connections read `bigint` as numbers. `max` connections; waiting for one longer than 2 s is an error. */
export function openPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, types, connectionTimeoutMillis: 2000, allowExitOnIdle: true });
  // A connection that breaks is replaced by the next query. While it is in use, the query on it fails as well.
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  return pool;
}

/** The same for the embedded PostgreSQL and for an external one; only the pool's address differs. */
export function openDb(pool: pg.Pool): Db {
  return { query: (text, values, name) => run(pool, text, values, name), transaction: (work) => inTransaction(pool, work) };
}

async function run<Row>(
  on: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly unknown[] = [],
  name?: string,
): Promise<{ rows: Row[]; rowCount: number }> {
  const result = await on.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
  return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0 };
}

async function inTransaction<Result>(pool: pg.Pool, work: (tx: Tx) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query('begin');
    const result = await work({ query: (text, values, name) => run(client, text, values, name) });
    await client.query('commit');
    return result;
  } catch (thrown) {
    await client.query('rollback').catch(() => {
      broken = true;
    });
    throw thrown;
  } finally {
    client.release(broken);
  }
}

/** Whether an error is PostgreSQL's unique violation, of the named constraint if one is named. */
export function isUniqueViolation(thrown: unknown, constraint?: string): boolean {
  return (
    thrown instanceof pg.DatabaseError &&
    thrown.code === '23505' &&
    (constraint === undefined || thrown.constraint === constraint)
  );
}

/** Runs an insert whose unique violation is a fault of the caller's, not a bug. */
export async function orFault<Result>(work: Promise<Result>, code: ConstructorParameters<typeof Fault>[0]): Promise<Result> {
  try {
    return await work;
  } catch (thrown) {
    if (isUniqueViolation(thrown)) throw new Fault(code);
    throw thrown;
  }
}
