import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { type Db, openDb, openPool } from '#kernel/db';
import { databaseUrl, query } from './database.ts';

/** A migrated, empty house: a clone of the template. Once per test file; again where a test breaks what it stands in. */
export async function house(): Promise<Db> {
  return openDb(openPool(await houseUrl(), 10));
}

/** The same as an address, for tests that open pools, feeds or whole servers of their own. */
export async function houseUrl(): Promise<string> {
  const template = inject('testTemplate');
  return cloneOf(template);
}

/** A database with nothing in it, for tests of migrations and of what happens before them. */
export async function emptyUrl(): Promise<string> {
  return cloneOf('template0');
}

async function cloneOf(template: string): Promise<string> {
  const server = inject('testServer');
  const name = `${inject('testTemplate')}_${randomBytes(6).toString('hex')}`;
  await query(server, `create database ${name} template ${template} strategy wal_log`);
  return databaseUrl(server, name);
}
