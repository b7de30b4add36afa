import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type Log, silentLog } from '#kernel/log';
import { StoreError } from './store-error.ts';

type Migration = { readonly name: string; readonly text: string; readonly checksum: string };

/** The same two steps up from `src/store` and from `dist/store`: the folder lies in the package, beside both. */
const ownMigrations = fileURLToPath(new URL('../../migrations', import.meta.url));

/** Any constant works, so long as every release uses this one. */
const migrationLock = [0x53757265, 2] as const;

/**
 * Brings the database at `url` to this release: runs each numbered SQL file that was not run before, in order, each in
 * a transaction with its line in `schema_migration`, so that whatever interrupts it leaves whole files behind. Nodes
 * that start together take turns. Refuses with a `StoreError` a database whose applied files are not those of this
 * release: one that was changed afterwards, or one that a newer release applied.
 */
export async function migrate(url: string, log: Log = silentLog, folder: string = ownMigrations): Promise<void> {
  const wanted = readMigrations(folder);
  const client = new pg.Client({ connectionString: url, application_name: 'surety migrate', connectionTimeoutMillis: 10_000 });
  client.on('error', () => {}); // a connection that breaks also fails the query that is under way
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1, $2)', [...migrationLock]);
    await client.query(
      'create table if not exists schema_migration (name text primary key, checksum text not null, applied_at timestamptz not null default clock_timestamp())',
    );
    const { rows } = await client.query<{ name: string; checksum: string }>(
      'select name, checksum from schema_migration order by name',
    );
    for (const migration of pending(wanted, rows)) {
      await apply(client, migration);
      log.info({ migration: migration.name }, 'the database was migrated');
    }
  } finally {
    await client.end();
  }
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted();
  const wrong = names.find(
    (name, at) => !/^\d{4}_[a-z0-9_]+\.sql$/.test(name) || name.slice(0, 4) === names[at - 1]?.slice(0, 4),
  );
  if (wrong !== undefined) throw new StoreError(`The migration ${wrong} needs a number of its own: 0001_what_it_makes.sql.`);
  return names.map((name) => {
    const text = readFileSync(`${folder}/${name}`, 'utf8').replaceAll('\r\n', '\n');
    return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
  });
}

/** What is still to run. The files that did run must be the first of ours, unchanged. */
function pending(wanted: readonly Migration[], applied: readonly { name: string; checksum: string }[]): readonly Migration[] {
  for (const [at, { name, checksum }] of applied.entries()) {
    const ours = wanted[at];
    if (ours === undefined) {
      throw new StoreError(
        `The database was written by a newer Surety: it has the migration ${name}, which this release does not know. ` +
          'Start the newer release, or restore a backup made before the upgrade.',
      );
    }
    if (ours.name !== name) {
      throw new StoreError(
        `The database and this release disagree: it ran the migration ${name} where this release has ${ours.name}. ` +
          'Start the release that last ran here, or restore a backup.',
      );
    }
    if (ours.checksum !== checksum) {
      throw new StoreError(
        `The migration ${name} was changed after it ran here. What ran is never edited: ` +
          'put the file back as it was and write the change as a new migration.',
      );
    }
  }
  return wanted.slice(applied.length);
}

async function apply(client: pg.Client, { name, text, checksum }: Migration): Promise<void> {
  try {
    await client.query('begin');
    await client.query(text);
    await client.query('insert into schema_migration (name, checksum) values ($1, $2)', [name, checksum]);
    await client.query('commit');
  } catch (thrown) {
    await client.query('rollback').catch(() => {});
    const why = thrown instanceof pg.DatabaseError ? `${thrown.message} (${thrown.code})` : 'the connection was lost';
    throw new StoreError(`The migration ${name} failed and left nothing behind: ${why}.`, { cause: thrown });
  }
}
