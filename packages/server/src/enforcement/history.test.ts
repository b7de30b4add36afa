import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Agent } from '@surety/contract/agent';
import type { Call } from '@surety/contract/call';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import { type ExactRecord, readExactJson } from '@surety/contract/exact-json';
import { HistoryRules } from '@surety/contract/history';
import type { Human } from '@surety/contract/human';
import type { HumanId } from '@surety/contract/id';
import { MandateDocument } from '@surety/contract/mandate';
import type { Task } from '@surety/contract/task';
import { digestCall } from '@surety/decision/call-digest';
import { afterAll, test } from 'vitest';
import type * as z from 'zod';
import { answerApproval } from '#approval/answer-approval';
import { findQuestion } from '#approval/approval-store';
import { addSystem } from '#catalogue/add-system';
import { classifyOperation } from '#catalogue/classify-operation';
import { inputsPlace } from '#decision/inputs-place';
import { giveMandate } from '#delegation/give-mandate';
import { readMandate } from '#delegation/read-mandate';
import { newTask } from '#delegation/task';
import { addTask } from '#delegation/task-store';
import { silentLog } from '#kernel/log';
import { openCommitQueue } from '#ledger/commit-queue';
import { publishRules } from '#policy/publish-rules';
import { freshName, signed } from '#registry/testing/residents';
import { openGuardHouse } from './guard-house.ts';
import { guarded } from './testing/guarded.ts';

const all = await guarded();
const { db, guard, house, clock, human, agent, keyOf, sealer, decider } = all;
const open = () => ({ holdMs: 0, signal: new AbortController().signal });

/** The same house on a second node. */
const otherQueue = openCommitQueue({ url: all.url, clock, log: silentLog });
const otherGuard = openGuardHouse({ ...all.room, queue: otherQueue });
afterAll(() => otherQueue.close());
const owner = await human({ roles: ['owner'] });
const ownerKey = await keyOf(owner.id);

async function newSystem() {
  const describe = async () => ['create_vendor', 'pay', 'list'].map((name) => ({ name, inputSchema: {}, definition: { name } }));
  const upstream = { kind: 'mcp-http', url: 'https://erp.example/mcp' } as const;
  const system = await addSystem({ ...house, sealer, describe, allowCommands: false }, owner.id, {
    name: freshName('erp'),
    upstream,
  });
  await classifyOperation(house, owner.id, { system: system.id, operation: 'create_vendor', effect: 'write' });
  await classifyOperation(house, owner.id, { system: system.id, operation: 'pay', effect: 'money' });
  await classifyOperation(house, owner.id, { system: system.id, operation: 'list', effect: 'read' });
  return system.name;
}

type Limits = NonNullable<z.input<typeof MandateDocument>['limits']>;
type Member = { readonly agent: Agent; readonly credential: string };

/** An active agent with a mandate for everything on a system. */
async function member(system: string, limits?: Limits): Promise<Member> {
  const one = await agent({ owner: owner.id, state: 'active' });
  const { credential } = await keyOf(one.id);
  await give(one, system, limits);
  return { agent: one, credential };
}

async function give(one: Agent, system: string, limits?: Limits) {
  const document = MandateDocument.parse({
    agent: one.id,
    purpose: 'Pays vendors',
    autonomy: 'act',
    expiresAt: new Date(clock() + 3_600_000).toISOString(),
    permissions: [{ system, actions: ['*'] }],
    ...(limits === undefined ? {} : { limits }),
  });
  const claims = { digest: readMandate({ document }).digest, agent: one.id, iat: Math.floor(clock() / 1000) };
  await giveMandate(house, owner.id, { document, signature: signed(ownerKey, 'surety-mandate+jwt', claims) });
  await all.caughtUp();
}

