import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { formatPolicies, readPolicies, type ReadingOptions } from './read-policies.ts';

function issues(text: string, options?: ReadingOptions): readonly string[] {
  const read = readPolicies(text, options);
  return read.ok ? [] : read.issues.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

function read(text: string, options?: ReadingOptions) {
  const found = readPolicies(text, options);
  assert.ok(found.ok, JSON.stringify(found));
  return found;
}

test('policies come in the order of the text with id, effect and annotations', () => {
  const many = Array.from(
    { length: 12 },
    (_, at) => `// number ${at}\n@because("é ${at}")\npermit (principal, action, resource);`,
  ).join('\n');
  const { policies } = read(`${many}\n@id("last") @hold("Look.") forbid (principal, action, resource);`);
  assert.deepEqual(
    policies.map(({ id }) => id),
    [...Array.from({ length: 12 }, (_, at) => `policy-${at + 1}`), 'last'],
  );
  assert.deepEqual(policies.map(({ annotations }) => annotations['because']).slice(9, 12), ['é 9', 'é 10', 'é 11']);
  assert.deepEqual([policies[12]?.effect, policies[12]?.annotations], ['forbid', { id: 'last', hold: 'Look.' }]);
});

test('an empty text is an empty set', () =>
  assert.deepEqual(read('  // nothing\n'), {
    ok: true,
    policies: [],
    needs: { pointers: [], hours: [], args: [], facts: [], entities: [] },
  }));

test('a syntax error is placed by line and character', () => {
  assert.deepEqual(issues('// é😀\n permit (principal, action, resource) when { "é😀" == foo(1) };'), [
    '2:54 `foo` is not a valid function; did you mean `ip`?',
  ]);
  assert.match(issues('permit (principal, action resource);')[0] ?? '', /^1:27 /);
});

describe('what nothing answers to is refused', () => {
  const where = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;
  const cases: readonly [string, string, RegExp][] = [
    ['a template', 'permit (principal == ?principal, action, resource);', /template/],
    [
      'an id that stands twice',
      '@id("a") permit (principal, action, resource);\n@id("a") forbid (principal, action, resource);',
      /^2:1 two policies have the id a/,
    ],
    [
      'an id that stands for a place already',
      '@id("policy-2") permit (principal, action, resource);\npermit (principal, action, resource);',
      /two policies/,
    ],
    ['an id with odd characters', '@id("a b") permit (principal, action, resource);', /@id/],
    ['an empty @hold', '@hold("") permit (principal, action, resource);', /@hold says why/],
    ['a @hold with characters that cannot be seen', '@hold("a\u202eb") permit (principal, action, resource);', /@hold says why/],
    ['an entity type that is misspelt, in scope', 'permit (principal is Agnt, action, resource);', /no entity type Agnt/],
    ['an entity type that is misspelt, in a condition', where('principal.owner == Humn::"x"'), /no entity type Humn/],
    ['a principal that never asks', 'permit (principal is Human, action, resource);', /a principal is never Human/],
    ['a resource that is never asked for', 'permit (principal, action, resource == Agent::"x");', /a resource is never Agent/],
    ['an action that is misspelt', 'permit (principal, action in Action::"reads", resource);', /no action "reads".*groups read/],
    [
      'a group where only an action can match',
      'permit (principal, action == Action::"read", resource);',
      /write action in Action::"read"/,
    ],
    ['the same in a condition', where('action == Action::"money"'), /write action in/],
    ['an attribute of the principal', where('principal.risk == "low"'), /principal has no attribute risk/],
    ['an attribute of the owner', where('principal.owner.role == "x"'), /principal.owner has no attribute role/],
    ['a member of the context', where('context has arguments'), /context has no member arguments/],
    ['a fact', where('context.facts.time > datetime("2026-01-01")'), /no member time/],
    ['a pointer without a slash', where('context.facts.at has amount'), /no JSON pointer/],
    ['hours in a place that is not known', where('context.facts.hours["08:00-18:00 Europe/Atlantis"]'), /no hours/],
    ['the whole of the context', where('context == {}'), /context cannot be used whole/],
    ['the whole of the facts', where('context.facts.at == {}'), /cannot be used whole/],
    [
      'a decimal with five digits',
      where('context.facts.at["/a"].number == decimal("1.00001")'),
      /decimal\("1.00001"\) cannot be read/,
    ],
    ['a time that is none', where('context.facts.now > datetime("2026-13-01")'), /cannot be read/],
  ];
  for (const [says, text, message] of cases) test(`${says}`, () => assert.match(issues(text).join('\n'), message));

  test('@hold outside the policy of the organisation', () => {
    assert.match(issues('@hold("x") permit (principal, action, resource);', { holds: false }).join(), /@hold cannot stand here/);
  });
  test('more than a thousand policies', () =>
    assert.match(issues('permit (principal, action, resource);'.repeat(1001)).join(), /more than 1000/));
  test('a text that is not well-formed Unicode', () => assert.equal(issues('// \ud800').length, 1));
});

describe('what policies can look at is found, whichever way they go to it', () => {
  const needs = (condition: string) => read(`permit (principal, action, resource) when { ${condition} };`).needs;
  test('arguments by name', () => {
    assert.deepEqual(needs('context.args has amount && context.args["a b"].c > 1 && context.args has x.y').args, [
      'amount',
      'a b',
      'x',
    ]);
    assert.deepEqual(needs('context.facts.effect == "read"').args, []);
  });
  test('arguments as a whole', () => {
    assert.equal(needs('context.args == {a: 1}').args, 'all');
    assert.equal(needs('(if true then context.args else {a: 1}).a == 1').args, 'all');
    assert.equal(needs('{".": context.args}["."] == {a: 1}').args, 'all');
    assert.equal(needs('{"Var": context.args} has x').args, 'all');
    assert.equal(needs('[context.args].contains({a: 1})').args, 'all');
  });
  test('pointers and hours', () => {
    const found = needs(
      '(if context.facts.at has "/a/0" then context.facts.at["/b~1c"] else {text: "x"}).text == "x" && context.facts.hours["22:00-06:00 UTC sat,sun"]',
    );
    assert.deepEqual(found.pointers, ['/a/0', '/b~1c']);
    assert.deepEqual(
      found.hours.map(({ key }) => key),
      ['22:00-06:00 UTC sat,sun'],
    );
  });
});

test('entities and facts are handed over when something of them is asked, and only then', () => {
  const needs = (scope: string, condition = 'true') => read(`permit (${scope}) when { ${condition} };`).needs;
  assert.deepEqual(needs('principal, action, resource').entities, []);
  assert.deepEqual(
    needs('principal == Agent::"a", action == Action::"payments.refund", resource == System::"payments"').entities,
    [],
  );
  assert.deepEqual(needs('principal, action in [Action::"payments.refund", Action::"read"], resource').entities, ['action']);
  assert.deepEqual(needs('principal, action, resource', 'action in Action::"read"').entities, ['action']);
  assert.deepEqual(needs('principal, action, resource', '[action].contains(Action::"payments.refund")').entities, ['action']);
  assert.deepEqual(needs('principal, action, resource', 'principal.owner == Human::"x"').entities, ['principal']);
  assert.deepEqual(needs('principal, action, resource', 'resource has name').entities, ['resource']);
  assert.deepEqual(needs('principal, action, resource', '(if true then principal else resource) has name').entities, [
    'principal',
    'resource',
  ]);
  assert.deepEqual(needs('principal, action, resource', 'context.facts.effect == "read" && context.facts has now').facts, [
    'now',
    'effect',
  ]);
});

test('the vocabulary of the API of the house is another', () => {
  const text =
    'permit (principal is Human, action in [Action::"agent:register"], resource) when { principal.roles.contains("owner") && context.owns && context.to == "suspended" };';
  assert.deepEqual(issues(text, { vocabulary: 'house' }), []);
  assert.notDeepEqual(issues(text), []);
  assert.match(
    issues('permit (principal, action, resource) when { context.own };', { vocabulary: 'house' }).join(),
    /no member own/,
  );
});

test('a text is laid out, or is not Cedar', () => {
  assert.equal(
    formatPolicies('permit(principal,action,resource)when{true};'),
    'permit (principal, action, resource)\nwhen { true };\n',
  );
  assert.equal(formatPolicies('permit('), undefined);
});

describe('a policy that the engine could break on is refused before the engine sees it', () => {
  const many = (count: number, one: string, joint = ' ') => Array.from({ length: count }, () => one).join(joint);
  const shapes: readonly [string, (count: number) => string, number][] = [
    ['&&', (count) => many(count, 'true', ' && '), 100],
    ['||', (count) => many(count, 'false', ' || '), 100],
    ['+', (count) => `${many(count, '1', ' + ')} == 1`, 30],
    ['(', (count) => `${'('.repeat(count)}true${')'.repeat(count)}`, 10],
    ['[', (count) => `${'['.repeat(count)}1${']'.repeat(count)} == 1`, 10],
    ['{', (count) => `${'{a:'.repeat(count)}1${'}'.repeat(count)} == 1`, 10],
    ['if', (count) => `${'if true then '.repeat(count)}true${' else false'.repeat(count)}`, 10],
    ['.', (count) => `context.args.a${'.a'.repeat(count)} == 1`, 30],
    ['["a"]', (count) => `context.args.a${'["a"]'.repeat(count)} == 1`, 30],
    ['calls', (count) => `context.args.a${'.contains(1)'.repeat(count)}`, 30],
  ];
  for (const [says, shape, fits] of shapes) {
    test(`by ${says}`, () => {
      const text = (count: number) => `permit (principal, action, resource) when { ${shape(count)} };`;
      for (const count of [600, 3000, 30_000]) assert.match(issues(text(count)).join(), /^1:\d+ more than \d+ /, String(count));
      assert.equal(formatPolicies(text(3000)), undefined);
      assert.deepEqual(issues(text(fits)), []);
      assert.deepEqual(issues(text(fits).repeat(3)), [], 'each policy by itself');
    });
  }
  test('what stands in a string or a comment does not count', () => {
    assert.deepEqual(
      issues(
        `// ${'('.repeat(3000)}\npermit (principal, action, resource) when { context.args.a == "\\"${'('.repeat(3000)};" };`,
      ),
      [],
    );
  });
  test('and the engine still answers', () => assert.ok(readPolicies('permit (principal, action, resource);').ok));
});
