import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, onTestFinished, test } from 'vitest';
import { openDb, openPool } from '#kernel/db';
import { type Log, silentLog } from '#kernel/log';
import { query } from '#testing/database';
import { type StoreChild, startStoreChild, type StoreChildOptions, untilEmpty } from '#testing/store-child';
import { temporaryFolder } from '#testing/temporary-folder';
import { isOccupied, readPostmaster } from './data-folder.ts';
import { type EmbeddedPostgres, openEmbedded } from './open-embedded.ts';

/** A data folder that tests share when what they do leaves it whole: setting one up is the slowest part. */
const shared = mkdtempSync(join(tmpdir(), `surety-test-${process.pid}-`));
afterAll(() => rmSync(shared, { recursive: true, force: true }));

async function open(data: string, log: Log = silentLog): Promise<EmbeddedPostgres> {
  const embedded = await openEmbedded({ data, log });
  onTestFinished(() => embedded.close());
  return embedded;
}

function child(data: string, options?: StoreChildOptions): StoreChild {
  const started = startStoreChild(data, options);
  onTestFinished(async () => {
    await started.end('SIGKILL');
    await untilEmpty(join(data, 'postgres'));
  });
  return started;
}

test('a first start makes a database that is durable, private and reached by its socket alone', async () => {
  const embedded = await open(shared);
  const { rows } = await query(
    embedded.url('postgres'),
    `select current_setting('fsync') as fsync, current_setting('full_page_writes') as pages, current_setting('synchronous_commit') as commit,
            current_setting('data_checksums') as checksums, current_setting('listen_addresses') as addresses,
            current_setting('password_encryption') as passwords, current_setting('unix_socket_directories') as folder`,
  );
  const { folder, ...settings } = rows[0] ?? {};
  assert.deepEqual(settings, {
    fsync: 'on',
    pages: 'on',
    commit: 'on',
    checksums: 'on',
    addresses: '',
    passwords: 'scram-sha-256',
  });
  assert.equal(statSync(String(folder)).mode & 0o777, 0o700);
  assert.equal(statSync(join(shared, 'postgres')).mode & 0o777, 0o700);
  assert.equal(statSync(join(shared, 'postgres-password')).mode & 0o777, 0o600);
  const hba = readFileSync(join(shared, 'postgres', 'pg_hba.conf'), 'utf8')
    .split('\n')
    .filter((line) => /^\w/.test(line));
  assert.ok(hba.length > 0 && hba.every((line) => line.endsWith('scram-sha-256')), hba.join('\n'));
  assert.deepEqual(
    ['making', 'password'].filter((name) => existsSync(join(shared, 'postgres', name))),
    [],
  );
});

