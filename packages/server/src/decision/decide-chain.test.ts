import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Agent } from '@surety/contract/agent';
import type { Call } from '@surety/contract/call';
import type { AgentAction, HopGrant } from '@surety/contract/delegation';
import type { Human } from '@surety/contract/human';
import type { HumanId } from '@surety/contract/id';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import { type ExactRecord, fromPlain, isExactRecord, readExactJson, writeExactJson } from '@surety/contract/exact-json';
import { MandateDocument } from '@surety/contract/mandate';
import type { Task } from '@surety/contract/task';
import { digestCall } from '@surety/decision/call-digest';
import { test } from 'vitest';
import { addSystem } from '#catalogue/add-system';
import { classifyOperation } from '#catalogue/classify-operation';
import { openSystemFacts } from '#catalogue/system-facts';
import { openAuthorityFacts } from '#delegation/authority-facts';
import { endMandate } from '#delegation/end-mandate';
import { endTask } from '#delegation/end-task';
import { giveMandate } from '#delegation/give-mandate';
import { readMandate } from '#delegation/read-mandate';
import { newTask } from '#delegation/task';
import { addTask } from '#delegation/task-store';
import { createSealer } from '#keys/seal';
import { openPolicyFacts } from '#policy/policy-facts';
import { prepareHouse } from '#policy/prepare-house';
import { setRole } from '#policy/set-role';
import { changeHuman } from '#registry/change-human';
import { moveAgent } from '#registry/move-agent';
import { openPrincipalFacts } from '#registry/principal-facts';
import { revokeCredential } from '#registry/revoke-credential';
import { openNode } from '#registry/testing/node';
import { freshName, heldClock, residents, signed } from '#registry/testing/residents';
import { readInputs } from './call-inputs.ts';
import { createDecider } from './decide-call.ts';

const { db, feed, upToDate } = await openNode();
const { clock, pass } = heldClock();
const { human, agent, keyOf } = residents(db, clock);
const house = { db, clock };
await prepareHouse(db, clock);

const room = {
  db,
  feed,
  clock,
  facts: openPrincipalFacts({ db, feed }),
  policies: openPolicyFacts({ db, feed }),
  systems: openSystemFacts({ db, feed }),
  authority: openAuthorityFacts({ db, feed }),
};
const decider = createDecider(room);
const permitAll = 'permit (principal, action, resource);';
type Permissions = object[];

type Link = { readonly agent: Agent; readonly credential: string; readonly owner: string; readonly give: Give };

/** An active agent with an owner of its own and a mandate for everything up to 250. */
async function newLink(system: string): Promise<Link> {
  const owner = await human({ roles: ['owner'] });
  const ownerKey = await keyOf(owner.id);
  const one = await agent({ owner: owner.id, state: 'active' });
  const { credential } = await keyOf(one.id);
  const give: Give = async (permissions, more = {}) => {
    const document = MandateDocument.parse({
      agent: one.id,
      purpose: 'Refund orders',
      autonomy: 'act',
      expiresAt: '2027-01-01T00:00:00Z',
      permissions,
      ...more,
    });
    const claims = { digest: readMandate({ document }).digest, agent: one.id, iat: Math.floor(clock() / 1000) };
    return giveMandate(house, owner.id, { document, signature: signed(ownerKey, 'surety-mandate+jwt', claims) });
  };
  await give([{ system, actions: ['*'], where: { '/amount': { max: 250 } } }]);
  return { agent: one, credential, owner: owner.id, give };
}

async function newSystem() {
  const admin = await human({ roles: ['administrator'] });
  const catalogue = {
    ...house,
    sealer: createSealer(randomBytes(32)),
    allowCommands: false,
    describe: async () => ['refund', 'list'].map((name) => ({ name, inputSchema: {}, definition: { name } })),
  };
  const upstream = { kind: 'mcp-http', url: 'https://pay.example/mcp' } as const;
  const system = await addSystem(catalogue, admin.id, { name: freshName('payments'), upstream });
  await classifyOperation(house, admin.id, { system: system.id, operation: 'refund', effect: 'money' });
  await classifyOperation(house, admin.id, { system: system.id, operation: 'list', effect: 'read' });
  return system;
}

