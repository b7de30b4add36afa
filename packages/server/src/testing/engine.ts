import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { migrate } from '#store/migrate';
import { databaseUrl, query } from './database.ts';
import { openThrowawayPostgres } from './throwaway-postgres.ts';

/**
 * A program: the PostgreSQL of one test run. Says where it is as one line of JSON on standard output and ends, with
 * everything it made, when its standard input ends: with the run, however the run ends. `TEST_DATABASE_URL` names a
 * server to use instead of starting one; there it drops what the run made.
 */
async function serveRun(): Promise<void> {
  const given = process.env['TEST_DATABASE_URL'];
  const template = `house_${randomBytes(4).toString('hex')}`;
  const own = given === undefined ? await openThrowawayPostgres() : undefined;
  const server = own?.url ?? given ?? '';
  try {
    await query(server, `create database ${template}`);
    await migrate(databaseUrl(server, template));
    process.stdout.write(`${JSON.stringify({ server, template })}\n`);
    await once(process.stdin.resume(), 'end');
  } finally {
    await (own === undefined ? dropHouses(server, template) : own.close());
  }
}

async function dropHouses(server: string, prefix: string): Promise<void> {
  const { rows } = await query<{ name: string }>(
    server,
    'select datname as name from pg_database where starts_with(datname, $1)',
    [prefix],
  );
  for (const { name } of rows) await query(server, `drop database ${name} with (force)`);
}

await serveRun();
