import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { inject, onTestFinished, test } from 'vitest';
import { silentLog } from '#kernel/log';
import { databaseUrl, query } from '#testing/database';
import { emptyUrl } from '#testing/house';
import { temporaryFolder } from '#testing/temporary-folder';
import { openEmbedded } from './embedded/open-embedded.ts';
import { judgeServer, preflight, type Server } from './preflight.ts';
import { StoreError } from './store-error.ts';

const canary = 'canary-Pa55w0rd';

/** Refused with the words, and nothing that could be printed of the error, down to its causes, holds the password. */
async function refuses(url: string, words: RegExp, acceptUnsafe = false): Promise<void> {
  await assert.rejects(preflight(url, acceptUnsafe), (thrown) => {
    assert.ok(thrown instanceof StoreError, inspect(thrown));
    assert.match(thrown.message, words);
    const real = new URL(inject('testServer')).password;
    for (const secret of [canary, encodeURIComponent(canary), real]) {
      if (secret !== '')
        assert.ok(!inspect(thrown, { depth: 10, showHidden: true }).includes(secret), 'the password is in the error');
    }
    return true;
  });
}

function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url);
  change(copy);
  return copy.href;
}

/** A role that can log in, with what it is given; dropped at the end. */
async function role(options: string): Promise<string> {
  const server = inject('testServer');
  const name = `visitor_${randomBytes(4).toString('hex')}`;
  await query(server, `create role ${name} password '${canary}' ${options}`);
  onTestFinished(async () => void (await query(server, `drop role ${name}`)));
  return name;
}

test('a good database is passed, and says its version', async () => {
  const url = await emptyUrl();
  const { rows } = await query<{ version: string }>(url, "select current_setting('server_version') as version");
  assert.equal(await preflight(url, false), rows[0]?.version);
});

test('it says which of host, role, password and database is wrong', async () => {
  const url = await emptyUrl();
  const wrongPassword = changed(url, (copy) => (copy.password = canary));
  await refuses(wrongPassword, /^Password: .* refused the password of the role/);
  await refuses(
    changed(wrongPassword, (copy) => (copy.username = 'nobody_here')),
    /^Password: .* role "nobody_here" \(or has no such role/,
  );
  await refuses(databaseUrl(url, 'not_there'), /^Database: .* has no database "not_there"\. Make it: create database/);
  await refuses(
    changed(url, (copy) => (copy.password = '')),
    /^Password: .* has none for the role/,
  );
  const sleeper = await role('nologin');
  await refuses(
    changed(url, (copy) => ([copy.username, copy.password] = [sleeper, canary])),
    /^Role: .* does not let the role "visitor_\w+" in/,
  );
  await refuses(
    `postgres://surety:${canary}@localhost/surety?host=%2Fnowhere`,
    /^Host: there is no socket of PostgreSQL in \/nowhere/,
  );
  await refuses(`postgres://surety:${canary}@127.0.0.1:1/surety`, /^Host: nothing listens at 127\.0\.0\.1:1/);
  await refuses(`postgres://surety:${canary}@house.invalid/surety`, /^Host: the name in house\.invalid:5432/);
});

test('a host that is no PostgreSQL is named as the host, in its own time', async () => {
  const rude = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  onTestFinished(() => void rude.close());
  await new Promise((done) => rude.once('listening', done));
  const address = rude.address();
  const port = typeof address === 'object' ? address?.port : 0;
  await refuses(
    `postgres://surety:${canary}@127.0.0.1:${port}/surety`,
    /^Host: the connection to the PostgreSQL at 127\.0\.0\.1:\d+ failed/,
  );
});

test('a role that may not connect, or may not create tables, is named with what to grant', async () => {
  const url = await emptyUrl();
  const visitor = await role('login');
  const asVisitor = changed(url, (copy) => ([copy.username, copy.password] = [visitor, canary]));
  await refuses(asVisitor, /may not create tables .* Grant it: grant create on schema public to "visitor_/);
  await query(url, `revoke connect on database ${new URL(url).pathname.slice(1)} from public`);
  await refuses(asVisitor, /^Database: .* does not let the role "visitor_\w+" use the database/);
});

test('an address that cannot be read is not quoted', async () => {
  for (const url of [
    `postgres://surety:${canary}/9@db.example/surety`,
    `postgres://surety:12/${canary}@db.example/surety`,
    `postgres://surety:${canary}@[::bad/surety`,
    `postgres://surety:${canary}@db.example:port/surety`,
  ]) {
    await refuses(url, /^SURETY_DATABASE_URL cannot be read\. Write postgres:/);
  }
});

test('a server that may forget what it acknowledged is refused, unless that is accepted', async () => {
  const data = temporaryFolder();
  const embedded = await openEmbedded({ data, log: silentLog, settings: { fsync: 'off', full_page_writes: 'off' } });
  onTestFinished(() => embedded.close());
  await refuses(embedded.url('postgres'), /fsync is off, full_page_writes is off.*SURETY_ACCEPT_UNSAFE_DATABASE/s);
  assert.match(await preflight(embedded.url('postgres'), true), /^18/);

  const url = await emptyUrl();
  await query(url, `alter database ${new URL(url).pathname.slice(1)} set synchronous_commit = off`);
  await refuses(url, /synchronous_commit is off/);
});

test('what a server must be', () => {
  const target = { place: 'db.example:5432', role: 'surety', database: 'surety', hasPassword: true };
  const good: Server = {
    version: '15.0',
    number: 150_000,
    encoding: 'UTF8',
    is_standby: false,
    may_create: true,
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'local',
  };
  judgeServer(good, target, false);
  for (const [change, words] of [
    [{ number: 149_999, version: '14.22' }, /is PostgreSQL 14\.22\. Surety needs 15 or newer/],
    [{ is_standby: true }, /is a standby/],
    [{ encoding: 'SQL_ASCII' }, /keeps text as SQL_ASCII/],
    [{ may_create: false }, /may not create tables/],
    [{ may_create: null }, /may not create tables/],
    [{ fsync: 'off' }, /fsync is off/],
  ] as const) {
    assert.throws(() => judgeServer({ ...good, ...change }, target, false), words);
  }
  judgeServer({ ...good, fsync: 'off' }, target, true);
  assert.throws(() => judgeServer({ ...good, number: 140_000 }, target, true), /needs 15/);
});
