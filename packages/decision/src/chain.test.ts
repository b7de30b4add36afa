import assert from 'node:assert/strict';
import { type AgentAction, maxHops } from '@surety/contract/delegation';
import { MandateDocument } from '@surety/contract/mandate';
import { describe, test } from 'vitest';
import {
  aCall,
  aDocument,
  aMandate,
  type CallChanges,
  now,
  otherAgentId,
  ownerId,
  permitAll,
  aTask,
  agentId,
} from '../test/a-call.ts';
import type { CallFacts, HopFacts, LinkFacts } from './call-facts.ts';
import { openCedar } from './cedar-engine.ts';
import { checkDetails, prepareHop, systemAt } from './compile-hop.ts';
import { couldPermit } from './could-permit.ts';
import { decide } from './decide.ts';
import { decideStanding } from './decide-standing.ts';
import { explain } from './explain.ts';
import { prepareMay } from './policy-set.ts';

const engine = openCedar();
const parentOwner = 'hum_00000000000000000000000002';
const requester = { id: 'hum_00000000000000000000000003', name: 'rita', state: 'active', roles: ['desk'], groups: [] } as const;

const detail = (identifier: string, constraints?: AgentAction['constraints']): AgentAction => ({
  type: 'agent_action',
  locations: ['https://gateway.example/mcp/payments'],
  actions: ['invoke'],
  identifier,
  ...(constraints === undefined ? {} : { constraints }),
});

type Change = {
  readonly parent?: Partial<Parameters<typeof aDocument>[0]>;
  readonly link?: Partial<LinkFacts>;
  readonly hop?: Partial<HopFacts>;
  readonly details?: AgentAction[] | null;
  readonly call?: CallChanges;
};

/** A call of an agent that another one handed something to, with these changes. */
function delegated({ parent = {}, link, hop, details = null, call = {} }: Change = {}): CallFacts {
  const document = aDocument({ agent: otherAgentId, ...parent });
  const root = aTask({ id: 'tsk_0', root: 'tsk_0', agent: otherAgentId, requester: otherAgentId });
  const above: LinkFacts = {
    agent: { id: otherAgentId, name: 'order-desk', state: 'active', riskTier: 'medium', autonomy: 'act', owner: parentOwner },
    owner: { id: parentOwner, name: 'paula', state: 'active', roles: ['owner'], groups: [] },
    task: root,
    mandate: aMandate(engine, document, 'man_0'),
    ...link,
  };
  const granted: HopFacts = {
    details,
    audiences: null,
    depthLeft: 0,
    expiresAtMs: now + 30_000,
    policies: prepareHop(engine, { task: 'tsk_1', agent: agentId, details }),
    ...hop,
  };
  const own = aTask({ requester: otherAgentId, parent: 'tsk_0', root: 'tsk_0', depth: 1, hop: granted });
  return aCall(engine, { ...call, facts: { chain: [above], task: own, ...call.facts } });
}

const decided = (change: Change) => decide(delegated(change), engine);