/** The task of a link below that of the one above; at the root on its own trigger, or because a person asked. */
async function openBelow(
  { agent: one, owner, credential }: Link,
  parent: Task | undefined,
  more: { asker?: Human; depthLeft: number },
) {
  const expiresAt = new Date(clock() + 1_800_000).toISOString();
  const asker = more.asker?.id;
  const task = newTask(
    {
      agent: one.id,
      answerable: parent?.answerable ?? asker ?? (owner as HumanId),
      requester: parent?.agent ?? asker,
      trigger: parent === undefined && asker !== undefined ? 'human' : 'agent',
      purpose: 'today',
      lifetimeSeconds: 3600,
      parent,
      grant: parent && { details: null, scope: 'call', audiences: null, depthLeft: more.depthLeft, expiresAt },
      instance: credential,
    },
    clock(),
  );
  await db.transaction((tx) => addTask(tx, task));
  return task;
}

/** A system, a person who asks, and agents A → B → C, each with an owner and a mandate of its own and a task below. */
async function chain({ depth = 2, asked = false, depthLeft = 4 } = {}) {
  const system = await newSystem();
  const askingRole = freshName('desk');
  await setRole(house, 'house', { role: askingRole, document: { answersFor: '', may: permitAll, description: '' } });
  const requester = await human({ roles: [askingRole] });
  const links: (Link & { task: Task })[] = [];
  for (let at = 0; at <= depth; at++) {
    const link = await newLink(system.name);
    const task = await openBelow(link, links.at(-1)?.task, { depthLeft, ...(asked ? { asker: requester } : {}) });
    links.push({ ...link, task });
  }
  const last = links.at(-1);
  assert.ok(last !== undefined);
  const issuedAtSeconds = Math.floor(clock() / 1000) + 60;
  const caller: AuthenticatedCaller = {
    principal: last.agent.id,
    kind: 'agent',
    credential: last.credential,
    jkt: 'jkt',
    task: last.task.id,
    tokenId: `tok_${randomBytes(8).toString('hex')}`,
    issuedAtSeconds,
    expiresAtSeconds: issuedAtSeconds + 300,
    proofId: 'proof',
    proofIssuedAtSeconds: issuedAtSeconds,
  };
  const call = (args: string, operation = 'refund'): Call => {
    const read = readExactJson(args) as ExactRecord;
    assert.ok(isExactRecord(read));
    const digest = digestCall({ agent: last.agent.id, system: system.name, operation, arguments: read });
    return { protocol: 'mcp', system: system.name, operation, arguments: read, digest };
  };
  const judged = (args = '{"amount":50}', operation?: string) => decider.decide(caller, call(args, operation));
  await upToDate();
  return { links, system, requester, askingRole, caller, call, judged };
}

type Give = (permissions: Permissions, more?: object) => ReturnType<typeof giveMandate>;

function detailOf(system: string, identifier: string, max: number): AgentAction {
  const locations: [string] = [`https://gateway.example/mcp/${system}`];
  return { type: 'agent_action', locations, actions: ['invoke'], identifier, constraints: { '/amount': { max: String(max) } } };
}

test('a call at the end of a chain is decided on every link, and the decision can be computed again from its record', async () => {
  const { links, judged, requester } = await chain({ asked: true });
  const { decision, inputs, answerable, fence } = await judged();
  assert.equal(decision.outcome, 'permit', decision.because);
  assert.equal(answerable, requester.id);
  for (const { agent: one, owner, task, credential } of links)
    for (const expected of [one.id, owner, task.id, credential]) assert.ok(fence.keys.includes(expected), expected);
  assert.ok(fence.keys.includes(requester.id));
  const again = await decider.recompute(inputs, decision);
  assert.equal(again.recomputed, 'same');
  const said = again.conditions.map(({ link, text }) => `${link}: ${text}`);
  assert.ok(said.includes('requester: the person who asked for this is active'));
  for (const { agent: one } of links.slice(0, -1))
    assert.ok(said.includes(`parent: agent ${one.name} is active`), said.join('\n'));
  assert.equal(said.filter((one) => one.startsWith('hop: what agent')).length, 2);
});