/** The task of a member: at the root for a person who asks, or below another. */
async function taskOf(one: Member, of: { asker?: Human; parent?: Task }): Promise<Task> {
  const { asker, parent } = of;
  const expiresAt = new Date(clock() + 1_800_000).toISOString();
  const task = newTask(
    {
      agent: one.agent.id,
      answerable: parent?.answerable ?? asker?.id ?? (owner.id as HumanId),
      requester: parent?.agent ?? asker?.id,
      trigger: asker === undefined ? 'agent' : 'human',
      purpose: 'today',
      lifetimeSeconds: 3600,
      parent,
      grant: parent && { details: null, scope: 'call', audiences: null, depthLeft: 3, expiresAt },
      instance: one.credential,
    },
    clock(),
  );
  await db.transaction((tx) => addTask(tx, task));
  return task;
}

const callerOf = (one: Member, task: Task): AuthenticatedCaller => {
  const seconds = Math.floor(clock() / 1000);
  return {
    principal: one.agent.id,
    kind: 'agent',
    credential: one.credential,
    jkt: 'jkt',
    task: task.id,
    tokenId: `tok_${randomBytes(8).toString('hex')}`,
    issuedAtSeconds: seconds + 1,
    expiresAtSeconds: seconds + 300,
    proofId: randomBytes(8).toString('hex'),
    proofIssuedAtSeconds: seconds,
  };
};

function callOf(one: Member, system: string, [operation, text]: readonly [string, string]): Call {
  const args = readExactJson(text) as ExactRecord;
  return {
    protocol: 'mcp',
    system,
    operation,
    arguments: args,
    digest: digestCall({ agent: one.agent.id, system, operation, arguments: args }),
  };
}

const does = (one: Member, task: Task, system: string, what: readonly [string, string]) =>
  guard.begin(callerOf(one, task), callOf(one, system, what), open());

async function rules(given: z.input<typeof HistoryRules>) {
  await publishRules(house, owner.id, { rules: HistoryRules.parse(given) });
  await all.caughtUp();
}

const segregation = (system: string) => [
  {
    id: 'creator-does-not-pay',
    when: { system, actions: ['pay'] },
    forbidIf: {
      happened: { system, actions: ['create_vendor'] },
      by: 'same_person' as const,
      within: 'P30D',
      same: [{ here: '/vendor', there: '/id' }],
    },
    because: 'Who created a vendor does not pay it.',
  },
];

test('who created a vendor, by whatever agents, may not pay it; somebody else may, and they may pay another', async () => {
  const system = await newSystem();
  const [maya, tom] = [await human({ roles: ['owner'] }), await human({ roles: ['owner'] })];
  const [front, below, other] = [await member(system), await member(system), await member(system)];
  const root = await taskOf(front, { asker: maya });
  const created = await does(below, await taskOf(below, { parent: root }), system, [
    'create_vendor',
    '{"id":"V-17","iban":"DE1"}',
  ]);
  assert.equal(created.kind, 'go');
  await rules(segregation(system)); // published later: the past is known all the same

  const refused = await does(other, await taskOf(other, { asker: maya }), system, ['pay', '{"vendor":"v-17 ","amount":10}']);
  assert.deepEqual([refused.kind, refused.decision.reason, refused.decision.link], ['refused', 'history.forbidden', 'history']);
  assert.equal(refused.decision.because, 'Who created a vendor does not pay it.');
  assert.match(JSON.stringify(refused.decision.conditions), new RegExp(created.actionId));
  const { rows } = await db.query<{ sealed: Buffer }>(`select sealed from entry where about = $1`, [refused.actionId]);
  const again = await decider.recompute(
    sealer.open(inputsPlace(refused.actionId, 'call.denied'), rows[0]!.sealed),
    refused.decision,
  );
  assert.equal(again.recomputed, 'same');

  assert.equal(
    (await does(other, await taskOf(other, { asker: tom }), system, ['pay', '{"vendor":"V-17","amount":10}'])).kind,
    'go',
  );
  assert.equal(
    (await does(other, await taskOf(other, { asker: maya }), system, ['pay', '{"vendor":"V-18","amount":10}'])).kind,
    'go',
  );
  // Leaving open who is paid, or hiding it, gets around nothing.
  for (const text of ['{"amount":10}', '{"vendor":{"id":"V-17"}}', '{"vendor":["V-9","V-17"]}'])
    assert.equal(
      (await does(other, await taskOf(other, { asker: maya }), system, ['pay', text])).decision.reason,
      'history.forbidden',
      text,
    );
  await db.query(`update deed set at = now() - interval '30 days 1 second' where action = $1`, [created.actionId]);
  assert.equal((await does(other, await taskOf(other, { asker: maya }), system, ['pay', '{"vendor":"V-17"}'])).kind, 'go');
});