test('the password is in no argument and no environment of any process', async () => {
  const embedded = await open(shared);
  const password = readFileSync(join(shared, 'postgres-password'), 'utf8').trim();
  const seen = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${embedded.pid()}/${file}`, 'utf8'));
  assert.ok(seen[0]?.includes('fsync=on'), 'the arguments were read');
  assert.ok(seen.every((text) => !text.includes(password)));
  const wrong = embedded.url('postgres').replace(password, 'wrong');
  await assert.rejects(query(wrong, 'select 1'), { code: '28P01' });
});

test('as root it runs as a private user id of its own, below a folder that only root can pass', async (context) => {
  if (process.getuid?.() !== 0) return context.skip();
  const home = temporaryFolder();
  mkdirSync(join(home, 'private'), { mode: 0o700 });
  const data = join(home, 'private', 'surety-data');
  const embedded = await open(data);
  assert.match(
    readFileSync(`/proc/${embedded.pid()}/status`, 'utf8'),
    /^Uid:\t61000\t61000\t61000\t61000\nGid:\t61000\t61000\t61000\t61000\n/m,
  );
  assert.equal(statSync(join(data, 'postgres')).uid, 61_000);
  process.kill(embedded.pid(), 'SIGHUP');
  await sleep(50);
  assert.equal((await query(embedded.url('postgres'), 'select pg_reload_conf() as read')).rows[0]?.['read'], true);
});

test('as an ordinary user it runs as that user', async (context) => {
  if (process.getuid?.() !== 0) return context.skip();
  const data = temporaryFolder();
  const nobody = 65_534;
  chownSync(data, nobody, nobody);
  const surety = child(data, { uid: nobody });
  assert.equal((await surety.next()).refused, undefined);
  assert.equal(statSync(join(data, 'postgres')).uid, nobody);
  await surety.end('SIGTERM');
  await untilEmpty(join(data, 'postgres'));

  // Root, coming later, leaves the database to the user it belongs to.
  await open(data);
  assert.equal(statSync(join(data, 'postgres', 'postmaster.pid')).uid, nobody);
});

test('a data folder with a path too long for a socket works', async () => {
  const data = join(temporaryFolder(), 'a'.repeat(120), 'b'.repeat(120));
  const embedded = await open(data);
  const folder = new URL(embedded.url('postgres')).searchParams.get('host') ?? '';
  assert.ok(Buffer.byteLength(folder) <= 93 && folder !== '');
  assert.equal((await query(embedded.url('postgres'), 'select 1 as one')).rows[0]?.['one'], 1);
});

test('a folder written by another major version is refused and left as it is', async () => {
  const data = temporaryFolder();
  await (await openEmbedded({ data, log: silentLog })).close();
  writeFileSync(join(data, 'postgres', 'PG_VERSION'), '17\n');
  await assert.rejects(
    openEmbedded({ data, log: silentLog }),
    /written by PostgreSQL 17, and this Surety runs PostgreSQL 18.*SURETY_DATABASE_URL/s,
  );
  assert.equal(readFileSync(join(data, 'postgres', 'PG_VERSION'), 'utf8'), '17\n');
  rmSync(join(data, 'postgres-password'));
  await assert.rejects(openEmbedded({ data, log: silentLog }), /postgres-password is missing/);
});

test('a second process is refused at once, and told who is there', async () => {
  const embedded = await open(shared);
  const since = performance.now();
  await assert.rejects(openEmbedded({ data: shared, log: silentLog }), (thrown: Error) => {
    assert.match(
      thrown.message,
      new RegExp(`Another Surety already runs on the data folder ${shared}: surety owner pid=${process.pid}\\.`),
    );
    return true;
  });
  assert.ok(performance.now() - since < 1000);
  assert.equal((await query(embedded.url('postgres'), 'select 1 as one')).rows[0]?.['one'], 1);
});

test('two processes that start together on a new folder: one opens it, the other is refused', async () => {
  const data = temporaryFolder();
  const both = [child(data), child(data)];
  const said = await Promise.all(both.map((one) => one.next()));
  assert.equal(said.filter((line) => line.readyMs !== undefined).length, 1, JSON.stringify(said));
  const winner = both[said.findIndex((line) => line.readyMs !== undefined)];
  assert.match(
    said.find((line) => line.refused !== undefined)?.refused ?? '',
    new RegExp(`surety owner pid=${winner?.process.pid}\\.`),
  );
  await Promise.all(both.map((one) => one.end('SIGKILL')));
});

test('when the process is killed PostgreSQL is gone within a second, and the next start finds every acknowledged row', async () => {
  const cluster = join(shared, 'postgres');
  let acknowledged = 0;
  const gone: number[] = [];
  for (let round = 0; round < 3; round++) {
    const surety = child(shared, { write: true });
    const first = await surety.next();
    assert.equal(first.refused, undefined);
    while (surety.lastWritten() < acknowledged + 50) await surety.next();
    await surety.end('SIGKILL');
    gone.push(await untilEmpty(cluster));
    acknowledged = surety.lastWritten();
  }
  assert.ok(Math.min(...gone) < 1000, `gone after ${gone.join(', ')} ms`);
  const embedded = await open(shared);
  const { rows } = await query<{ rows: number; last: number }>(
    embedded.url('surety'),
    'select count(*)::int as rows, max(number) as last from counted',
  );
  assert.ok(
    rows[0] !== undefined && rows[0].last >= acknowledged && rows[0].rows === rows[0].last,
    JSON.stringify({ ...rows[0], acknowledged }),
  );
});

test('a process that starts while the server of a killed one is still stopping waits and opens', async () => {
  const first = child(shared);
  await first.next();
  await first.end('SIGKILL');
  await open(shared);
});

test('a first start that is killed leaves nothing that the next one stumbles over', async () => {
  const data = temporaryFolder();
  const place = temporaryFolder();
  chmodSync(place, 0o1777);
  const first = child(data, { env: { TMPDIR: place } });
  while (!readdirSync(data).some((name) => name.startsWith('making-'))) await sleep(5);
  await sleep(100);
  await first.end('SIGKILL');
  await open(data);
  await eventually(async () => assert.deepEqual(readdirSync(place), []));
  assert.deepEqual(readdirSync(data).toSorted(), ['occupant.json', 'postgres', 'postgres-password']);
});

test('a server that has lost its owner and its watcher is stopped by the next start', async () => {
  const first = child(shared);
  await first.next();
  const orphan = readPostmaster(join(shared, 'postgres'))?.pid ?? 0;
  process.kill(watcherOf(orphan), 'SIGKILL');
  await first.end('SIGKILL');
  await sleep(300);
  assert.ok(isOccupied(join(shared, 'postgres')), 'nobody stops it');
  const embedded = await open(shared);
  assert.notEqual(embedded.pid(), orphan);
});

function watcherOf(server: number): number {
  const isWatcher = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`\0surety-watcher\0${server}\0`);
    } catch {
      return false;
    }
  };
  return Number(readdirSync('/proc').find((name) => /^\d+$/.test(name) && isWatcher(name)));
}

test('when PostgreSQL is killed it is started again by itself: the pool recovers, acknowledged rows are there, the lock is held', async () => {
  const embedded = await open(shared);
  const pool = openPool(embedded.url('postgres'), 4);
  onTestFinished(() => pool.end());
  const db = openDb(pool);
  await db.query('create table kept (number integer)');
  for (let kill = 1; kill <= 3; kill++) {
    await db.query('insert into kept (number) values ($1)', [kill]);
    const before = embedded.pid();
    process.kill(before, 'SIGKILL');
    await eventually(async () => assert.notEqual(embedded.pid(), before));
    const { rows } = await db.query<{ number: number }>('select number from kept order by number');
    assert.deepEqual(
      rows.map((row) => row.number),
      Array.from({ length: kill }, (_, at) => at + 1),
    );
  }
  await eventually(() => assert.rejects(openEmbedded({ data: shared, log: silentLog }), /surety owner pid=/));
});

test('when one of its workers is killed PostgreSQL recovers in place and the lock is taken back', async () => {
  const embedded = await open(shared);
  const pid = embedded.pid();
  const { rows } = await query<{ pid: number }>(
    embedded.url('postgres'),
    "select pid from pg_stat_activity where application_name like 'surety owner%'",
  );
  process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
  await sleep(50);
  await eventually(() =>
    assert.rejects(openEmbedded({ data: shared, log: silentLog }), new RegExp(`surety owner pid=${process.pid}\\.`)),
  );
  assert.equal(embedded.pid(), pid);
});

test('when both are killed the next start is clean, and clears what they left', async () => {
  const surety = child(shared, { write: true });
  while (surety.lastWritten() < 20) await surety.next();
  const server = readPostmaster(join(shared, 'postgres'));
  assert.ok(server !== undefined && existsSync(server.socketFolder));
  process.kill(server.pid, 'SIGKILL');
  await surety.end('SIGKILL');
  const embedded = await open(shared);
  assert.ok(!existsSync(server.socketFolder));
  const { rows } = await query<{ last: number }>(embedded.url('surety'), 'select max(number) as last from counted');
  assert.ok((rows[0]?.last ?? 0) >= surety.lastWritten());
});

test('closing works while PostgreSQL is down, and leaves no process and no run folder', async () => {
  const embedded = await openEmbedded({ data: shared, log: silentLog });
  const folder = new URL(embedded.url('postgres')).searchParams.get('host') ?? '';
  const client = new pg.Client(embedded.url('postgres'));
  client.on('error', () => {});
  await client.connect();
  process.kill(embedded.pid(), 'SIGKILL');
  await embedded.close();
  assert.ok(!existsSync(folder));
  assert.ok((await untilEmpty(join(shared, 'postgres'))) < 1000);
});

async function eventually(work: () => Promise<unknown>): Promise<void> {
  for (const until = Date.now() + 10_000; ; await sleep(20)) {
    try {
      await work();
      return;
    } catch (thrown) {
      if (Date.now() > until) throw thrown;
    }
  }
}
