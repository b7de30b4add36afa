import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { OperationFacts } from '../src/call-facts.ts';
import { openCedar } from '../src/cedar-engine.ts';
import { couldPermit } from '../src/could-permit.ts';
import { decide } from '../src/decide.ts';
import { prepareOrganisation, prepareRole } from '../src/policy-set.ts';
import { aCall, aDocument, aMandate, args } from './a-call.ts';

const engine = openCedar();
const base = aCall(engine);

type Effect = OperationFacts['effect'];
const effects: readonly Effect[] = ['read', 'write', 'destructive', 'money', 'external', 'unknown'];
const systems = ['payments', 'crm'] as const;
const operations = ['refund', 'refund_all', 'list'] as const;

/** A policy small enough to be judged by hand: a scope and at most one condition. */
type Small = {
  readonly effect: 'permit' | 'forbid';
  readonly group: Effect | undefined;
  readonly operation: string | undefined;
  readonly system: string | undefined;
  readonly condition: 'none' | 'amount at most 100' | 'amount over 100' | 'medium risk' | 'high risk' | 'errs';
};

const small: fc.Arbitrary<Small> = fc.record({
  effect: fc.constantFrom('permit', 'permit', 'permit', 'forbid'),
  group: fc.option(fc.constantFrom(...effects), { nil: undefined, freq: 2 }),
  operation: fc.option(fc.constantFrom(...operations), { nil: undefined, freq: 1 }),
  system: fc.option(fc.constantFrom(...systems), { nil: undefined, freq: 1 }),
  condition: fc.oneof(
    { weight: 5, arbitrary: fc.constant('none' as const) },
    fc.constantFrom('amount at most 100', 'amount over 100', 'medium risk', 'high risk', 'errs'),
  ),
});

type World = {
  readonly system: string;
  readonly operation: string;
  readonly effect: Effect;
  readonly amount: number | string | undefined;
};

function textOf({ effect, group, operation, system, condition }: Small, hold = false): string {
  const action =
    group !== undefined
      ? `action in Action::"${group}"`
      : operation !== undefined && system !== undefined
        ? `action == Action::"${system}.${operation}"`
        : 'action';
  const resource = system === undefined ? 'resource' : `resource == System::"${system}"`;
  const conditions = {
    none: [],
    'amount at most 100': ['context.args has amount && context.args.amount <= 100'],
    'amount over 100': ['context.args.amount > 100'],
    'medium risk': ['principal.riskTier == "medium"'],
    'high risk': ['principal.riskTier == "high"'],
    errs: ['context.args.missing == 1'],
  }[condition].map((one) => ` when { ${one} }`);
  return `${hold ? '@hold("asked") ' : ''}${effect} (principal, ${action}, ${resource})${conditions.join('')};`;
}

/** Whether a policy applies, judged without Cedar: `errs` where its condition cannot be evaluated. */
function applies(policy: Small, world: World): boolean | 'errs' {
  const { condition } = policy;
  if (!isInScope(policy, world)) return false;
  if (condition === 'none' || condition === 'medium risk') return true;
  if (condition === 'high risk') return false;
  if (condition === 'errs' || typeof world.amount === 'string') return 'errs';
  if (world.amount === undefined) return condition === 'amount over 100' ? 'errs' : false;
  return condition === 'amount over 100' ? world.amount > 100 : world.amount <= 100;
}

function isInScope({ group, operation, system }: Small, world: World): boolean {
  if (system !== undefined && system !== world.system) return false;
  if (group !== undefined) return group === world.effect || (group === 'destructive' && world.effect === 'unknown');
  return operation === undefined || system === undefined || operation === world.operation;
}

type Line = 'permits' | 'forbids' | 'silent' | 'errs';

function lineOf(policies: readonly Small[], world: World): Line {
  const applied = policies.map((policy) => ({ effect: policy.effect, applies: applies(policy, world) }));
  if (applied.some(({ applies: said }) => said === 'errs')) return 'errs';
  const holding = applied.filter(({ applies: said }) => said === true).map(({ effect }) => effect);
  return holding.includes('forbid') ? 'forbids' : holding.includes('permit') ? 'permits' : 'silent';
}

type SmallPermission = {
  readonly system: string;
  readonly actions: string[];
  readonly max: number | undefined;
  readonly hold: number | undefined;
};

const permission: fc.Arbitrary<SmallPermission> = fc.record({
  system: fc.constantFrom(...systems),
  actions: fc.array(fc.constantFrom(...operations, '*', 'refund*'), { minLength: 1, maxLength: 2 }),
  max: fc.option(fc.constantFrom(50, 100, 200), { nil: undefined }),
  hold: fc.option(fc.constantFrom(40, 90), { nil: undefined }),
});

function names({ system, actions }: SmallPermission, world: World): boolean {
  return (
    system === world.system &&
    actions.some(
      (action) => action === '*' || action === world.operation || (action === 'refund*' && world.operation.startsWith('refund')),
    )
  );
}

function permitsCall(one: SmallPermission, world: World): boolean {
  return names(one, world) && (one.max === undefined || (typeof world.amount === 'number' && world.amount <= one.max));
}

const broad: Small = { effect: 'permit', group: undefined, operation: undefined, system: undefined, condition: 'none' };

