import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { readKeyFile } from './key-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'surety-key-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a missing key is made once, for its owner alone, and read again as it is', () => {
  const path = join(folder, 'deep', 'key');
  const made = readKeyFile(path);
  assert.equal(made.length, 32);
  assert.deepEqual(readKeyFile(path), made);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'deep')).mode & 0o777, 0o700);
});

test('a file that holds something else stops the start, without saying what it holds', () => {
  const path = join(folder, 'wrong');
  writeFileSync(path, 'hunter2');
  assert.throws(
    () => readKeyFile(path),
    (thrown: Error) => !thrown.message.includes('hunter2'),
  );
  assert.equal(readFileSync(path, 'utf8'), 'hunter2');
});