test('both sides of a segregation at one instant on two nodes: never both', async () => {
  const system = await newSystem();
  const one = await member(system);
  const [there] = segregation(system);
  await rules([
    there!,
    {
      id: 'payer-does-not-create',
      when: { system, actions: ['create_vendor'] },
      forbidIf: {
        happened: { system, actions: ['pay'] },
        by: 'same_person',
        within: 'P30D',
        same: [{ here: '/id', there: '/vendor' }],
      },
      because: 'Who paid a vendor does not create it again.',
    },
  ]);
  for (let round = 0; round < 25; round++) {
    const maya = await human({ roles: ['owner'] });
    const task = await taskOf(one, { asker: maya });
    const results = await Promise.all([
      guard.begin(callerOf(one, task), callOf(one, system, ['create_vendor', `{"id":"R-${round}"}`]), open()),
      otherGuard.begin(callerOf(one, task), callOf(one, system, ['pay', `{"vendor":"R-${round}"}`]), open()),
    ]);
    assert.equal(results.filter(({ kind }) => kind === 'go').length, 1);
  }
});

test('a call that needs another before it, a rule that asks a person, and counts of the past', async () => {
  const system = await newSystem();
  const one = await member(system);
  const maya = await human({ roles: ['owner'] });
  await rules([
    {
      id: 'look-first',
      when: { system, actions: ['create_vendor'] },
      forbidIf: { notHappened: { system, actions: ['list'] }, by: 'task', within: 'task', same: [{ here: '/id', there: '/id' }] },
      because: 'Look first whether the vendor is there.',
    },
    {
      id: 'third-payment',
      when: { system, actions: ['pay'] },
      holdIf: { happened: { system, actions: ['pay'] }, by: 'requester', within: 'PT1H', atLeast: { count: 2 } },
      because: 'A third payment within the hour.',
    },
  ]);
  const task = await taskOf(one, { asker: maya });
  assert.equal((await does(one, task, system, ['create_vendor', '{"id":1}'])).decision.reason, 'history.forbidden');
  assert.equal((await does(one, task, system, ['list', '{"id":2}'])).kind, 'go');
  assert.equal((await does(one, task, system, ['create_vendor', '{"id":1}'])).decision.reason, 'history.forbidden');
  assert.equal((await does(one, task, system, ['create_vendor', '{}'])).decision.reason, 'history.forbidden');
  assert.equal((await does(one, task, system, ['create_vendor', '{"id":2}'])).kind, 'go');

  for (const amount of [1, 2]) assert.equal((await does(one, task, system, ['pay', `{"amount":${amount}}`])).kind, 'go');
  const held = await does(one, task, system, ['pay', '{"amount":3}']);
  assert.deepEqual([held.kind, held.decision.reason], ['held', 'held.history']);
  const call = callOf(one, system, ['pay', '{"amount":3}']);
  const question = await findQuestion(db, { agent: one.agent.id, callDigest: call.digest, requester: maya.id });
  const claims = { approval: question!.id, digest: question!.questionDigest, answer: 'approve', iat: Math.floor(clock() / 1000) };
  await answerApproval({ ...house, validSeconds: 600 } as never, owner.id, {
    approval: question!.id,
    signature: signed(ownerKey, 'surety-approval+jwt', claims),
  });
  const yes = await guard.begin(callerOf(one, task), call, { holdMs: 2_000, signal: new AbortController().signal });
  assert.deepEqual([yes.kind, yes.decision.reason], ['go', 'approved']);
  assert.equal((await does(one, task, system, ['pay', '{"amount":3}'])).kind, 'held');
});

