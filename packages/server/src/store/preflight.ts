import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { errorCode, StoreError } from './store-error.ts';

const oldestMajor = 15;

/** A server that is still starting is waited for. */
const startingWithinMs = 30_000;

/** What the server says of itself, read on one connection. */
export type Server = {
  readonly version: string;
  readonly number: number;
  readonly encoding: string;
  readonly is_standby: boolean;
  readonly may_create: boolean | null;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
};

/** Where a connection goes, in words that may be printed. */
export type Target = { readonly place: string; readonly role: string; readonly database: string; readonly hasPassword: boolean };

/**
 * Looks at a PostgreSQL before anything is built on it, and returns its version. A `StoreError` says which of host,
 * role, password or database is wrong, or what the server lacks: release 15, UTF-8, to be written to, and not to forget
 * what it has acknowledged (unless `acceptUnsafe`). The error never holds the password.
 */
export async function preflight(url: string, acceptUnsafe: boolean): Promise<string> {
  const { client, target } = await connect(url);
  try {
    const { rows } = await client.query<Server>(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
              current_setting('server_encoding') as encoding, pg_is_in_recovery() as is_standby,
              has_schema_privilege(current_schema(), 'create') as may_create, current_setting('fsync') as fsync,
              current_setting('full_page_writes') as full_page_writes, current_setting('synchronous_commit') as synchronous_commit`,
    );
    const server = rows[0];
    if (server === undefined) throw new StoreError(`The server at ${target.place} did not say what it is.`);
    judgeServer(server, target, acceptUnsafe);
    return server.version;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Throws a `StoreError` if nothing may be built on the server. */
export function judgeServer(server: Server, { place, role, database }: Target, acceptUnsafe: boolean): void {
  if (server.number < oldestMajor * 10_000) {
    throw new StoreError(`The server at ${place} is PostgreSQL ${server.version}. Surety needs ${oldestMajor} or newer.`);
  }
  if (server.is_standby) {
    throw new StoreError(`The server at ${place} is a standby, which can only be read. Give the address of the primary.`);
  }
  if (server.encoding !== 'UTF8') {
    throw new StoreError(`The database "${database}" keeps text as ${server.encoding}. Make one with encoding 'UTF8'.`);
  }
  if (server.may_create !== true) {
    throw new StoreError(
      `The role "${role}" may not create tables in the database "${database}". Grant it: grant create on schema public to "${role}".`,
    );
  }
  const unsafe = (['fsync', 'full_page_writes', 'synchronous_commit'] as const).filter((name) => server[name] === 'off');
  if (unsafe.length === 0 || acceptUnsafe) return;
  throw new StoreError(
    `The server at ${place} may lose what it has acknowledged: ${unsafe.map((name) => `${name} is off`).join(', ')}. ` +
      'Turn it on. To run without the promises about the record, set SURETY_ACCEPT_UNSAFE_DATABASE=true.',
  );
}

async function connect(url: string): Promise<{ client: pg.Client; target: Target }> {
  for (const until = Date.now() + startingWithinMs; ; await sleep(250)) {
    const { client, target } = clientOf(url);
    try {
      await client.connect();
      return { client, target };
    } catch (thrown) {
      await client.end().catch(() => {});
      if (errorCode(thrown) === '57P03' && Date.now() < until) continue;
      throw refusal(thrown, target);
    }
  }
}

/** An address that cannot be read is never quoted, nor is the error that quotes it: it may hold a password in any place. */
function clientOf(url: string): { client: pg.Client; target: Target } {
  let client: pg.Client | undefined;
  try {
    client = new pg.Client({ connectionString: url, application_name: 'surety preflight', connectionTimeoutMillis: 5000 });
  } catch {
    client = undefined;
  }
  // An "@" or "/" left over in the database's name is the rest of a password that was not encoded.
  if (client === undefined || /[@/]/.test(client.database ?? '')) {
    throw new StoreError(
      'SURETY_DATABASE_URL cannot be read. Write postgres://role:password@host:5432/database, ' +
        'with the characters / @ : # ? % of a password percent-encoded.',
    );
  }
  client.on('error', () => {});
  const { host, port, user = '', database = '', password } = client;
  const place = host.startsWith('/') ? host : `${host}:${port}`;
  return { client, target: { place, role: user, database, hasPassword: typeof password === 'string' && password !== '' } };
}

function refusal(thrown: unknown, { place, role, database, hasPassword }: Target): StoreError {
  const at = `the PostgreSQL at ${place}`;
  const known: Readonly<Record<string, string>> = {
    ENOTFOUND: `Host: the name in ${place} is not known. Check the host of SURETY_DATABASE_URL.`,
    EAI_AGAIN: `Host: the name in ${place} cannot be looked up now. Check the host of SURETY_DATABASE_URL and the name service.`,
    ECONNREFUSED: `Host: nothing listens at ${place}. Check the host and port of SURETY_DATABASE_URL, and that PostgreSQL runs.`,
    ENOENT: `Host: there is no socket of PostgreSQL in ${place}. Check the host of SURETY_DATABASE_URL, and that PostgreSQL runs.`,
    '28P01': `Password: ${at} refused the password of the role "${role}" (or has no such role; it does not say which).`,
    '28000': `Role: ${at} does not let the role "${role}" in: it does not exist, may not log in, or is not let in from here.`,
    '3D000': `Database: ${at} has no database "${database}". Make it: create database "${database}" owner "${role}" encoding 'UTF8'.`,
    '42501': `Database: ${at} does not let the role "${role}" use the database "${database}". Grant it connect.`,
    '53300': `Host: ${at} has no connection left. Raise max_connections or close some.`,
    '57P03': `Host: ${at} is still starting or stopping. Try again later.`,
  };
  const code = errorCode(thrown);
  const cause = { cause: thrown };
  if (known[code] !== undefined) return new StoreError(known[code], cause);
  if (!hasPassword && !(thrown instanceof pg.DatabaseError) && code === '') {
    return new StoreError(`Password: ${at} asks for one, and SURETY_DATABASE_URL has none for the role "${role}".`, cause);
  }
  const why = code || (thrown instanceof Error ? thrown.message : 'no reason given');
  return new StoreError(`Host: the connection to ${at} failed: ${why}. Check the address, the network and TLS (sslmode).`, cause);
}
