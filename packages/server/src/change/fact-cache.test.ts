import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'vitest';
import type { Change } from './change.ts';
import { createFactCache } from './fact-cache.ts';

/** A party outside: it brings changes when the test says so. */
function openChanges() {
  const listeners = new Set<(change: Change) => void>();
  return {
    onChange: (listener: (change: Change) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    catchUp: () => {},
    bring: (key: string) => {
      for (const listener of listeners) listener({ number: 1, what: 'changed', key, atMs: 0 });
    },
  };
}

/** A database whose reads end when the test lets them. */
function openReads<Value>(values: Map<string, Value>) {
  const waiting: (() => void)[] = [];
  let count = 0;
  const load = (key: string) => {
    count++;
    const value = values.get(key);
    return new Promise<Value | undefined>((resolve) => waiting.push(() => resolve(value)));
  };
  return { load, count: () => count, answer: () => waiting.shift()?.() };
}

test('a fact is read once and then served from memory, also to those who asked meanwhile', async () => {
  const feed = openChanges();
  const reads = openReads(new Map([['a', 1]]));
  const cache = createFactCache<number>({ feed, max: 10, load: reads.load, keysOf: (key) => [key] });
  const both = [cache.get('a'), cache.get('a')];
  await new Promise((resolve) => setImmediate(resolve));
  reads.answer();
  assert.deepEqual(await Promise.all(both), [1, 1]);
  assert.equal(await cache.get('a'), 1);
  assert.equal(cache.peek('a'), 1);
  assert.equal(reads.count(), 1);
});

test('a change to any of its keys makes a fact stale; another change does not', async () => {
  const feed = openChanges();
  const values = new Map([['a', 'one']]);
  const cache = createFactCache<string>({
    feed,
    max: 10,
    load: async (key) => values.get(key),
    keysOf: (key) => [key, 'policy'],
  });
  await cache.get('a');
  values.set('a', 'two');
  feed.bring('b');
  assert.equal(await cache.get('a'), 'one');
  feed.bring('policy');
  assert.equal(cache.peek('a'), undefined);
  assert.equal(await cache.get('a'), 'two');
});

test('a fill that a change overtook is dropped and read again: the revoked fact cannot come back', async () => {
  const feed = openChanges();
  const values = new Map([['agt_a', 'active']]);
  const reads = openReads(values);
  const cache = createFactCache<string>({ feed, max: 10, load: reads.load, keysOf: (key) => [key] });
  const asked = cache.get('agt_a');
  await new Promise((resolve) => setImmediate(resolve));
  values.set('agt_a', 'suspended');
  feed.bring('agt_a');
  reads.answer();
  await new Promise((resolve) => setImmediate(resolve));
  reads.answer();
  assert.equal(await asked, 'suspended');
  assert.equal(cache.peek('agt_a'), 'suspended');
});

test('what changes faster than it can be read is refused', async () => {
  const feed = openChanges();
  const cache = createFactCache<number>({
    feed,
    max: 10,
    keysOf: (key) => [key],
    load: async (key) => {
      feed.bring(key);
      return 1;
    },
  });
  await assert.rejects(cache.get('a'), { code: 'service.not_ready' });
  assert.equal(cache.peek('a'), undefined);
});

test('a read that fails is not kept, and the next one is made', async () => {
  const feed = openChanges();
  let fails = true;
  const cache = createFactCache<number>({
    feed,
    max: 10,
    keysOf: (key) => [key],
    load: async () => {
      if (fails) throw new Error('no answer');
      return 7;
    },
  });
  await assert.rejects(cache.get('a'));
  fails = false;
  assert.equal(await cache.get('a'), 7);
});

test('what does not exist is asked for again', async () => {
  const feed = openChanges();
  const values = new Map<string, number>();
  const cache = createFactCache<number>({ feed, max: 10, load: async (key) => values.get(key), keysOf: (key) => [key] });
  assert.equal(await cache.get('a'), undefined);
  values.set('a', 1);
  assert.equal(await cache.get('a'), 1);
});

test('never more facts than the bound, the most recently used ones, and nothing left of those that went', async () => {
  const feed = openChanges();
  let reads = 0;
  const cache = createFactCache<string>({
    feed,
    max: 3,
    keysOf: (key) => [key, 'all'],
    load: async (key) => {
      reads++;
      return key;
    },
  });
  for (const key of ['a', 'b', 'c']) await cache.get(key);
  await cache.get('a');
  await cache.get('d');
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => cache.peek(key)),
    ['a', undefined, 'c', 'd'],
  );
  assert.equal(reads, 4);
  feed.bring('all');
  assert.deepEqual(
    ['a', 'c', 'd'].map((key) => cache.peek(key)),
    [undefined, undefined, undefined],
  );
});

test('in any order of reads, answers, writes and changes: no answer is older than a change that came before the question', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('ask' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ kind: fc.constant('change' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ kind: fc.constant('answer' as const), key: fc.constant('') }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const feed = openChanges();
      const versions = new Map([
        ['a', 0],
        ['b', 0],
        ['c', 0],
      ]);
      const reads = openReads(versions);
      const cache = createFactCache<number>({ feed, max: 2, load: reads.load, keysOf: (key) => [key] });
      const questions: Promise<void>[] = [];
      for (const { kind, key } of steps) {
        if (kind === 'ask') {
          const atLeast = versions.get(key) ?? 0;
          questions.push(
            cache.get(key).then(
              (value) => assert.ok((value ?? -1) >= atLeast),
              (fault: { code: string }) => assert.equal(fault.code, 'service.not_ready'),
            ),
          );
        } else if (kind === 'change') {
          versions.set(key, (versions.get(key) ?? 0) + 1);
          feed.bring(key);
        } else {
          reads.answer();
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (let left = 0; left < 200; left++) {
        reads.answer();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(questions);
      for (const [key, version] of versions) {
        const kept = cache.peek(key);
        assert.ok(kept === undefined || kept === version, `${key} is kept at ${kept}, but is ${version}`);
      }
    }),
    { numRuns: 60 },
  );
});
