import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { findCycles } from './find-cycles.ts';

const graphOf = (edges: Readonly<Record<string, readonly string[]>>) => new Map(Object.entries(edges));

test('a cycle is shown once, by its shortest way around', () => {
  assert.deepEqual(findCycles(graphOf({ a: ['b', 'c'], b: ['c'], c: ['a'], d: ['a'] })), [['a', 'c', 'a']]);
});

test('a file that imports itself is a cycle', () => {
  assert.deepEqual(findCycles(graphOf({ a: ['a'] })), [['a', 'a']]);
});

test('every cycle that is shown is one, and a graph whose edges all go down has none', () => {
  const edges = fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 30 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const graph = new Map<string, string[]>();
      for (const [from, to] of pairs) graph.set(`${from}`, [...(graph.get(`${from}`) ?? []), `${to}`]);
      for (const cycle of findCycles(graph)) {
        assert.equal(cycle[0], cycle.at(-1));
        for (const [index, node] of cycle.slice(1).entries()) assert.ok(graph.get(cycle[index]!)?.includes(node));
      }
      const down = new Map([...graph].map(([from, targets]) => [from, targets.filter((to) => to < from)]));
      assert.deepEqual(findCycles(down), []);
    }),
  );
});
