import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { onTestFinished, test } from 'vitest';
import { type Log, silentLog } from '#kernel/log';
import { query } from '#testing/database';
import { emptyUrl } from '#testing/house';
import { temporaryFolder } from '#testing/temporary-folder';
import { migrate } from './migrate.ts';
import { StoreError } from './store-error.ts';

const ours = readdirSync(fileURLToPath(new URL('../../migrations', import.meta.url)))
  .filter((name) => name.endsWith('.sql'))
  .toSorted();

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function applied(url: string): Promise<string[]> {
  return (await query<{ name: string }>(url, 'select name from schema_migration order by applied_at, name')).rows.map(
    (row) => row.name,
  );
}

function counting(): { log: Log; names: string[] } {
  const names: string[] = [];
  return { log: { ...silentLog, info: (fields) => names.push((fields as { migration: string }).migration) }, names };
}

test('a new database gets every migration, in order; the second time nothing is done', async () => {
  const url = await emptyUrl();
  const { log, names } = counting();
  await migrate(url, log);
  assert.deepEqual(names, ours);
  await migrate(url, log);
  assert.deepEqual(names, ours);
  assert.deepEqual(await applied(url), ours);
});

test('of nodes that migrate at the same time one does the work and all find it done', async () => {
  const url = await emptyUrl();
  const { log, names } = counting();
  await Promise.all([migrate(url, log), migrate(url, log), migrate(url, log), migrate(url, log)]);
  assert.deepEqual(names, ours);
  assert.deepEqual(await applied(url), ours);
});

test('a file that was changed after it ran is refused, whatever it now says; line ends do not count', async () => {
  const url = await emptyUrl();
  const first = 'create table one (x text);\n';
  await migrate(url, silentLog, folderOf({ '0001_one.sql': first }));
  await migrate(url, silentLog, folderOf({ '0001_one.sql': first.replaceAll('\n', '\r\n') }));
  const changed = folderOf({ '0001_one.sql': `${first}-- harmless\n`, '0002_two.sql': 'create table two ();' });
  await assert.rejects(migrate(url, silentLog, changed), /0001_one\.sql was changed after it ran/);
  assert.deepEqual(await applied(url), ['0001_one.sql']);
});

test('a database of a newer release is refused with what to do', async () => {
  const url = await emptyUrl();
  await migrate(url, silentLog, folderOf({ '0001_one.sql': 'select 1;', '0002_two.sql': 'select 2;' }));
  const older = folderOf({ '0001_one.sql': 'select 1;' });
  await assert.rejects(
    migrate(url, silentLog, older),
    (thrown) => thrown instanceof StoreError && /newer Surety.*0002_two.*Start the newer release/s.test(thrown.message),
  );
});

test('a file put in between those that ran, or one of two with the same number, is refused', async () => {
  const url = await emptyUrl();
  await migrate(url, silentLog, folderOf({ '0001_one.sql': 'select 1;', '0003_three.sql': 'select 3;' }));
  const between = folderOf({ '0001_one.sql': 'select 1;', '0002_two.sql': 'select 2;', '0003_three.sql': 'select 3;' });
  await assert.rejects(
    migrate(url, silentLog, between),
    /ran the migration 0003_three\.sql where this release has 0002_two\.sql/,
  );
  await assert.rejects(
    migrate(url, silentLog, folderOf({ '0001_a.sql': '', '0001_b.sql': '' })),
    /0001_b\.sql needs a number of its own/,
  );
  await assert.rejects(migrate(url, silentLog, folderOf({ 'first.sql': '' })), /first\.sql needs a number of its own/);
});

test('a migration that fails leaves nothing of itself; corrected, it runs', async () => {
  const url = await emptyUrl();
  const files = { '0001_one.sql': 'create table one ();', '0002_two.sql': 'create table two (); select 1 / 0;' };
  await assert.rejects(
    migrate(url, silentLog, folderOf(files)),
    /0002_two\.sql failed and left nothing behind: division by zero/,
  );
  assert.deepEqual(await applied(url), ['0001_one.sql']);
  await migrate(url, silentLog, folderOf({ ...files, '0002_two.sql': 'create table two ();' }));
  assert.deepEqual(await applied(url), ['0001_one.sql', '0002_two.sql']);
});

test('killed in any statement of any migration, it resumes: every file ran exactly once', { timeout: 60_000 }, async () => {
  const statements = ['create table one ()', 'create table two ()', 'insert into three values (1)', 'create table four ()'];
  for (const killedAt of statements.keys()) {
    const url = await emptyUrl();
    const gate = new pg.Client(url);
    await gate.connect();
    onTestFinished(() => gate.end());
    await gate.query('create table three (x integer)');
    await gate.query('select pg_advisory_lock(42)');
    const guarded = statements.map((text, at) => (at === killedAt ? `select pg_advisory_xact_lock(42); ${text};` : `${text};`));
    const folder = folderOf({
      '0001_a.sql': guarded.slice(0, 1).join(' '),
      '0002_b.sql': guarded.slice(1, 3).join(' '),
      '0003_c.sql': guarded.slice(3).join(' '),
    });

    const program = fileURLToPath(new URL('../testing/migrate-program.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@surety/source', program, folder], {
      env: { PATH: process.env['PATH'], MIGRATE_URL: url },
      stdio: 'inherit',
    });
    const exited = once(child, 'exit');
    await untilWaiting(gate);
    child.kill('SIGKILL');
    await exited;
    await gate.query('select pg_advisory_unlock(42)');

    await migrate(url, silentLog, folder);
    assert.deepEqual(await applied(url), ['0001_a.sql', '0002_b.sql', '0003_c.sql'], `killed at statement ${killedAt}`);
    assert.equal((await gate.query('select x from three')).rowCount, 1, `killed at statement ${killedAt}`);
  }
});

/** Until the child stands before the lock of the gate, inside its migration. */
async function untilWaiting(gate: pg.Client): Promise<void> {
  for (;;) {
    const { rowCount } = await gate.query(
      "select from pg_locks where locktype = 'advisory' and objid = 42 and classid = 0 and not granted and database = (select oid from pg_database where datname = current_database())",
    );
    if (rowCount === 1) return;
    await sleep(10);
  }
}
