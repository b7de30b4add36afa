import assert from 'node:assert/strict';
import { test } from 'vitest';
import { checks, runChecks } from './check.ts';

test('every check is run and has its line, also after one that failed or broke', async () => {
  const printed: string[] = [];
  const failed = await runChecks(
    [
      { name: 'first', run: () => [] },
      { name: 'second', run: () => ['a.ts:1: wrong'] },
      {
        name: 'third',
        run: () => {
          throw new Error('no such tool');
        },
      },
      { name: 'fourth', run: async () => [] },
    ],
    'root',
    (line) => printed.push(line),
  );
  assert.equal(failed, 2);
  assert.deepEqual(
    printed.slice(0, 4).map((line) => line.slice(0, 8)),
    ['✓ first ', '✗ second', '✗ third ', '✓ fourth'],
  );
  assert.match(printed[4] ?? '', /second\n {2}a\.ts:1: wrong/);
  assert.match(printed[5] ?? '', /third\n.*broke.*no such tool/);
});

test('the checks have different names, which is how a failure is found again', () => {
  assert.equal(new Set(checks.map(({ name }) => name)).size, checks.length);
});
