import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'vitest';
import { openCedar } from '../src/cedar-engine.ts';
import { couldPermit } from '../src/could-permit.ts';
import { decide } from '../src/decide.ts';
import { aCall, aDocument, type CallChanges } from './a-call.ts';

const engine = openCedar();

afterEach(() => assert.equal(decide(aCall(engine), engine).outcome, 'permit', 'the engine still answers'));

/** The decision, and the shortest of a few times it took: the computer may be busy with something else. */
function timed(changes: CallChanges): { outcome: string; ms: number } {
  const facts = aCall(engine, changes);
  const times = [0, 1, 2].map(() => {
    const start = performance.now();
    decide(facts, engine);
    return performance.now() - start;
  });
  return { outcome: decide(facts, engine).outcome, ms: Math.min(...times) };
}

const list = (count: number, one: (at: number) => string) => `[${Array.from({ length: count }, (_, at) => one(at)).join(',')}]`;

describe('arguments of any size keep nobody waiting', () => {
  const looksAtAll =
    'permit (principal, action, resource); forbid (principal, action, resource) when { context.args has list && context.args.list == 5 };';
  const values: readonly [string, string][] = [
    ['whole numbers', list(90_000, String)],
    ['decimals', list(90_000, (at) => `${at}.25`)],
    ['texts', list(90_000, (at) => `"${at}"`)],
    ['objects', list(30_000, (at) => `{"a":${at}}`)],
    ['lists in lists', `${'['.repeat(60)}1${']'.repeat(60)}`],
    ['a long text', `"${'x'.repeat(1_000_000)}"`],
  ];
  for (const [says, value] of values) {
    test(`of ${says}`, () => {
      const document = aDocument({
        permissions: [
          {
            system: 'payments',
            actions: ['refund'],
            where: { '/other': { absent: true } },
            hold: [{ when: { '/list': { eachIn: ['a'], maxItems: 3, max: 1 } }, because: 'x' }],
          },
        ],
      });
      const { outcome, ms } = timed({ document, organisation: looksAtAll, arguments: `{"list":${value}}` });
      assert.notEqual(outcome, 'deny', 'equality with what cannot be held is simply not so');
      assert.ok(ms < 700, `${ms} ms`);
    });
  }
});

describe('the largest documents that are taken do not break the engine', () => {
  const sum = `${Array.from({ length: 19 }, () => '1').join(' + ')} == 19`;
  const nested = (levels: number): string =>
    levels === 0 ? sum : `(${sum} && (if ${sum} then ${nested(levels - 1)} else ${sum}))`;
  const shapes: readonly [string, string][] = [
    ['conditions inside conditions', nested(5)],
    ['ifs in a row', `${`if ${sum.replace('== 19', '== 18')} then false else `.repeat(4)}${nested(5)}`],
    ['all at once', `${Array.from({ length: 80 }, () => 'context.args.a == 1').join(' && ')} && ${nested(4)}`],
    ['a hundred alternatives', `${Array.from({ length: 100 }, () => 'context.args.a == 2').join(' || ')} || true`],
  ];
  for (const [says, condition] of shapes) {
    test(`of ${says}`, () => {
      const text = `permit (principal, action, resource) when { ${condition} };`;
      const facts = aCall(engine, { organisation: text, roles: { role: text }, arguments: { a: 1 } });
      assert.equal(decide(facts, engine).outcome, 'permit');
      assert.ok(couldPermit(facts, facts.operation === undefined ? [] : [facts.operation], engine).has('refund'));
    });
  }
  test('a mandate with two hundred patterns and a hundred conditions', () => {
    const where = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`/a${at}`, { max: 5 }]));
    const permission = {
      system: 'payments',
      actions: [...Array.from({ length: 199 }, (_, at) => `op${at}*`), 'refund'],
      where,
      hold: [{ when: where, because: 'x' }],
    };
    const given = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`a${at}`, 1]));
    assert.equal(
      timed({ document: aDocument({ permissions: Array.from({ length: 5 }, () => permission) }), arguments: given }).outcome,
      'hold',
    );
    assert.equal(timed({ document: aDocument({ permissions: [permission] }), arguments: { ...given, a99: 6 } }).outcome, 'deny');
  });
  test('a thousand policies (PD-17)', () => {
    const organisation = Array.from(
      { length: 1000 },
      (_, at) => `permit (principal, action, resource) when { context.facts.effect == "e${at}" || ${at === 999} };`,
    ).join('\n');
    const { outcome, ms } = timed({ organisation });
    assert.equal(outcome, 'permit');
    assert.ok(ms < 700, `${ms} ms`);
  });
});
