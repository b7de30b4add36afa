import assert from 'node:assert/strict';
import type { Effect } from '@surety/contract/system';
import { test } from 'vitest';
import type { KnownSystem } from './known-systems.ts';
import { lintPolicies } from './lint-policies.ts';

const operation = (name: string, effect: Effect) => ({ name, effect });
const systems: readonly KnownSystem[] = [
  { name: 'payments', operations: [operation('refund', 'money'), operation('read_order', 'read')] },
  { name: 'shop', operations: [operation('list', 'read'), operation('ship', 'external')] },
];

const lint = (text: string, known: readonly KnownSystem[] | undefined = systems) =>
  lintPolicies(text, { document: 'policy', holds: true, systems: known });
const rules = (text: string, known?: readonly KnownSystem[]) => lint(text, known).map(({ rule }) => rule);

const start = '@id("start") permit (principal is Agent, action, resource);';

const good = `
@id("start") permit (principal is Agent, action, resource);
@id("no-money-at-night") @because("Nobody is there at night.")
forbid (principal is Agent, action in Action::"money", resource)
unless { context.facts.hours["08:00-18:00 Europe/Berlin mon,tue,wed,thu,fri"] };
@id("large") @hold("over 500")
permit (principal is Agent, action == Action::"payments.refund", resource)
unless { context.facts.at has "/amount" && context.facts.at["/amount"] has number && context.facts.at["/amount"].number.lessThan(decimal("500.0")) };
@id("critical") @because("Critical agents only read.")
forbid (principal is Agent, action, resource == System::"shop") when { principal.riskTier == "critical" && !(context.facts.effect == "read") };
@id("note") @because("No long notes.")
forbid (principal is Agent, action == Action::"payments.refund", resource)
when { context.args has note && context.args.note like "*secret*" };
@id("root") @because("Only for people of support.")
forbid (principal is Agent, action in [Action::"shop.ship", Action::"payments.refund"], resource)
unless { context.facts.human.groups.contains("support") };
`;

test('nothing is said of policies that are in order, with systems and without', () => {
  assert.deepEqual(lint(good), []);
  assert.deepEqual(lintPolicies(good, { document: 'policy', holds: true }), []);
  assert.deepEqual(lint(''), []);
  assert.deepEqual(lint(start), []);
});

const faults: readonly [string, string, string][] = [
  ['missing-id', 'permit (principal is Agent, action in Action::"read", resource);', 'no @id'],
  ['no-because', '@id("a") forbid (principal is Agent, action == Action::"shop.ship", resource);', 'does not say why'],
  [
    'unknown-system',
    '@id("a") permit (principal is Agent, action in [Action::"read"], resource) when { resource == System::"Shop" };',
    'there is "shop"',
  ],
  [
    'unknown-action',
    '@id("a") permit (principal is Agent, action in [Action::"shop.list", Action::"payments.re_fund"], resource);',
    'there is "payments.refund"',
  ],
  [
    'unreachable',
    '@id("a") permit (principal is Agent, action == Action::"payments.refund", resource == System::"shop");',
    'none of its actions',
  ],
  [
    'unreachable',
    '@id("a") permit (principal is Agent, action in Action::"money", resource == System::"shop");',
    'none of its actions',
  ],
  ['unreachable', '@id("a") permit (principal is Agent, action in Action::"read", resource) when { 1 == 2 };', 'never all true'],
  ['always-true', '@id("a") @because("b") forbid (principal, action, resource);', 'forbids every call'],
  ['always-true', '@id("a") @hold("b") permit (principal, action, resource);', 'asks a person before every call'],
  [
    'always-true',
    '@id("a") permit (principal is Agent, action in Action::"read", resource) when { true };',
    '"when" is always true',
  ],
  [
    'always-true',
    '@id("a") permit (principal is Agent, action in Action::"read", resource) unless { 1 == 2 };',
    '"unless" is never true',
  ],
  [
    'may-error',
    '@id("a") permit (principal is Agent, action in Action::"read", resource) when { context.args.amount > 3 };',
    'amount',
  ],
  [
    'may-error',
    '@id("a") permit (principal is Agent, action in Action::"read", resource) when { context.facts.at["/amount"].whole > 3 };',
    '/amount',
  ],
  [
    'type',
    '@id("a") permit (principal is Agent, action in Action::"read", resource) when { principal.riskTier == 3 };',
    'compatible',
  ],
  [
    'type',
    '@id("a") permit (principal is Agent, action in Action::"read", resource) when { context.facts.depth.contains(1) };',
    '',
  ],
  [
    'unreadable',
    '@id("a") permit (principal is Agent, action in Action::"read", resource) when { context.nothing };',
    'context has no member',
  ],
];

test('every fault that was planted is found, under its own name and no other', () => {
  for (const [rule, text, part] of faults) {
    const found = lint(text);
    assert.ok(
      found.some((one) => one.rule === rule && one.message.includes(part)),
      `${rule}: ${text} -> ${JSON.stringify(found)}`,
    );
    for (const one of found)
      assert.ok(one.rule === rule || rule === 'unreachable' || rule === 'unreadable', JSON.stringify([rule, one]));
  }
});

test('a policy that another one makes needless is named, with the other one', () => {
  assert.deepEqual(rules(`${start}\n@id("b") permit (principal is Agent, action == Action::"shop.list", resource);`), [
    'shadowed',
  ]);
  assert.deepEqual(
    rules(
      `${start}\n@id("all") @because("x") forbid (principal is Agent, action in Action::"money", resource);\n@id("c") @because("y") forbid (principal is Agent, action == Action::"payments.refund", resource) when { principal.riskTier == "high" };`,
    ),
    ['shadowed'],
  );
  const twice =
    '@id("ID") @because("x") forbid (principal is Agent, action in Action::"money", resource) when { principal.riskTier == "high" };';
  const [found] = lint(`${start}\n${twice.replace('ID', 'one')}\n${twice.replace('ID', 'two')}`);
  assert.deepEqual([found?.rule, found?.policy, found?.line], ['shadowed', 'two', 3]);
  assert.match(found?.message ?? '', /"one" forbids all/);
  const undone =
    '@id("a") permit (principal is Agent, action == Action::"payments.refund", resource);\n@id("b") @because("x") forbid (principal is Agent, action in Action::"money", resource);';
  assert.deepEqual(rules(undone), ['shadowed']);
  // Without systems it is not known that a refund is money, and nothing is said.
  assert.deepEqual(lintPolicies(undone, { document: 'policy', holds: true }), []);
});

test('a permit that says what has to be done with a call is not needless', () => {
  const text = `${start}\n@id("b") @record("payload") permit (principal is Agent, action == Action::"shop.list", resource);`;
  assert.deepEqual(lint(text), []);
});

test('a finding says where: the line and column of the policy, or of what in it', () => {
  const text = `// first\n${start}\n\n  @id("b") @because("c")\n  forbid (principal is Agent, action in Action::"money", resource)\n  when { context.args.amount > 3 };`;
  const [found] = lint(text);
  assert.deepEqual([found?.rule, found?.line, found?.column], ['may-error', 6, 10]);
});

test('a text that cannot be read has its errors and nothing else', () => {
  const [found, ...more] = lint('@id("a") permit (principal, action, resource) when {');
  assert.deepEqual([found?.level, found?.rule, found?.document, more.length], ['error', 'unreadable', 'policy', 0]);
});
