import assert from 'node:assert/strict';
import { endMandate, endTask, listTasks, setRole } from '@surety/contract/authority-routes';
import type { AgentId, TaskId } from '@surety/contract/id';
import type { Permission } from '@surety/contract/mandate';
import { explainAction, orderStop } from '@surety/contract/oversight-routes';
import { changeHuman, moveAgent } from '@surety/contract/registry-routes';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, test } from 'vitest';
import type { ByHand } from './by-hand.ts';
import { withPart } from './forge.ts';
import { action, askExchange, askOffer, handOn, type Held, heldOf, mandateOf, type Offer } from './handing-on.ts';
import { bodyOf, messagesOf } from './raw-http.ts';
import { until } from './recording-system.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let at: { issuer: string; resource: string };
let reads: Permission;
let pays: Permission;

beforeAll(async () => {
  rig = await openRig();
  at = { issuer: rig.place.issuer, resource: `${rig.place.gateway}/mcp/payments` };
  reads = { system: 'payments', actions: ['read_order', 'slow'] };
  pays = { system: 'payments', actions: ['refund'], where: { '/amount': { over: '0', max: '5000' }, '/order': { like: 'V-*' } } };
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

type Company = { readonly procure: ByHand; readonly reader: ByHand; readonly payer: ByHand; readonly other: ByHand };

/** An agent that may read, and have others pay but not pay itself; and agents that may read and pay. */
async function company(name: string): Promise<Company> {
  const hire = async (role: string, says: Parameters<typeof mandateOf>[2]) => {
    const one = await rig.hire(`${name}-${role}`, { permissions: [] });
    await mandateOf(rig.maya, one.id, says);
    return one;
  };
  return {
    procure: await hire('procure', { permissions: [reads], passOn: [pays] }),
    reader: await hire('reader', { permissions: [reads, pays] }),
    payer: await hire('payer', { permissions: [reads, pays] }),
    other: await hire('other', { permissions: [reads, pays] }),
  };
}

const narrowed = (): Offer => ({
  details: [
    action(rig.place.gateway, 'payments', 'refund', { '/amount': { max: '100' } }),
    action(rig.place.gateway, 'payments', 'slow'),
  ],
  depth: 0,
});
const refund = (by: ByHand, held: Held, amount: number, order = 'V-1') =>
  by.call('payments', 'refund', { order, amount }, { token: held.token });
const errorOf = (answer: Parameters<typeof bodyOf>[0]) => bodyOf(answer)['error'];

test('work that is handed on is done by the child, for the parent, and the whole chain is in the record', async () => {
  const { procure, payer } = await company('chain');
  const own = heldOf(await procure.askToken(at.resource));
  const held = await handOn(at, procure, payer, { ...narrowed(), task: own.task });
  const { sub, client_id: client, act, task, may_act: mayAct, authorization_details: details } = decodeJwt(held.token);
  assert.deepEqual([sub, client, mayAct], [procure.id, payer.id, undefined]);
  assert.deepEqual(act, { iss: at.issuer, sub: payer.id, sub_profile: 'ai_agent' });
  assert.deepEqual(details, narrowed().details);
  const told = await refund(payer, held, 60);
  assert.equal(told.said, 'allowed', told.text);
  const { items } = await rig.maya.client.call(listTasks, { tree: task as TaskId });
  assert.deepEqual(
    items.map(({ agent, parent, depth, calls }) => [agent, parent, depth, calls]),
    [
      [procure.id, null, 0, 0],
      [payer.id, own.task, 1, 1],
    ],
  );
  assert.ok(items[1]?.handedOn.some((sentence) => /payments\.refund when \/amount is at most 100/.test(sentence)));
  const [hop] = await rig.entries('hop.granted', payer.id);
  assert.deepEqual([hop?.about, hop?.data['from'], hop?.data['to'], hop?.data['parent']], [task, procure.id, payer.id, own.task]);
  const [intent] = await rig.entries('call.intended', payer.id);
  assert.equal(intent?.data['agent'], payer.id);
  const renewed = heldOf(await payer.askToken(at.resource, { form: { task: held.task } }));
  assert.deepEqual(decodeJwt(renewed.token)['act'], act);
  assert.equal((await refund(payer, renewed, 5)).said, 'allowed');
  assert.equal((await refund(payer, renewed, 500)).said, 'denied');
});

test('wider than was handed on: refused at the exchange, and at every call, with the link named', async () => {
  const { procure, payer } = await company('wider');
  const wide = [action(rig.place.gateway, 'payments', 'refund', { '/amount': { max: '101' } })];
  const offered = heldOf(await askOffer(at.issuer, procure, payer.id, narrowed()));
  const asked = await askExchange(payer, at.resource, offered.token, { authorization_details: JSON.stringify(wide) });
  assert.equal(errorOf(asked), 'invalid_authorization_details');
  const held = heldOf(
    await askExchange(payer, at.resource, heldOf(await askOffer(at.issuer, procure, payer.id, narrowed())).token),
  );
  const executed = rig.payments.executed.length;
  const above = await refund(payer, held, 101);
  assert.deepEqual([above.said, above.reason], ['denied', 'hop.constraint']);
  const silent = await payer.call('payments', 'read_order', { order: 'V-1' }, { token: held.token });
  assert.deepEqual([silent.said, silent.reason], ['denied', 'hop.silent']);
  const elsewhere = await refund(payer, held, 1, 'W-1');
  assert.equal(elsewhere.said, 'denied');
  assert.equal(rig.payments.executed.length, executed);
  const { action: explained } = await rig.maya.client.call(explainAction, { action: above.action as never });
  assert.equal(explained.link, 'hop');
});

test('a right that may only be passed on is not used by whoever holds it', async () => {
  const { procure, payer } = await company('pass-on');
  const own = heldOf(await procure.askToken(at.resource));
  assert.deepEqual([(await refund(procure, own, 1)).said, (await refund(procure, own, 1)).reason], ['denied', 'mandate.silent']);
  assert.equal((await refund(payer, await handOn(at, procure, payer), 1)).said, 'allowed');
});

test('what the parent may neither do nor pass on, the child may not, whatever its own mandate says', async () => {
  const { procure, payer } = await company('beyond');
  const held = await handOn(at, procure, payer);
  await mandateOf(rig.maya, payer.id, { permissions: [{ system: 'payments', actions: ['*'] }] });
  const told = await payer.call('payments', 'payout', { iban: 'x', amount: 1 }, { token: held.token });
  assert.equal(told.said, 'denied');
  assert.equal((await refund(payer, held, 5001)).said, 'denied');
});

test('no further hop at depth 0; at depth 1 one more, and no agent twice in a chain', async () => {
  const { procure, reader, payer, other } = await company('depth');
  const last = await handOn(at, procure, payer, narrowed());
  assert.equal(errorOf(await askOffer(at.issuer, payer, other.id, { task: last.task })), 'invalid_grant');
  const middle = await handOn(at, procure, reader, { depth: 1 });
  const end = await handOn(at, reader, payer, { task: middle.task });
  assert.deepEqual(decodeJwt(end.token)['act'], {
    iss: at.issuer,
    sub: payer.id,
    sub_profile: 'ai_agent',
    act: { iss: at.issuer, sub: reader.id, sub_profile: 'ai_agent' },
  });
  assert.equal((await refund(payer, end, 1)).said, 'allowed');
  assert.equal(errorOf(await askOffer(at.issuer, payer, other.id, { task: end.task })), 'invalid_grant');
  for (const again of [procure.id, reader.id])
    assert.equal(errorOf(await askOffer(at.issuer, reader, again, { task: middle.task })), 'invalid_grant');
  assert.equal(errorOf(await askOffer(at.issuer, procure, procure.id)), 'invalid_grant');
});

test('hiding the parent gains nothing: an altered chain is no token, and alone the child has its own mandate only', async () => {
  const { procure, reader, payer } = await company('hiding');
  await mandateOf(rig.maya, payer.id, { permissions: [reads] });
  const held = await handOn(at, procure, payer);
  const { act: _, ...without } = decodeJwt(held.token);
  const others = { ...decodeJwt(held.token), act: { iss: at.issuer, sub: reader.id } };
  for (const claims of [without, others, { ...without, sub: payer.id }]) {
    const told = await refund(payer, { ...held, token: withPart(held.token, 1, claims) }, 1);
    assert.deepEqual([told.said, told.status], ['refused', 401]);
  }
  const alone = heldOf(await payer.askToken(at.resource));
  assert.deepEqual([(await refund(payer, alone, 1)).said, (await refund(payer, alone, 1)).reason], ['denied', 'mandate.silent']);
  const stolen = await refund(reader, held, 1);
  assert.deepEqual([stolen.said, stolen.status], ['refused', 401]);
});

test('a token that is handed on opens nothing, is for the agent it names, and is good once', async () => {
  const { procure, payer, other } = await company('once');
  const { token } = heldOf(await askOffer(at.issuer, procure, payer.id));
  const opened = await procure.call('payments', 'read_order', { order: 'V-1' }, { token });
  assert.deepEqual([opened.said, opened.status], ['refused', 401]);
  assert.equal((await procure.api('GET', '/v1/whoami', undefined, { token })).status, 401);
  assert.equal(errorOf(await askExchange(other, at.resource, token)), 'actor_unauthorized');
  assert.equal(errorOf(await askExchange(procure, at.resource, token)), 'actor_unauthorized');
  const many = await Promise.all(Array.from({ length: 8 }, () => askExchange(payer, at.resource, token)));
  assert.equal(many.filter(({ status }) => status === 200).length, 1);
  assert.notEqual((await askExchange(payer, at.resource, token)).status, 200);
  const own = heldOf(await procure.askToken(at.resource));
  assert.equal(errorOf(await askExchange(payer, at.resource, own.token)), 'actor_unauthorized');
});

test('when the parent shrinks its children shrink with it, at the next call', async () => {
  const { procure, payer } = await company('shrinks');
  const held = await handOn(at, procure, payer);
  assert.equal((await refund(payer, held, 400)).said, 'allowed');
  await mandateOf(rig.maya, procure.id, {
    permissions: [reads],
    passOn: [{ ...pays, where: { ...pays.where, '/amount': { over: '0', max: '300' } } }],
  });
  assert.deepEqual(
    [(await refund(payer, held, 400)).reason, (await refund(payer, held, 300)).said],
    ['parent.constraint', 'allowed'],
  );
  const last = await mandateOf(rig.maya, procure.id, { permissions: [reads] });
  assert.equal((await refund(payer, held, 1)).reason, 'parent.may_not_pass_on');
  assert.equal((await payer.call('payments', 'read_order', { order: 'V-1' }, { token: held.token })).said, 'allowed');
  await rig.maya.client.call(endMandate, { mandate: last as never });
  assert.notEqual((await payer.call('payments', 'read_order', { order: 'V-1' }, { token: held.token })).said, 'allowed');
});

test('when the mandate above ends, all that was handed on below is dead at once, and stays so under a new one', async () => {
  const { procure, reader, payer, other } = await company('ends');
  const last = await mandateOf(rig.maya, procure.id, { permissions: [reads], passOn: [pays] });
  const own = heldOf(await procure.askToken(at.resource));
  const middle = await handOn(at, procure, reader, { task: own.task, depth: 1 });
  const end = await handOn(at, reader, payer, { task: middle.task });
  const pending = heldOf(await askOffer(at.issuer, procure, other.id, { task: own.task }));
  const cut = rig.payments.cut();
  const begun = inFlightOf(payer, end);
  await until('the call is in flight', () => rig.payments.waiting() === 1);
  await rig.maya.client.call(endMandate, { mandate: last as never });
  await until('its connection is cut', () => rig.payments.cut() === cut + 1, 1_000);
  assert.equal((await begun).said, 'stopped');
  await isDead(reader, middle);
  await isDead(payer, end);
  assert.equal(errorOf(await askExchange(other, at.resource, pending.token)), 'invalid_grant');
  assert.equal(errorOf(await askOffer(at.issuer, procure, other.id, { task: own.task })), 'invalid_grant');
  assert.equal(bodyOf(await rig.maya.byHand.introspect(own.token))['active'], true);
  const ended = await rig.query<{ about: string }>("select about from entry where type = 'task.ended' and task = any($1)", [
    [own.task, middle.task, end.task],
  ]);
  assert.deepEqual(ended.map(({ about }) => about).sort(), [middle.task, end.task].sort());
  await mandateOf(rig.maya, procure.id, { permissions: [reads], passOn: [pays] });
  await isDead(reader, middle);
  await isDead(payer, end);
  assert.equal((await refund(payer, await handOn(at, procure, payer), 1)).said, 'allowed');
});

test('when the mandate above expires, no way leads on below it', async () => {
  const { procure, reader, payer, other } = await company('expires');
  const expiresAt = Date.now() + 2_500;
  await mandateOf(rig.maya, procure.id, { permissions: [reads], expiresAt: new Date(expiresAt).toISOString() });
  const own = heldOf(await procure.askToken(at.resource));
  const middle = await handOn(at, procure, reader, { task: own.task, depth: 1 });
  const end = await handOn(at, reader, payer, { task: middle.task });
  const [fromRoot, fromMiddle] = [
    heldOf(await askOffer(at.issuer, procure, other.id, { task: own.task })),
    heldOf(await askOffer(at.issuer, reader, other.id, { task: middle.task })),
  ];
  assert.equal((await payer.call('payments', 'read_order', { order: 'V-1' }, { token: end.token })).said, 'allowed');
  await until('it has expired', () => Date.now() > expiresAt, 5_000);
  await isDead(reader, middle);
  await isDead(payer, end);
  for (const { token } of [fromRoot, fromMiddle])
    assert.equal(errorOf(await askExchange(other, at.resource, token)), 'invalid_grant');
  assert.equal(errorOf(await askOffer(at.issuer, procure, other.id, { task: own.task })), 'invalid_grant');
});

test('a mandate above that lets fewer hops hang below it, or none, permits and lists nothing there', async () => {
  const { procure, reader, payer } = await company('fewer');
  const middle = await handOn(at, procure, reader, { depth: 1 });
  const end = await handOn(at, reader, payer, { task: middle.task });
  const listed = async () => {
    const answer = await payer.message('payments', 'tools/list', {}, { token: end.token });
    const result = messagesOf(answer)[0]?.['result'] as { tools?: { name: string }[] } | undefined;
    return (result?.tools ?? []).map(({ name }) => name);
  };
  const read = async () => payer.call('payments', 'read_order', { order: 'V-1' }, { token: end.token });
  assert.equal((await read()).said, 'allowed');
  assert.ok((await listed()).includes('read_order'));
  for (const narrower of [{ maxDepth: 1 }, { maxDepth: 0 }, { passesOn: false }]) {
    await mandateOf(rig.maya, procure.id, { permissions: [reads], ...narrower });
    assert.equal((await read()).said, 'denied', JSON.stringify(narrower));
    assert.deepEqual(await listed(), [], JSON.stringify(narrower));
  }
});

async function startBoth(name: string) {
  const { procure, reader, payer } = await company(name);
  const { task } = heldOf(await procure.askToken(at.resource));
  const [left, right] = [await handOn(at, procure, reader, { task }), await handOn(at, procure, payer, { task, ...narrowed() })];
  return { procure, reader, payer, left, right, task };
}

async function isDead(by: ByHand, held: Held): Promise<void> {
  const told = await by.call('payments', 'slow', { order: 'dead' }, { token: held.token });
  assert.deepEqual([told.said, told.status], ['refused', 401]);
  assert.deepEqual(bodyOf(await rig.maya.byHand.introspect(held.token)), { active: false });
  assert.equal(errorOf(await by.askToken(at.resource, { form: { task: held.task } })), 'invalid_grant');
}

test('stopping the root stops both children within a second, with their calls in flight', async () => {
  const { procure, reader, payer, left, right } = await startBoth('killed');
  const cut = rig.payments.cut();
  const begun = [inFlightOf(reader, left), inFlightOf(payer, right)];
  await until('both calls are in flight', () => rig.payments.waiting() === 2);
  const from = performance.now();
  await rig.maya.client.call(orderStop, { agent: procure.id, reason: 'a test' });
  await until('both connections are cut', () => rig.payments.cut() === cut + 2, 1_000);
  const told = await Promise.all(begun);
  assert.ok(performance.now() - from < 1_000, `${performance.now() - from} ms`);
  assert.deepEqual(
    told.map(({ said }) => said),
    ['stopped', 'stopped'],
  );
  await isDead(reader, left);
  await isDead(payer, right);
});

/** A call that the system does not answer. */
function inFlightOf(by: ByHand, held: Held) {
  return by.call('payments', 'slow', { order: by.id }, { token: held.token });
}

test('stopping one child leaves its sibling at work; ending its task leaves the agent', async () => {
  const { reader, payer, left, right } = await startBoth('sibling');
  await rig.maya.client.call(endTask, { task: right.task as TaskId });
  await isDead(payer, right);
  assert.equal((await payer.call('payments', 'read_order', { order: 'V-2' })).said, 'allowed');
  await rig.maya.client.call(orderStop, { agent: payer.id, reason: 'a test' });
  assert.equal((await reader.call('payments', 'read_order', { order: 'V-3' }, { token: left.token })).said, 'allowed');
});

test('a parent that was suspended and is active again brings nothing back below it, neither tokens nor tasks nor offers', async () => {
  const { procure, reader, payer, left, right, task } = await startBoth('again');
  const offers = await Promise.all(
    Array.from({ length: 12 }, async () => heldOf(await askOffer(at.issuer, procure, payer.id, { task }))),
  );
  await rig.maya.client.call(moveAgent, { agent: procure.id as AgentId, to: 'suspended', reason: 'a test' });
  const exchanges = async () => Promise.all(offers.map(({ token }) => askExchange(payer, at.resource, token)));
  assert.deepEqual(new Set((await exchanges()).map(({ status }) => status)), new Set([400]));
  await isDead(reader, left);
  await isDead(payer, right);
  await rig.maya.client.call(moveAgent, { agent: procure.id as AgentId, to: 'active', reason: 'a test' });
  assert.deepEqual(new Set((await exchanges()).map(({ status }) => status)), new Set([400]));
  await isDead(reader, left);
  await isDead(payer, right);
  assert.equal((await refund(payer, await handOn(at, procure, payer), 1)).said, 'allowed');
});

test('a person hands work to an agent: within what the person may, and no longer than the person is there', async () => {
  const { procure } = await company('asked');
  await rig.maya.client.call(setRole, {
    role: 'buyer',
    document: { answersFor: '', may: 'permit (principal, action, resource);', description: '' },
  });
  const buyer = await rig.person('buyer-1', ['buyer']);
  const intern = await rig.person('intern-1', ['auditor']);
  const form = { purpose: 'Buy what V offers.', request_values: JSON.stringify({ vendor: 'V-77-secret' }) };
  const held = heldOf(
    await askExchange(procure, at.resource, heldOf(await askOffer(at.issuer, buyer.byHand, procure.id, { form })).token),
  );
  const { sub, sub_profile: profile, act } = decodeJwt(held.token);
  assert.deepEqual([sub, profile], [buyer.id, 'user']);
  assert.deepEqual(act, { iss: at.issuer, sub: procure.id, sub_profile: 'ai_agent' });
  assert.equal((await procure.call('payments', 'read_order', { order: 'V-1' }, { token: held.token })).said, 'allowed');
  const { items } = await rig.maya.client.call(listTasks, { tree: held.task as TaskId });
  assert.deepEqual([items[0]?.trigger, items[0]?.requester, items[0]?.answerable], ['human', buyer.id, buyer.id]);
  assert.equal(items[0]?.purpose, 'Buy what V offers.');
  assert.ok((items[0]?.asked.length ?? 0) > 1);
  const stored = await rig.query<{ body: string }>("select body from entry where body like '%V-77-secret%'");
  assert.equal(stored.length, 0);
  assert.equal((await rig.query("select id from task where asked::text like '%V-77-secret%'")).length, 0);
  const low = heldOf(
    await askExchange(procure, at.resource, heldOf(await askOffer(at.issuer, intern.byHand, procure.id, { form })).token),
  );
  const told = await procure.call('payments', 'read_order', { order: 'V-1' }, { token: low.token });
  assert.deepEqual([told.said, told.reason], ['denied', 'requester.may_not']);
  await rig.maya.client.call(changeHuman, { human: buyer.id, state: 'suspended' });
  await isDead(procure, held);
  await rig.maya.client.call(changeHuman, { human: buyer.id, state: 'active' });
  await isDead(procure, held);
});
