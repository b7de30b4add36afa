import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { CedarEntityRef, CedarExtension, type CedarRecord } from './cedar-value.ts';
import { openCedar } from './cedar-engine.ts';
import { openCedarWasm } from './cedar-wasm-engine.ts';
import { readExactEst } from './exact-est.ts';
import type { PolicyEngine, PolicyRequest } from './policy-engine.ts';

function request(context: CedarRecord = {}, entities: PolicyRequest['entities'] = []): PolicyRequest {
  return {
    principal: { type: 'Agent', id: 'a' },
    action: { type: 'Action', id: 'x' },
    resource: { type: 'System', id: 's' },
    context,
    entities,
  };
}

const permit = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;

const engines: readonly (readonly [string, () => PolicyEngine])[] = [
  ['the official engine', openCedarWasm],
  ['our own engine', openCedar],
];

for (const [name, open] of engines) {
  describe(`${name}`, () => {
    const engine = open();
    const said = (text: string, context: CedarRecord) =>
      engine.evaluate(engine.prepare('set', [{ id: 'p', text }]), request(context));

    describe('values arrive as they are', () => {
      const cases: readonly [string, CedarRecord][] = [
        ['context.n == 9007199254740993', { n: 9007199254740993n }],
        ['context.n == -9007199254740993 && context.n < 0 - 9007199254740991', { n: -9007199254740993n }],
        ['[9007199254740993, 1].contains(context.n) && "9007199254740992" != "9007199254740993"', { n: 9007199254740993n }],
        ['- (9007199254740995) == context.n', { n: -9007199254740995n }],
        ['context.n == 9223372036854775807', { n: 9223372036854775807n }],
        ['context.n == -9223372036854775808', { n: -9223372036854775808n }],
        ['context.d == decimal("-0.0001")', { d: CedarExtension.decimal('-0.0001') }],
        [
          'context.t == datetime("2026-01-02T03:04:05.678Z")',
          { t: CedarExtension.datetime(Date.parse('2026-01-02T03:04:05.678Z')) },
        ],
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
  });
}

describe('our own engine', () => {
  const engine = openCedar();
  test('still answers for a set that was given back', () => {
    const handle = engine.prepare('set', [{ id: 'p', text: permit('context.n == 1') }]);
    engine.release(handle);
    assert.deepEqual(engine.evaluate(handle, request({ n: 1n })).permits, ['p']);
  });
  test('does not answer for a set of another engine', () => {
    const handle = openCedarWasm().prepare('set', [{ id: 'p', text: permit('true') }]);
    assert.deepEqual(engine.evaluate(handle, request()), { permits: [], forbids: [], errors: ['set'] });
  });
  test('refuses a set that asks what only a partial evaluation can answer', () => {
    const handle = engine.prepare('set', [{ id: 'p', text: permit('unknown("x")') }]);
    assert.deepEqual(engine.evaluate(handle, request()), { permits: [], forbids: [], errors: ['set'] });
  });
});

describe('the JSON form of a policy keeps its digits', () => {
  const conditionOf = (text: string) => (readExactEst(permit(text)) as { conditions: { body: unknown }[] }).conditions[0]?.body;
  test('in every place of an expression', () => {
    assert.deepEqual(conditionOf('[{a: 9007199254740993}].contains({a: -9223372036854775808})'), {
      contains: {
        left: { Set: [{ Record: { a: { Value: 9007199254740993n } } }] },
        right: { Record: { a: { Value: -9223372036854775808n } } },
      },
    });
    assert.deepEqual(conditionOf('1 - -9007199254740995 == - -9007199254740997'), {
      '==': {
        left: { '-': { left: { Value: 1 }, right: { Value: -9007199254740995n } } },
        right: { neg: { arg: { Value: -9007199254740997n } } },
      },
    });
  });
  test('and what only looks like an integer is left as it is', () => {
    const text =
      '"9007199254740993" == context.a9007199254740993 && // 9007199254740993\n 9007199254740993 == context["9007199254740993"]';
    assert.deepEqual(conditionOf(text), {
      '&&': {
        left: {
          '==': { left: { Value: '9007199254740993' }, right: { '.': { left: { Var: 'context' }, attr: 'a9007199254740993' } } },
        },
        right: {
          '==': { left: { Value: 9007199254740993n }, right: { '.': { left: { Var: 'context' }, attr: '9007199254740993' } } },
        },
      },
    });
  });
  test('and a text that is not one policy has none', () => {
    assert.equal(readExactEst('permit (principal, action, resource) when { 9007199254740993'), undefined);
    assert.equal(readExactEst(permit('context.n == 9223372036854775808')), undefined);
  });
});