/** What is changed of a call that every link permits, and what then refuses it. */
const refusals: readonly [string, Change, string, string, RegExp][] = [
  [
    'an agent above that was suspended',
    { link: { agent: { ...delegated().chain![0]!.agent!, state: 'suspended' } } },
    'parent.not_active',
    'parent',
    /^Agent order-desk, which passed this on, is not active\.$/,
  ],
  ['an agent above that is not known', { link: { agent: undefined } }, 'parent.not_active', 'parent', /not known here/],
  [
    'a person above who has left',
    { link: { owner: { ...delegated().chain![0]!.owner!, state: 'left' } } },
    'parent.owner_not_active',
    'parent',
    /answers for agent order-desk/,
  ],
  [
    'a task above that has ended',
    { link: { task: { ...delegated().chain![0]!.task, state: 'ended' } } },
    'parent.task_ended',
    'parent',
    /order-desk/,
  ],
  ['no mandate above', { link: { mandate: undefined } }, 'parent.no_mandate', 'parent', /order-desk/],
  [
    'an expired mandate above',
    { parent: { expiresAt: new Date(now).toISOString() } },
    'parent.no_mandate',
    'parent',
    /order-desk/,
  ],
  [
    'a mandate above that lets nothing hang below',
    { parent: { maxDepth: 0 } },
    'chain.too_deep',
    'parent',
    /order-desk does not allow/,
  ],
  [
    'a mandate above without the action',
    { parent: { permissions: [] } },
    'parent.may_not_pass_on',
    'parent',
    /^Agent order-desk may not pass on payments\.refund\.$/,
  ],
  ['a mandate above that passes nothing on', { parent: { passesOn: false } }, 'parent.may_not_pass_on', 'parent', /order-desk/],
  [
    'a mandate above with a narrower limit',
    {
      parent: { permissions: [{ system: 'payments', actions: ['refund'], where: { '/amount': { max: 10 } } }] },
      call: { arguments: { amount: 50 } },
    },
    'parent.constraint',
    'parent',
    /^Agent order-desk may pass on payments\.refund only when \/amount is at most 10\.$/,
  ],
  ['an agent above that only reads', { parent: { autonomy: 'observe' } }, 'parent.autonomy', 'parent', /order-desk/],
  [
    'a hop that has expired',
    { hop: { expiresAtMs: now } },
    'hop.expired',
    'hop',
    /^What agent order-desk passed on to agent refund-desk has expired\.$/,
  ],
  ['a hop whose end cannot be read', { hop: { expiresAtMs: Number.NaN } }, 'hop.expired', 'hop', /expired/],
  ['a hop of another action', { details: [detail('list')] }, 'hop.silent', 'hop', /does not cover payments\.refund/],
  ['a hop of nothing', { details: [] }, 'hop.silent', 'hop', /does not cover/],
  ['a hop to another system', { hop: { audiences: ['crm'] } }, 'hop.silent', 'hop', /does not cover/],
  ['a hop to no system', { hop: { audiences: [] } }, 'hop.silent', 'hop', /does not cover/],
  [
    'a hop with a narrower limit',
    { details: [detail('refund', { '/amount': { max: '10' } })], call: { arguments: { amount: 50 } } },
    'hop.constraint',
    'hop',
    /covers payments\.refund only when \/amount is at most 10/,
  ],
  ['a hop that cannot be read', { hop: { policies: undefined } }, 'hop.invalid', 'hop', /cannot be read/],
  [
    'a mandate of its own without the action',
    { call: { document: aDocument({ permissions: [] }) } },
    'mandate.silent',
    'mandate',
    /^Nothing in the mandate permits/,
  ],
  [
    'what may only be passed on',
    { call: { document: aDocument({ permissions: [], passOn: [{ system: 'payments', actions: ['*'] }] }) } },
    'mandate.silent',
    'mandate',
    /./,
  ],
];

describe('what an agent may do for another', () => {
  test('is permitted where every link permits it, and each link is a line of the explanation', () => {
    const facts = delegated({ details: [detail('refund', { '/amount': { max: '100' } })], call: { arguments: { amount: 50 } } });
    const decision = decide(facts, engine);
    assert.equal(decision.outcome, 'permit', JSON.stringify(decision));
    assert.deepEqual(decision.policies, [
      'mandate:man_1/p1',
      'mandate:man_0/p1',
      'hop:tsk_1/p1',
      'role:owner/policy-1',
      'organisation/policy-1',
    ]);
    const lines = explain(facts, decision).map(({ link, holds, text, found }) => `${link} ${holds} ${text}: ${found}`);
    assert.deepEqual(lines, [
      'parent true agent order-desk is active: active',
      'hop true what agent order-desk passed on to agent refund-desk is good at this time: until 10 Jun 2026 10:00:30 UTC',
      'hop true /amount is at most 100: 50',
      'owner true policy role:owner/policy-1: undefined',
      'organisation true policy organisation/policy-1: undefined',
    ]);
  });

  for (const [what, change, reason, link, because] of refusals) {
    test(`is denied by ${what}`, () => {
      const decision = decided(change);
      assert.deepEqual([decision.outcome, decision.reason, decision.link], ['deny', reason, link]);
      assert.ok(
        because.test(decision.because) || decision.conditions.some(({ found }) => because.test(found ?? '')),
        decision.because,
      );
      assert.ok(decision.conditions.some((one) => !one.holds && one.link === link));
      for (const name of ['maya', 'paula', 'rita']) assert.ok(!JSON.stringify(decision).includes(name), 'nobody is named');
      if (reason !== 'mandate.silent')
        assert.equal(
          couldPermit(delegated(change), [delegated(change).operation!], engine).size,
          reason.endsWith('constraint') ? 1 : 0,
        );
    });
  }

  test('may be what the agent above may only pass on', () => {
    const parent = { permissions: [], passOn: [{ system: 'payments', actions: ['refund'], where: { '/amount': { max: 100 } } }] };
    assert.equal(decided({ parent, call: { arguments: { amount: 100 } } }).outcome, 'permit');
    assert.equal(decided({ parent, call: { arguments: { amount: 101 } } }).reason, 'parent.constraint');
    assert.equal(decided({ parent: { ...parent, passesOn: false }, call: { arguments: { amount: 1 } } }).outcome, 'permit');
  });
});