test("two children race under one parent's limit: together they never exceed it, whatever their own mandates say", async () => {
  const system = await newSystem();
  await rules([]);
  const limits: Limits = [
    { of: [{ system, actions: ['pay'] }], measure: { sum: '/amount' }, max: 100, per: 'agent', within: 'P1D' },
  ];
  const parent = await member(system, limits);
  const children = [await member(system), await member(system, [{ ...limits[0]!, max: 1_000 }])];
  const root = await taskOf(parent, {});
  const tasks = await Promise.all(children.map((one) => taskOf(one, { parent: root })));
  const results = await Promise.all(
    Array.from({ length: 80 }, (_, at) => does(children[at % 2]!, tasks[at % 2]!, system, ['pay', '{"amount":3}'])),
  );
  assert.equal(results.filter(({ kind }) => kind === 'go').length, 33);
  const refused = results.find(({ kind }) => kind === 'refused');
  assert.equal(refused?.decision.reason, 'limit.reached');
  assert.match(refused?.decision.because ?? '', new RegExp(parent.agent.name));
  // The parent's own calls draw on it too, and so does another tree of its tasks: one that it opens anew launders nothing.
  assert.equal((await does(parent, root, system, ['pay', '{"amount":2}'])).decision.reason, 'limit.reached');
  assert.equal((await does(parent, await taskOf(parent, {}), system, ['pay', '{"amount":2}'])).decision.reason, 'limit.reached');
  assert.equal((await does(parent, root, system, ['pay', '{"amount":1}'])).kind, 'go');
});

test('a limit of the owner or the organisation counts agents that it is not written for, at one instant too', async () => {
  const system = await newSystem();
  const of = [{ system, actions: ['pay'] }];
  const [free, bound, wide] = [
    await member(system),
    await member(system, [{ of, measure: 'count', max: 6, per: 'owner', within: 'P1D' }]),
    await member(system, [
      { of: [...of, { system, actions: ['create_vendor'] }], measure: 'count', max: 6, per: 'organisation', within: 'P1D' },
    ]),
  ];
  const tasks = await Promise.all([free, bound, wide].map((one) => taskOf(one, {})));
  for (let at = 0; at < 2; at++) assert.equal((await does(free, tasks[0]!, system, ['pay', '{}'])).kind, 'go');
  const results = await Promise.all(
    Array.from({ length: 30 }, (_, at) => does([bound, wide][at % 2]!, tasks[1 + (at % 2)]!, system, ['pay', '{}'])),
  );
  assert.equal(results.filter(({ kind }) => kind === 'go').length, 4);
  assert.equal((await does(free, tasks[0]!, system, ['pay', '{}'])).kind, 'go');
});

test('what a limit asks a person for runs with a yes, once, beyond the limit; a limit that refuses is not exceeded by any yes', async () => {
  const system = await newSystem();
  const of = [{ system, actions: ['pay'] }];
  const one = await member(system, [
    { of, measure: { sum: '/amount' }, max: 10, per: 'task', exceed: 'hold' },
    { of, measure: { sum: '/amount' }, max: 20, per: 'task' },
  ]);
  const task = await taskOf(one, {});
  assert.equal((await does(one, task, system, ['pay', '{"amount":10}'])).kind, 'go');
  const held = await does(one, task, system, ['pay', '{"amount":7}']);
  assert.deepEqual([held.kind, held.decision.reason], ['held', 'held.limit']);
  assert.equal((await does(one, task, system, ['pay', '{"amount":10.5}'])).decision.reason, 'limit.reached');
  const call = callOf(one, system, ['pay', '{"amount":7}']);
  const question = await findQuestion(db, { agent: one.agent.id, callDigest: call.digest, requester: one.agent.id });
  const claims = { approval: question!.id, digest: question!.questionDigest, answer: 'approve', iat: Math.floor(clock() / 1000) };
  await answerApproval({ ...house, validSeconds: 600 } as never, owner.id, {
    approval: question!.id,
    signature: signed(ownerKey, 'surety-approval+jwt', claims),
  });
  const wait = { holdMs: 2_000, signal: new AbortController().signal };
  assert.equal((await guard.begin(callerOf(one, task), call, wait)).kind, 'go');
  // 17 of 20 are used: the same call again is beyond what any yes could permit.
  assert.equal((await does(one, task, system, ['pay', '{"amount":7}'])).decision.reason, 'limit.reached');
});
