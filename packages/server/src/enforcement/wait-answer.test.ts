import assert from 'node:assert/strict';
import { test } from 'vitest';
import type { Change } from '#change/feed';
import { watchAnswer } from './wait-answer.ts';

function feed() {
  const listeners = new Set<(change: Change) => void>();
  return {
    onChange: (listener: (change: Change) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    say: (what: Change['what'], key: string) => listeners.forEach((listener) => listener({ number: 1, what, key, atMs: 0 })),
    count: () => listeners.size,
  };
}

const long = { ms: 60_000, signal: new AbortController().signal };

test('an answer that comes before anybody waits, as while the question is read, ends the wait at once', async () => {
  const news = feed();
  const watch = watchAnswer(news, 'apr_1');
  news.say('answered', 'apr_1');
  await watch.wait(long);
});

test('an answer ends a wait; other changes, and news that was heard of already, do not', async () => {
  const news = feed();
  const watch = watchAnswer(news, 'apr_1');
  const waiting = watch.wait(long).then(() => 'woken');
  news.say('answered', 'apr_2');
  news.say('changed', 'apr_1');
  assert.equal(await Promise.race([waiting, new Promise((resolve) => setImmediate(() => resolve('waits')))]), 'waits');
  news.say('answered', 'apr_1');
  assert.equal(await waiting, 'woken');
  await watch.wait({ ...long, ms: 1 });
});

test('time and a client that leaves end a wait, and nothing listens when it is over', async () => {
  const news = feed();
  const watch = watchAnswer(news, 'apr_1');
  await watch.wait({ ...long, ms: 5 });
  await watch.wait({ ms: 60_000, signal: AbortSignal.timeout(5) });
  await watch.wait({ ms: 60_000, signal: AbortSignal.abort() });
  watch.end();
  assert.equal(news.count(), 0);
});