describe('a chain that is not one', () => {
  const base = delegated();
  const task = base.task!;
  const cases: readonly [string, Partial<CallFacts>][] = [
    ['is not whole', { chain: undefined }],
    ['leaves out its root', { chain: [] }],
    ['hangs on another task', { task: { ...task, parent: 'tsk_9' } }],
    ['has another root', { task: { ...task, root: 'tsk_9' } }],
    ['is counted wrongly', { task: { ...task, depth: 2 } }],
    ['has a hop that granted nothing', { task: { ...task, hop: null } }],
    [
      'comes back to the same agent',
      {
        chain: base.chain!.map((link) => ({
          ...link,
          agent: { ...link.agent!, id: agentId },
          task: { ...link.task, agent: agentId, requester: agentId },
        })),
      },
    ],
    [
      'has a link with the task of another agent',
      { chain: base.chain!.map((link) => ({ ...link, task: { ...link.task, agent: 'agt_9' } })) },
    ],
  ];
  for (const [what, change] of cases) {
    test(`is refused: it ${what}`, () => {
      const facts = { ...base, ...change };
      assert.deepEqual([decide(facts, engine).outcome, decide(facts, engine).reason], ['deny', 'chain.broken']);
      assert.equal(decideStanding(facts).reason, 'chain.broken');
      assert.equal(couldPermit(facts, [facts.operation!], engine).size, 0);
    });
  }
});

describe('holds of agents above', () => {
  const hold = [{ when: { '/amount': { over: 100 } }, because: 'Larger refunds need a look.' }];
  test('hold the agent below too', () => {
    const parent = { permissions: [{ system: 'payments', actions: ['refund'], hold }] };
    const held = decided({ parent, call: { arguments: { amount: 101 } } });
    assert.deepEqual([held.outcome, held.reason, held.link], ['hold', 'held.parent', 'parent']);
    assert.equal(held.because, 'Larger refunds need a look.');
    assert.equal(decided({ parent, call: { arguments: { amount: 100 } } }).outcome, 'permit');
  });

  test('hold it also where a wider right may only be passed on', () => {
    const parent = {
      permissions: [{ system: 'payments', actions: ['refund'], hold }],
      passOn: [{ system: 'payments', actions: ['*'] }],
      passesOn: false,
    };
    assert.equal(decided({ parent, call: { arguments: { amount: 101 } } }).reason, 'held.parent');
  });

  test('an agent that asks before every change has those below it ask', () => {
    const held = decided({ parent: { autonomy: 'propose' } });
    assert.deepEqual(
      [held.outcome, held.reason, held.because],
      ['hold', 'held.parent', 'Agent order-desk, which passed this on, would need to ask a person here.'],
    );
    assert.equal(decided({ parent: { autonomy: 'propose' }, call: { operation: { effect: 'read' } } }).outcome, 'permit');
  });
});