test('what a hop was narrowed to is a limit of its own, kept with the record', async () => {
  const { system, links, caller, call } = await chain({ depth: 1 });
  const [, child] = links;
  assert.ok(child !== undefined);
  const { agent: by, answerable, requester } = child.task;
  const grant: HopGrant = { ...(child.task.grant as HopGrant), details: [detailOf(system.name, 'refund', 20)] };
  const parent = links[0]?.task;
  const narrowed = newTask({ agent: by, answerable, requester, purpose: 'part', lifetimeSeconds: 600, parent, grant }, clock());
  await db.transaction((tx) => addTask(tx, narrowed));
  const under = { ...caller, task: narrowed.id };
  assert.equal((await decider.decide(under, call('{"amount":20}'))).decision.outcome, 'permit');
  const over = await decider.decide(under, call('{"amount":20.01}'));
  assert.equal(over.decision.reason, 'hop.constraint');
  assert.match(over.decision.because, /^What agent \S+ passed on to agent \S+ covers \S+ only when \/amount is at most 20\.$/);
  assert.equal((await decider.recompute(over.inputs, over.decision)).recomputed, 'same');
  assert.equal((await decider.decide(under, call('{"amount":1}', 'list'))).decision.reason, 'hop.silent');
  const guarded = await room.systems.byName(system.name);
  assert.ok(guarded !== undefined);
  assert.deepEqual([...(await decider.listable(under, guarded))], ['refund']);
});

test('what changes above changes what is below at once, at every link (TX-15)', async () => {
  type Scene = Awaited<ReturnType<typeof chain>>;
  const cases: readonly [string, (at: Scene) => Promise<unknown>][] = [
    [
      'parent.constraint',
      ({ links, system }) => links[0]!.give([{ system: system.name, actions: ['*'], where: { '/amount': { max: 10 } } }]),
    ],
    ['parent.may_not_pass_on', ({ links, system }) => links[1]!.give([{ system: system.name, actions: ['list'] }])],
    [
      'parent.may_not_pass_on',
      ({ links, system }) => links[1]!.give([{ system: system.name, actions: ['*'] }], { passesOn: false }),
    ],
    ['chain.too_deep', ({ links, system }) => links[0]!.give([{ system: system.name, actions: ['*'] }], { maxDepth: 1 })],
    [
      'parent.autonomy',
      ({ links, system }) => links[0]!.give([{ system: system.name, actions: ['*'] }], { autonomy: 'observe' }),
    ],
    [
      'held.parent',
      ({ links, system }) => links[0]!.give([{ system: system.name, actions: ['*'], hold: [{ because: 'All refunds.' }] }]),
    ],
    ['requester.may_not', ({ requester }) => changeHuman(house, 'house', { human: requester.id, roles: ['auditor'] })],
    [
      'requester.may_not',
      ({ askingRole }) => setRole(house, 'house', { role: askingRole, document: { answersFor: permitAll, description: '' } }),
    ],
  ];
  for (const [reason, change] of cases) {
    const scene = await chain({ asked: true });
    const before = await scene.judged();
    assert.equal(before.decision.outcome, 'permit', reason);
    await change(scene);
    await upToDate();
    const { rows } = await db.query<{ count: number }>(
      'select count(*) as count from change where number > $1 and key = any($2)',
      [before.fence.change, before.fence.keys],
    );
    assert.ok((rows[0]?.count ?? 0) > 0, `the fence of ${reason} sees it`);
    const after = await scene.judged();
    assert.equal(after.decision.reason, reason, after.decision.because);
    assert.equal((await decider.recompute(after.inputs, after.decision)).recomputed, 'same');
    assert.equal((await decider.recompute(before.inputs, before.decision)).recomputed, 'same', 'as it was then');
  }
});

