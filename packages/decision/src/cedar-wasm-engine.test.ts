import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import type { CedarRecord } from './cedar-value.ts';
import { openCedarWasm } from './cedar-wasm-engine.ts';
import type { PolicyRequest } from './policy-engine.ts';

function request(context: CedarRecord = {}): PolicyRequest {
  return {
    principal: { type: 'Agent', id: 'a' },
    action: { type: 'Action', id: 'x' },
    resource: { type: 'System', id: 's' },
    context,
    entities: [],
  };
}

const permit = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;

describe('sets are never taken for each other (PD-10)', () => {
  const agents = Array.from({ length: 40 }, (_, at) => [{ id: 'p', text: permit(`context.n == ${at}`) }]);
  for (const [says, small] of [
    ['when all are kept', openCedarWasm()],
    ['when three are kept and the rest make room', openCedarWasm({ maxSets: 3 })],
    ['when four policies are kept', openCedarWasm({ maxPolicies: 4 })],
  ] as const) {
    test(`with the same id and the same policy ids, ${says}`, () => {
      const handles = agents.map((policies) => small.prepare('same|id', policies));
      for (const round of [0, 1, 2]) {
        for (const [at, handle] of handles.entries()) {
          assert.deepEqual(small.evaluate(handle, request({ n: BigInt(at) })).permits, ['p']);
          assert.deepEqual(small.evaluate(handle, request({ n: BigInt(at + 1) })).permits, []);
          if ((at + round) % 3 === 0) small.release(handle);
        }
      }
    });
  }
  test('nor between two engines in one process', () => {
    const [one, two] = [openCedarWasm({ maxSets: 1 }), openCedarWasm({ maxSets: 1 })];
    const [first, second] = [
      one.prepare('x', [{ id: 'p', text: permit('true') }]),
      two.prepare('x', [{ id: 'p', text: permit('false') }]),
    ];
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(one.evaluate(first, request()).permits, ['p']);
      assert.deepEqual(two.evaluate(second, request()).permits, []);
    }
  });
});

test('memory stays bounded however many sets there are', () => {
  const bounded = openCedarWasm({ maxSets: 16 });
  const use = (count: number) => {
    for (let at = 0; at < count; at++)
      bounded.evaluate(
        bounded.prepare(
          `set-${at}`,
          Array.from({ length: 20 }, (_, policy) => ({ id: `p${policy}`, text: permit(`context.n == ${at}`) })),
        ),
        request({ n: 1n }),
      );
  };
  use(100);
  const before = process.memoryUsage().rss;
  use(800);
  const grown = (process.memoryUsage().rss - before) / 1e6;
  assert.ok(grown < 40, `${grown} MB for 800 sets of 20 policies`);
});