describe('a task that a person asked for', () => {
  const asked = (text: string, change: Partial<CallFacts> = {}) =>
    decide(
      aCall(engine, {
        facts: {
          task: aTask({ requester: requester.id, trigger: 'human' }),
          requester,
          roles: [{ name: 'desk', revision: 1, policies: prepareMay(engine, { name: 'desk', text }) }],
          ...change,
        },
      }),
      engine,
    );

  test('is limited by what that person may do', () => {
    assert.equal(asked(permitAll).outcome, 'permit');
    const denied = asked(
      '@because("Refunds are for the till.") forbid (principal, action in Action::"money", resource); permit (principal, action, resource);',
    );
    assert.deepEqual(
      [denied.reason, denied.link, denied.because],
      ['requester.may_not', 'requester', 'The person who asked for this may not do payments.refund: Refunds are for the till.'],
    );
    assert.equal(asked('').reason, 'requester.may_not');
    assert.equal(asked(permitAll, { roles: [{ name: 'desk', revision: 1, policies: undefined }] }).reason, 'policy.error');
  });

  test('ends with that person, and with nobody else', () => {
    for (const state of ['suspended', 'left'] as const)
      assert.equal(asked(permitAll, { requester: { ...requester, state } }).reason, 'requester.not_active');
    assert.equal(asked(permitAll, { requester: undefined }).reason, 'requester.not_active');
    assert.equal(asked(permitAll, { requester: { ...requester, id: ownerId } }).reason, 'requester.not_active');
  });

  test('policies see who is at the root, why, and how many passed it on', () => {
    const text =
      'permit (principal, action, resource) when { context.facts.human.roles.contains("desk") && context.facts.human == Human::"hum_00000000000000000000000003" && context.facts.trigger == "human" && context.facts.depth == 0 && principal.owner.roles.contains("owner") };';
    assert.equal(asked(text).outcome, 'permit');
    const two = decided({
      call: {
        organisation:
          'permit (principal, action, resource) when { context.facts.depth == 1 && context.facts.human.name == "paula" };',
      },
    });
    assert.equal(two.outcome, 'permit', two.because);
    assert.equal(
      decided({ call: { organisation: 'permit (principal, action, resource) when { context.facts.depth == 0 };' } }).reason,
      'organisation.silent',
    );
  });
});

test('nine hops are too many whatever anybody granted, and each hop says how many may follow', () => {
  const facts = delegated();
  const [link] = facts.chain!;
  const id = (at: number) => `agt_${String(100 + at).padStart(26, '0')}`;
  const chainOf = (hops: number, change: (at: number) => Partial<HopFacts> = () => ({})): CallFacts => {
    const place = (at: number) => ({
      id: `tsk_${at}`,
      root: 'tsk_0',
      depth: at,
      parent: at === 0 ? null : `tsk_${at - 1}`,
      hop: at === 0 ? null : { ...facts.task!.hop!, depthLeft: 8, ...change(at) },
    });
    return {
      ...facts,
      chain: Array.from({ length: hops }, (_, at) => ({
        ...link!,
        agent: { ...link!.agent!, id: id(at) },
        task: aTask({ agent: id(at), requester: id(Math.max(0, at - 1)), ...place(at) }),
        mandate: aMandate(engine, aDocument({ agent: id(at), maxDepth: 8 })),
      })),
      task: aTask({ requester: id(hops - 1), ...place(hops) }),
    };
  };
  assert.equal(decide(chainOf(8), engine).outcome, 'permit');
  assert.equal(decide(chainOf(9), engine).reason, 'chain.too_deep');
  assert.equal(
    decide(
      chainOf(3, (at) => ({ depthLeft: 3 - at })),
      engine,
    ).outcome,
    'permit',
  );
  const short = decide(
    chainOf(3, (at) => ({ depthLeft: at === 1 ? 1 : 8 })),
    engine,
  );
  assert.deepEqual([short.reason, short.link], ['chain.too_deep', 'hop']);
});

test('what cannot be compiled of a hop is said with its place, and lets nothing pass', () => {
  const odd = { ...detail('refund'), locations: ['https://gateway.example/other/payments'] as [string] };
  assert.deepEqual(
    checkDetails([detail('list'), odd]).map(({ path }) => path),
    ['/1/locations/0'],
  );
  assert.equal(checkDetails([detail('refund', { '/amount': { max: '999999999999999' } })])[0]?.path, '/0/where/~1amount/max');
  assert.equal(prepareHop(engine, { task: 'tsk_1', agent: agentId, details: [odd] }), undefined);
  for (const location of [
    'https://g.example/mcp/Payments',
    'https://g.example/mcp/payments/',
    'https://g.example/mcp/a/../b',
    'https://g.example/mcp/payments?x',
    'https://g.example/mcp/payments#x',
    'ftp://g.example/mcp/payments',
  ])
    assert.ok(systemAt(location) === undefined || /^[a-z0-9-]+$/.test(systemAt(location)!), location);
  assert.equal(systemAt('https://g.example/mcp/payments/'), undefined);
});

test('a document that says nothing of passing on keeps its digest: no default is written into it', () => {
  const plain = aDocument();
  assert.ok(!('passOn' in plain) && !('passesOn' in plain) && !('maxDepth' in plain));
  for (const maxDepth of [-1, maxHops + 1, 1.5]) assert.ok(!MandateDocument.safeParse({ ...plain, maxDepth }).success);
  assert.ok(MandateDocument.safeParse({ ...plain, maxDepth: maxHops }).success);
});
