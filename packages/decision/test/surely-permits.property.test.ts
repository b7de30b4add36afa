import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { openCedar } from '../src/cedar-engine.ts';
import { couldPermit } from '../src/could-permit.ts';
import { decide } from '../src/decide.ts';
import { prepareOrganisation, prepareRole } from '../src/policy-set.ts';
import { openSurePolicies, surelyPermits } from '../src/surely-permits.ts';
import { aCall, aDocument, aMandate, args } from './a-call.ts';

const engine = openCedar();
const sure = openSurePolicies(engine);
const base = aCall(engine);

const scopes = ['action', 'action in Action::"money"', 'action in Action::"read"', 'action == Action::"payments.refund"'];
const conditions = [
  '',
  '',
  ' when { principal.riskTier == "medium" }',
  ' unless { principal.riskTier == "medium" }',
  ' when { context.args has amount && context.args.amount == 3 }',
  ' when { context.args.amount > 100 }',
  ' unless { context.facts.at has "/amount" }',
  ' when { context.facts.hours["08:00-18:00 Europe/Berlin mon,tue,wed"] }',
  ' when { principal.riskTier == "high" && context.args.amount > 100 }',
];
const policy = fc
  .tuple(fc.constantFrom('permit', 'permit', 'forbid'), fc.constantFrom(...scopes), fc.constantFrom(...conditions), fc.boolean())
  .map(([effect, scope, condition, hold]) => ({ hold, text: `${effect} (principal, ${scope}, resource)${condition};` }));
const broad = { hold: false, text: 'permit (principal, action, resource);' };
const set = fc.oneof(fc.array(policy, { maxLength: 3 }), {
  weight: 3,
  arbitrary: fc.array(policy, { maxLength: 1 }).map((more) => [broad, ...more]),
});
const permission = fc.record({
  action: fc.constantFrom('refund', '*', '*', 'list'),
  where: fc.constantFrom(undefined, undefined, { '/amount': { max: '100' } }),
});
const world = fc.record({
  roles: fc.array(set, { minLength: 1, maxLength: 2 }),
  organisation: set,
  permissions: fc.array(permission, { minLength: 1, maxLength: 2 }),
  autonomy: fc.constantFrom('observe' as const, 'propose' as const, 'act' as const, 'act' as const),
  operation: fc.constantFrom({ name: 'refund', effect: 'money' as const }, { name: 'list', effect: 'read' as const }),
});

/** Arguments and hours on every side of every condition. */
const circumstances = ['{}', '{"amount":3}', '{"amount":101}', '{"amount":99.5}', '{"amount":"3"}', '{"amount":null}'].flatMap(
  (text) => ['2026-06-10T10:00:00Z', '2026-06-13T23:00:00Z'].map((at) => ({ text, nowMs: Date.parse(at) })),
);

test('what is surely permitted is permitted or held whatever the arguments and the hour, and what is not possible is denied', () => {
  const seen = { sure: 0, possible: 0, never: 0 };
  fc.assert(
    fc.property(world, ({ roles, organisation, permissions, autonomy, operation }) => {
      const document = aDocument({
        autonomy,
        permissions: permissions.map(({ action, where }) => ({ system: 'payments', actions: [action], where })),
      });
      const written = (policies: readonly { hold: boolean; text: string }[], holds: boolean): string =>
        policies.map(({ hold, text }) => (hold && holds ? `@hold("asked") ${text}` : text)).join('\n');
      const facts = {
        ...base,
        mandate: aMandate(engine, document),
        operation: { ...operation, definitionDigest: 'd' },
        roles: roles.map((one, at) => ({
          name: `r${at}`,
          revision: 1,
          policies: prepareRole(engine, { name: `r${at}`, text: written(one, false) }),
        })),
        organisation: { version: 1, policies: prepareOrganisation(engine, written(organisation, true)) },
      };
      const isSure = surelyPermits(facts, [facts.operation], { engine, sure }).has(operation.name);
      const isPossible = couldPermit(facts, [facts.operation], engine).has(operation.name);
      seen[isSure ? 'sure' : isPossible ? 'possible' : 'never'] += 1;
      assert.ok(isPossible || !isSure, 'what is sure is possible');
      for (const { text, nowMs } of circumstances) {
        const call = { systemName: 'payments', operationName: operation.name, arguments: args(text) };
        const { outcome, reason } = decide(
          { ...facts, nowMs, task: facts.task && { ...facts.task, expiresAtMs: nowMs + 1000 }, call },
          engine,
        );
        if (isSure) assert.notEqual(outcome, 'deny', `${reason} ${text}`);
        if (!isPossible) assert.equal(outcome, 'deny', text);
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(seen.sure > 30 && seen.possible > 30 && seen.never > 30, JSON.stringify(seen));
});
