import assert from 'node:assert/strict';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { test } from 'vitest';
import { vocabularies } from './cedar-schema.ts';
import { readPolicies } from './read-policies.ts';
import { namesIn, writeSchema } from './write-schema.ts';

const actions = [
  { system: 'payments', operation: 'refund', effect: 'money' },
  { system: 'payments', operation: 'list', effect: 'read' },
  { system: 'odd', operation: 'a "quoted"\nname', effect: 'unknown' },
];
const policies = `
@id("start") permit (principal is Agent, action, resource);
@id("night") forbid (principal, action in Action::"money", resource)
unless { context.facts.hours["08:00-18:00 Europe/Berlin mon,tue,wed,thu,fri"] };
@id("second") @hold("Large.") permit (principal, action in Action::"money", resource)
unless { context.facts.at has "/amount" && context.facts.at["/amount"] has number &&
         context.facts.at["/amount"].number.lessThanOrEqual(decimal("10000.0")) };
@id("flow") forbid (principal, action in Action::"unknown", resource)
when { context.facts.labels.contains("customer") && context.facts.from has "/amount" && context.facts.from["/amount"].contains("untrusted") };
@id("who") forbid (principal, action == Action::"payments.refund", resource == System::"payments")
when { principal.riskTier == "high" && context.facts.human.roles.contains("intern") && context.facts.depth > 2 &&
       context.facts.now > datetime("2026-01-01") && principal.owner.groups.contains("a") && resource.name like "p*" };`;

function errorsOf(schema: string, text: string): readonly string[] {
  const answer = cedar.validate({
    validationSettings: { mode: 'strict' },
    schema,
    policies: { staticPolicies: text },
  } as cedar.ValidationCall);
  if (answer.type !== 'success') return answer.errors.map(({ message }) => message);
  return [...answer.validationErrors, ...answer.validationWarnings].map(({ error }) => error.message);
}

test('the official validator takes the schema, and everything that the vocabulary offers can be validated against it', () => {
  const schema = writeSchema({ actions, ...namesIn([policies]) });
  assert.equal(cedar.checkParseSchema(schema).type, 'success', JSON.stringify(cedar.checkParseSchema(schema)));
  const read = readPolicies(policies);
  assert.ok(read.ok, JSON.stringify(read));
  assert.deepEqual(errorsOf(schema, policies), []);
});

test('what a policy may not name, the validator does not find in it', () => {
  const schema = writeSchema({ actions, ...namesIn([policies]) });
  for (const text of [
    'forbid (principal, action == Action::"payments.pay", resource);',
    'forbid (principal, action in Action::"money", resource) when { principal.salary > 3 };',
    'forbid (principal, action in Action::"money", resource) when { context.facts.at["/amount"].number == decimal("1.0") };',
    'forbid (principal, action in Action::"money", resource) when { context.facts.depth == "2" };',
    'forbid (principal is Human, action in Action::"money", resource);',
  ])
    assert.ok(errorsOf(schema, text).length > 0, text);
});

test('every word of the vocabulary has a type, so that a new one is not forgotten here', () => {
  const schema = writeSchema({ actions: [], pointers: [], hours: [] });
  for (const fact of vocabularies.call.facts) assert.match(schema, new RegExp(`^  ${fact}: `, 'm'));
  for (const [type, attributes] of Object.entries(vocabularies.call.types))
    for (const attribute of attributes) assert.match(schema, new RegExp(`^entity ${type} = .*\\b${attribute}: `, 'm'));
  for (const group of vocabularies.call.actionGroups) assert.match(schema, new RegExp(`^action "${group}"`, 'm'));
  assert.equal(cedar.checkParseSchema(schema).type, 'success');
});

test('however operations, pointers and hours are called, the validator can read it', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((one) => one.isWellFormed());
  const one = fc.record({
    system: fc.constantFrom('a', 'b'),
    operation: text,
    effect: fc.constantFrom(...vocabularies.call.actionGroups),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 5 }), fc.array(text, { maxLength: 4 }), (some, names) => {
      const schema = writeSchema({ actions: some, pointers: names.map((name) => `/${name}`), hours: names });
      assert.equal(cedar.checkParseSchema(schema).type, 'success', schema);
    }),
    { numRuns: 60 },
  );
});
