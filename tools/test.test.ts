import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'vitest';
import { houseRoot, runCommand } from './run-command.ts';
import { findMissing, nodeToUse, readCount } from './test.ts';
import { testsThatNeed } from './test-parts.ts';
import { tree } from './testing/tree.ts';

const config = `export default { test: { include: ['*.test.ts'], reporters: ['default', '${join(houseRoot, 'tools/closing-line.ts')}'] } };`;

/** The last line of a real run of vitest over these files, and its exit code. */
async function lastLineOf(files: Readonly<Record<string, string>>): Promise<{ code: number; last: string | undefined }> {
  const root = tree({ 'vitest.config.ts': config, ...files });
  const vitest = join(houseRoot, 'node_modules/vitest/vitest.mjs');
  const { code, output } = await runCommand(process.execPath, [vitest, 'run', '--root', root], houseRoot);
  return { code, last: output.trimEnd().split('\n').at(-1) };
}

const using = `import { test } from '${join(houseRoot, 'node_modules/vitest/dist/index.js')}';\n`;

test('the last line of a run counts what passed, failed and was skipped', async () => {
  const one = `${using}test('a', () => {});\ntest('b', () => {});\ntest.skip('c', () => {});\n`;
  assert.deepEqual(await lastLineOf({ 'a.test.ts': one }), { code: 0, last: '2 passed, 0 failed, 1 skipped' });
  const bad = `${using}test('a', () => {});\ntest('b', () => { throw new Error('no'); });\n`;
  assert.deepEqual(await lastLineOf({ 'a.test.ts': bad }), { code: 1, last: '1 passed, 1 failed' });
});

test('a file that cannot be loaded and a run without tests are failures', async () => {
  const broken = { 'a.test.ts': `${using}test('a', () => {});\n`, 'b.test.ts': `throw new Error('while loading');\n` };
  assert.deepEqual(await lastLineOf(broken), { code: 1, last: '1 passed, 1 failed' });
  assert.deepEqual(await lastLineOf({}), { code: 1, last: '0 passed, 1 failed' });
});

test('a promise that is rejected outside every test is a failure', async () => {
  const loose = `${using}test('a', () => { Promise.reject(new Error('outside')); });\n`;
  assert.deepEqual(await lastLineOf({ 'a.test.ts': loose }), { code: 1, last: '1 passed, 1 failed' });
});

test('a run that said nothing, or failed without a failure, counts one', () => {
  assert.deepEqual(readCount('', 1), { passed: 0, failed: 1, skipped: 0 });
  assert.deepEqual(readCount('', 0), { passed: 0, failed: 1, skipped: 0 });
  assert.deepEqual(readCount('{"passed":3,"failed":0,"skipped":1}', 1), { passed: 3, failed: 1, skipped: 1 });
  assert.deepEqual(readCount('{"passed":3,"failed":0,"skipped":1}', 0), { passed: 3, failed: 0, skipped: 1 });
});

test('an old Node hands over to the pinned one, a new one stays', () => {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const pinned = `node_modules/node-${platform}-${process.arch}/bin/${file}`;
  const root = tree({ [pinned]: '' });
  assert.equal(nodeToUse(root, '22.19.0'), join(root, pinned));
  assert.equal(nodeToUse(root, '24.0.0'), process.execPath);
  assert.equal(nodeToUse(tree({}), '22.19.0'), process.execPath);
});

test('only the tests that need what is missing are left out', () => {
  const root = tree({
    'package.json': '{}',
    'packages/server/package.json': JSON.stringify({ name: '@surety/server', imports: { '#*': {} } }),
    'packages/server/src/testing/house.ts': '',
    'packages/server/src/stop/story.ts': `import '#testing/house';`,
    'packages/server/src/stop/far.test.ts': `import './story.ts';`,
    'packages/server/src/stop/pure.test.ts': `import 'vitest';`,
    'packages/surety/package.json': JSON.stringify({ name: 'surety' }),
    'packages/surety/test/binary.test.ts': '',
  });
  const part = { name: 'engine', usedThrough: ['packages/server/src/testing/house.ts'], usedIn: ['packages/surety/test/'] };
  const needing = ['packages/server/src/stop/far.test.ts', 'packages/surety/test/binary.test.ts'];
  assert.deepEqual(testsThatNeed({ ...part, missing: () => undefined }, root), needing);
  assert.deepEqual(findMissing([{ ...part, missing: () => undefined }], root), { names: [], lines: [], files: [] });
  const missing = findMissing([{ ...part, missing: () => 'get it so' }], root);
  assert.deepEqual(missing.files, needing);
  assert.deepEqual(missing.lines, ['not here: engine; 2 test files are skipped: get it so']);
});
