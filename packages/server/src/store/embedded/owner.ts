import pg from 'pg';

/**
 * One owner of the embedded PostgreSQL at a time: whoever holds an advisory lock on it, on a connection of its own. The
 * lock is the server's, so it ends with the connection, however its process ends; no file can go stale.
 */
const ownerLock = [0x53757265, 1] as const;

export type Ownership = {
  /** Fulfilled when the connection is gone and the lock with it. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
};

/** What the owner calls itself, "surety owner pid=123", or undefined if nobody owns the server. */
export async function readOwner(url: string): Promise<string | undefined> {
  const client = connection(url, 'surety visitor');
  await client.connect();
  try {
    const { rows } = await client.query<{ owner: string }>(
      `select activity.application_name as owner from pg_locks as held join pg_stat_activity as activity using (pid)
       where held.locktype = 'advisory' and held.granted and held.classid = $1 and held.objid = $2 and held.objsubid = 2`,
      [...ownerLock],
    );
    return rows[0]?.owner;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Takes the lock, or returns undefined because somebody else holds it. */
export async function takeOwnership(url: string): Promise<Ownership | undefined> {
  const client = connection(url, `surety owner pid=${process.pid}`);
  const lost = new Promise<void>((done) => client.once('end', done));
  const release = (): Promise<void> => client.end().catch(() => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', [...ownerLock]);
    if (rows[0]?.taken === true) return { lost, release };
  } catch (thrown) {
    await release();
    throw thrown;
  }
  await release();
  return undefined;
}

function connection(url: string, name: string): pg.Client {
  const client = new pg.Client({ connectionString: url, application_name: name, connectionTimeoutMillis: 5000, keepAlive: true });
  client.on('error', () => {}); // the end of the connection is told by `lost`
  return client;
}