const scenario = fc.record({
  world: fc.record({
    system: fc.constantFrom(...systems),
    operation: fc.constantFrom(...operations),
    effect: fc.constantFrom('read', 'read', ...effects),
    amount: fc.oneof(fc.constantFrom(30, 60, 95, 150, 300), fc.constantFrom('30', undefined)),
  }),
  permissions: fc.oneof(fc.array(permission, { minLength: 1, maxLength: 3 }), {
    weight: 3,
    arbitrary: fc
      .tuple(permission, fc.constantFrom(100, 200, undefined))
      .map(([one, max]): SmallPermission[] => [
        one,
        ...systems.map((system) => ({ system, actions: ['*'], max, hold: undefined })),
      ]),
  }),
  autonomy: fc.constantFrom('observe', 'propose', 'act_within_limits', 'act', 'act'),
  agentAutonomy: fc.constantFrom('observe', 'propose', 'act_within_limits', 'act', 'act'),
  roles: fc.oneof(
    fc.array(fc.array(small, { maxLength: 3 }), { maxLength: 3 }),
    fc.array(small, { maxLength: 2 }).map((more) => [more, [broad]]),
  ),
  organisation: fc.oneof(
    fc.array(small, { maxLength: 4 }),
    fc.array(small, { maxLength: 2 }).map((more) => [broad, ...more]),
  ),
  holds: fc.array(small, { maxLength: 1 }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer One> ? One : never;

/** The intersection of the lines, each judged by itself. */
function model({ world, permissions, autonomy, agentAutonomy, roles, organisation, holds }: Scenario): string {
  const permitting = permissions.filter((one) => permitsCall(one, world));
  if (permitting.length === 0) return permissions.some((one) => names(one, world)) ? 'mandate.constraint' : 'mandate.silent';
  if (world.effect !== 'read' && [autonomy, agentAutonomy].includes('observe')) return 'mandate.autonomy';
  const byRole = roles.map((policies) => lineOf(policies, world));
  if (byRole.includes('errs')) return 'policy.error';
  if (byRole.includes('forbids') || !byRole.includes('permits')) return 'owner.may_not_answer';
  const byOrganisation = lineOf(organisation, world);
  if (byOrganisation !== 'permits')
    return { errs: 'policy.error', forbids: 'organisation.forbidden', silent: 'organisation.silent' }[byOrganisation];
  const asked = lineOf(holds, world);
  if (asked === 'errs') return 'policy.error';
  if (permitting.some(({ hold }) => hold !== undefined && !(typeof world.amount === 'number' && world.amount <= hold)))
    return 'held.mandate';
  const isBounded = permitting.some(({ max }) => max !== undefined);
  if (asksByLevel(world.effect, [autonomy, agentAutonomy], isBounded)) return 'held.autonomy';
  return asked === 'silent' ? 'permitted' : 'held.organisation';
}

function asksByLevel(effect: string, [mandate, agent]: readonly string[], isBounded: boolean): boolean {
  if (effect === 'read') return false;
  if (mandate === 'propose' || agent === 'propose') return true;
  return effect !== 'write' && mandate === 'act_within_limits' && !isBounded;
}

function callOf({ world, permissions, autonomy, agentAutonomy, roles, organisation, holds }: Scenario) {
  const document = aDocument({
    autonomy,
    permissions: permissions.map(({ system, actions, max, hold }) => ({
      system,
      actions,
      ...(max === undefined ? {} : { where: { '/amount': { max } } }),
      ...(hold === undefined ? {} : { hold: [{ when: { '/amount': { over: hold } }, because: 'asked' }] }),
    })),
  });
  const text = [...organisation.map((one) => textOf(one)), ...holds.map((one) => textOf(one, true))].join('\n');
  return {
    ...base,
    agent: { ...base.agent!, autonomy: agentAutonomy },
    system: { ...base.system!, name: world.system },
    operation: { name: world.operation, effect: world.effect, definitionDigest: 'd' },
    mandate: aMandate(engine, document),
    roles: roles.map((policies, at) => ({
      name: `role-${at}`,
      revision: 1,
      policies: prepareRole(engine, { name: `role-${at}`, text: policies.map((one) => textOf(one)).join('\n') }),
    })),
    organisation: { version: 7, policies: prepareOrganisation(engine, text) },
    call: {
      systemName: world.system,
      operationName: world.operation,
      arguments: args(world.amount === undefined ? {} : { amount: world.amount }),
    },
  };
}

describe('effective authority', () => {
  test('is the intersection of every line judged by itself: never more, never less, and the first limit is named', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(scenario, (one) => {
        const expected = model(one);
        seen.set(expected, (seen.get(expected) ?? 0) + 1);
        assert.equal(decide(callOf(one), engine).reason, expected);
      }),
      { numRuns: 1200 },
    );
    const reached = JSON.stringify([...seen]);
    assert.ok(seen.size === 11 && (seen.get('permitted') ?? 0) > 50, `the scenarios reach every reason: ${reached}`);
  });

  test('adding a forbid, a role, a hold or an argument never turns a denial into a permit', () => {
    fc.assert(
      fc.property(scenario, small, (one, extra) => {
        const before = decide(callOf(one), engine).outcome;
        const forbid = { ...extra, effect: 'forbid' as const };
        const narrower = [
          { ...one, organisation: [...one.organisation, forbid] },
          { ...one, holds: [...one.holds, extra] },
          { ...one, roles: [...one.roles, [forbid]] },
        ];
        for (const changed of narrower) {
          const after = decide(callOf(changed), engine).outcome;
          assert.ok(rank[after] <= rank[before], `${before} became ${after}`);
        }
      }),
      { numRuns: 150 },
    );
  });
});

const rank = { deny: 0, hold: 1, permit: 2 };

test('a list of tools leaves out nothing that some arguments could get permitted', () => {
  let listed = 0;
  fc.assert(
    fc.property(scenario, (one) => {
      const facts = callOf(one);
      const possible = couldPermit(facts, [facts.operation], engine).has(one.world.operation);
      if (decide(facts, engine).outcome !== 'deny') assert.ok(possible);
      listed += possible ? 1 : 0;
    }),
    { numRuns: 400 },
  );
  assert.ok(listed > 30 && listed < 370, `it is neither everything nor nothing: ${listed}`);
});
