import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { CedarEntityRef, CedarExtension, type CedarRecord } from './cedar-value.ts';
import { openCedarWasm } from './cedar-wasm-engine.ts';
import type { PolicyRequest } from './policy-engine.ts';

function request(context: CedarRecord = {}, entities: PolicyRequest['entities'] = []): PolicyRequest {
  return {
    principal: { type: 'Agent', id: 'a' },
    action: { type: 'Action', id: 'x' },
    resource: { type: 'System', id: 's' },
    context,
    entities,
  };
}

const engine = openCedarWasm();
const permit = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;
const said = (text: string, context: CedarRecord) =>
  engine.evaluate(engine.prepare('set', [{ id: 'p', text }]), request(context));

describe('values arrive as they are', () => {
  const cases: readonly [string, CedarRecord][] = [
    ['context.n == 9007199254740993', { n: 9007199254740993n }],
    ['context.n == 9223372036854775807', { n: 9223372036854775807n }],
    ['context.n == -9223372036854775808', { n: -9223372036854775808n }],
    ['context.d == decimal("-0.0001")', { d: CedarExtension.decimal('-0.0001') }],
    ['context.t == datetime("2026-01-02T03:04:05.678Z")', { t: CedarExtension.datetime(Date.parse('2026-01-02T03:04:05.678Z')) }],
    ['context.e == Human::"x"', { e: new CedarEntityRef({ type: 'Human', id: 'x' }) }],
    ['context.s.containsAll(["a", 1]) && context.s.contains(true)', { s: ['a', 1n, true, 'a'] }],
    [
      'context.r["a b"].c && context.r["__proto__"] == 1',
      { r: JSON.parse('{"a b":{"c":true},"__proto__":0}', (key, value) => (key === '__proto__' ? 1n : value)) },
    ],
    ['context.u == "😀\\u{202e}\\0"', { u: '😀\u202e\0' }],
  ];
  for (const [condition, context] of cases) {
    test(`${condition}`, () => {
      assert.deepEqual(said(permit(condition), context), { permits: ['p'], forbids: [], errors: [] });
      assert.deepEqual(said(permit(`!(${condition})`), context).permits, [], 'and the opposite is not so');
    });
  }
  test('2^53 is not 2^53 + 1', () =>
    assert.deepEqual(said(permit('context.n == 9007199254740993'), { n: 9007199254740992n }).permits, []));
});

describe('a verdict', () => {
  test('names what determined it, and every applicable policy that errs', () => {
    const handle = engine.prepare('set', [
      { id: 'p1', text: 'permit (principal, action, resource);' },
      { id: 'p2', text: permit('context.n == 1') },
      { id: 'e', text: `forbid (principal, action, resource) when { context.m == 1 };` },
      { id: 'n', text: 'forbid (principal == Agent::"b", action, resource) when { context.m == 1 };' },
    ]);
    assert.deepEqual(engine.evaluate(handle, request({ n: 1n })), { permits: ['p1', 'p2'], forbids: [], errors: ['e'] });
    assert.deepEqual(engine.evaluate(handle, request({ n: 2n, m: 1n })), { permits: [], forbids: ['e'], errors: [] });
  });
  test('of an empty set is silence', () =>
    assert.deepEqual(engine.evaluate(engine.prepare('empty', []), request()), { permits: [], forbids: [], errors: [] }));
  const unreadable: readonly [string, () => unknown][] = [
    ['a set that is not Cedar', () => engine.evaluate(engine.prepare('bad', [{ id: 'p', text: 'permit(' }]), request())],
    [
      'two policies in one',
      () =>
        engine.evaluate(
          engine.prepare('bad', [
            { id: 'p', text: 'permit (principal, action, resource); permit (principal, action, resource);' },
          ]),
          request(),
        ),
    ],
    [
      'an id that stands twice',
      () =>
        engine.evaluate(
          engine.prepare('bad', [
            { id: 'p', text: permit('true') },
            { id: 'p', text: permit('false') },
          ]),
          request(),
        ),
    ],
    [
      'an integer beyond 64 bits',
      () => engine.evaluate(engine.prepare('bad', [{ id: 'p', text: permit('true') }]), request({ n: 2n ** 63n })),
    ],
    [
      'a decimal that is none',
      () =>
        engine.evaluate(
          engine.prepare('bad', [{ id: 'p', text: permit('true') }]),
          request({ n: CedarExtension.decimal('1.00001') }),
        ),
    ],
    [
      'text that is not well formed',
      () => engine.evaluate(engine.prepare('bad', [{ id: 'p', text: permit('true') }]), request({ n: '\ud800' })),
    ],
    [
      'a value nested too deeply',
      () =>
        engine.evaluate(
          engine.prepare('bad', [{ id: 'p', text: permit('true') }]),
          request({ n: Array.from({ length: 300 }).reduce<CedarRecord>((inner) => ({ inner }), {}) }),
        ),
    ],
    [
      'entities in a circle',
      () => {
        const [one, two] = [
          { type: 'Group', id: '1' },
          { type: 'Group', id: '2' },
        ];
        return engine.evaluate(
          engine.prepare('bad', [{ id: 'p', text: permit('true') }]),
          request({}, [
            { uid: one, attributes: {}, parents: [two] },
            { uid: two, attributes: {}, parents: [one] },
          ]),
        );
      },
    ],
  ];
  for (const [says, evaluate] of unreadable)
    test(`of ${says} is an error of the whole set`, () =>
      assert.deepEqual(evaluate(), { permits: [], forbids: [], errors: ['bad'] }));
});

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