test('whoever is suspended, stopped or revoked above ends what is below, and it stays ended', async () => {
  type Scene = Awaited<ReturnType<typeof chain>>;
  const ends: readonly ((at: Scene) => Promise<unknown>)[] = [
    ({ links }) => moveAgent(house, 'house', { agent: links[0]!.agent.id, to: 'suspended', reason: 'test' }),
    ({ links }) => moveAgent(house, 'house', { agent: links[1]!.agent.id, to: 'retired', reason: 'test' }),
    ({ links }) => changeHuman(house, 'house', { human: links[1]!.owner as never, state: 'left' }),
    ({ links }) => revokeCredential(house, 'house', { credential: links[0]!.credential as never }),
    ({ links }) => endTask(house, 'house', { task: links[0]!.task.id }),
    async ({ links }) => endMandate(house, links[1]!.owner, { mandate: (await room.authority.mandate(links[1]!.agent.id))!.id }),
    ({ requester }) => changeHuman(house, 'house', { human: requester.id, state: 'suspended' }),
  ];
  for (const end of ends) {
    const scene = await chain({ asked: true });
    assert.equal((await scene.judged()).decision.outcome, 'permit');
    await end(scene);
    await upToDate();
    await assert.rejects(scene.judged(), { code: 'token.ended' }, String(end));
    await assert.rejects(decider.standing(scene.caller), { code: 'token.ended' });
  }
  const scene = await chain();
  const first = scene.links[0]!.agent.id;
  await moveAgent(house, 'house', { agent: first, to: 'suspended', reason: 'test' });
  await moveAgent(house, 'house', { agent: first, to: 'active', reason: 'test' });
  await upToDate();
  await assert.rejects(scene.judged(), { code: 'token.ended' }, 'what was passed on before stays dead');
});

test('deeper than was granted, a hop that has run out, and a chain that was tampered with are refused', async () => {
  assert.equal((await (await chain({ depthLeft: 0 })).judged()).decision.reason, 'chain.too_deep');
  assert.equal((await (await chain({ depthLeft: 1 })).judged()).decision.outcome, 'permit');
  const late = await chain();
  pass(1_900_000);
  assert.equal((await late.judged()).decision.reason, 'hop.expired');
  const loop = await chain();
  await db.query('update task set agent = $1 where id = $2', [loop.caller.principal, loop.links[0]!.task.id]);
  await db.query(`insert into change (number, what, key) select max(number) + 1, 'changed', $1 from change`, [
    loop.links[0]!.task.id,
  ]);
  await upToDate();
  assert.equal((await loop.judged()).decision.outcome, 'deny');
  assert.equal((await loop.judged()).decision.reason, 'chain.broken');
});

test('a record of the first format, from before there were chains, is computed again all the same', async () => {
  const { judged } = await chain({ depth: 0 });
  const { decision, inputs } = await judged();
  const kept = readExactJson(inputs, { depth: 200, nodes: 300_000 });
  assert.ok(isExactRecord(kept) && isExactRecord(kept['task']));
  const { chain: _chain, requester: _requester, ...rest } = kept;
  const { parent: _parent, root: _root, depth: _depth, hop: _hop, ...task } = kept['task'];
  const first = Buffer.from(writeExactJson({ ...rest, format: fromPlain(1), task }));
  assert.equal(readInputs(first)?.chain?.length, 0);
  assert.equal((await decider.recompute(first, decision)).recomputed, 'same');
  assert.equal(readInputs(Buffer.from(writeExactJson({ ...kept, format: fromPlain(1) }))), undefined);
});
