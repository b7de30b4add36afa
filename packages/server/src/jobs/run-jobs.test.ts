import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { silentLog } from '#kernel/log';
import { runJobs } from './run-jobs.ts';

test('a job runs now and again, also after it failed, and beside one that hangs', async () => {
  const runs: string[] = [];
  let release = (): void => undefined;
  const jobs = runJobs(
    [
      {
        name: 'fails',
        everyMs: 5,
        run: async () => {
          runs.push('fails');
          throw new Error('broken');
        },
      },
      { name: 'hangs', everyMs: 5, run: () => new Promise<void>((resolve) => (release = resolve)) },
    ],
    silentLog,
  );
  while (runs.length < 3) await sleep(5);
  release();
  await jobs.close();
});

test('closing waits for a job that runs, and starts none after it', async () => {
  const seen: string[] = [];
  const job = async () => {
    seen.push('began');
    await sleep(50);
    seen.push('ended');
  };
  const jobs = runJobs([{ name: 'slow', everyMs: 1, run: job }], silentLog);
  await sleep(10);
  await jobs.close();
  assert.deepEqual(seen, ['began', 'ended']);
  await sleep(80);
  assert.equal(seen.length, 2);
});
