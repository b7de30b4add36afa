import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { temporaryFolder } from '#testing/temporary-folder';
import { canReach, initdbAccount, serverAccount } from './account.ts';

const stranger = { uid: 61_000, gid: 61_001 };

test('as root the database is set up as nobody; without nobody root is told what to do', (context) => {
  if (process.getuid?.() !== 0) return context.skip();
  const folder = temporaryFolder();
  const passwd = join(folder, 'passwd');
  writeFileSync(passwd, 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65533:nobody:/:/bin/false\n');
  assert.deepEqual(initdbAccount(passwd), { uid: 65_534, gid: 65_533 });
  for (const text of ['root:x:0:0::/:/bin/sh\n', 'nobody:x:0:0::/:/bin/sh\n', '']) {
    writeFileSync(passwd, text);
    assert.throws(() => initdbAccount(passwd), /has no user "nobody".*ordinary user.*SURETY_DATABASE_URL/s);
  }
  assert.throws(() => initdbAccount(join(folder, 'missing')), /has no user "nobody"/);
});

test('as root the server has an id of its own, or that of whom the cluster belongs to', (context) => {
  if (process.getuid?.() !== 0) return context.skip();
  const folder = temporaryFolder();
  assert.deepEqual(serverAccount(join(folder, 'new')), { uid: 61_000, gid: 61_000 });
  chownSync(folder, 1234, 1235);
  assert.deepEqual(serverAccount(folder), { uid: 1234, gid: 1235 });
});

test('what an account can reach is judged all the way down', (context) => {
  if (process.getuid?.() !== 0) return context.skip();
  const top = temporaryFolder();
  const inner = join(top, 'inner');
  mkdirSync(inner, { mode: 0o755 });
  const file = join(inner, 'file');
  writeFileSync(file, '', { mode: 0o644 });
  chmodSync(top, 0o711);
  assert.equal(canReach(file, undefined), true);
  assert.equal(canReach(file, stranger), true);
  assert.equal(canReach(top, stranger), false, 'may be passed, but not read');
  chmodSync(file, 0o600);
  assert.equal(canReach(file, stranger), false);
  chownSync(file, 0, stranger.gid);
  chmodSync(file, 0o640);
  assert.equal(canReach(file, stranger), true, 'by its group');
  chmodSync(file, 0o604);
  assert.equal(canReach(file, stranger), false, 'the group is denied what others may');
  chownSync(file, stranger.uid, 0);
  chmodSync(file, 0o400);
  assert.equal(canReach(file, stranger), true, 'by its owner');
  chmodSync(top, 0o700);
  assert.equal(canReach(file, stranger), false, 'below a private folder');
});
