import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { databaseUrl, query } from './database.ts';
import { house } from './house.ts';
import { untilEmpty } from './store-child.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function startEngine(folder: string): Promise<{ child: ChildProcess; server: string; template: string; cluster: string }> {
  const program = fileURLToPath(new URL('engine.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@surety/source', program], {
    env: { PATH: process.env['PATH'], TMPDIR: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const data = readdirSync(folder).find((name) => name.startsWith('surety-test-')) ?? '';
  return { ...(JSON.parse(line) as { server: string; template: string }), child, cluster: join(folder, data, 'postgres') };
}

test('the engine of a run serves a migrated template, and takes everything with it when the run ends', async () => {
  const folder = temporaryFolder();
  const engine = await startEngine(folder);
  const { rows } = await query<{ agents: string }>(
    databaseUrl(engine.server, engine.template),
    'select count(*) as agents from agent',
  );
  assert.equal(rows[0]?.agents, '0');
  const gone = once(engine.child, 'exit');
  engine.child.stdin?.end(); // what the kernel does when the run is killed
  await gone;
  await untilEmpty(engine.cluster);
  assert.deepEqual(readdirSync(folder), []);
});

test('when the engine itself is killed PostgreSQL is gone, and the next run clears the folder', async () => {
  const folder = temporaryFolder();
  const killed = await startEngine(folder);
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  await untilEmpty(killed.cluster);
  const next = await startEngine(folder);
  assert.equal(readdirSync(folder).filter((name) => name.startsWith('surety-test-')).length, 1);
  const gone = once(next.child, 'exit');
  next.child.stdin?.end();
  await gone;
});

test('each house is empty and its own', async () => {
  const [one, other] = await Promise.all([house(), house()]);
  const text = 'insert into house_secret (name, sealed, made_at) values ($1, $2, now())';
  await one.query(text, ['x', Buffer.from('x')]);
  assert.equal((await one.query('select name from house_secret')).rowCount, 1);
  assert.equal((await other.query('select name from house_secret')).rowCount, 0);
});
