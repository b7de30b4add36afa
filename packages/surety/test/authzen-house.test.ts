import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { certificationWorld } from './authzen-documents.ts';
import type { ByHand } from './by-hand.ts';
import { answer } from './company.ts';
import { handOn } from './handing-on.ts';
import { type Asker, openAsker, type Said } from './pep.ts';
import { bodyOf } from './raw-http.ts';
import { openRig, type Rig } from './rig.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Our own world over AuthZEN: operations of protected systems, decided as at a gateway; and a yes of a person (ARAP). */
let rig: Rig;
let pep: Asker;
let agent: ByHand;
let task: string;
let orders = 0;

beforeAll(async () => {
  rig = await openRig();
  pep = await openAsker(rig, 'desk', { ...certificationWorld, systems: ['payments'] });
  agent = await rig.hire('refund-bot');
  task = await taskOf(agent);
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

/** The task that a token of the agent is for. */
async function taskOf(by: ByHand): Promise<string> {
  return String(decodeJwt(await by.token(`${rig.place.gateway}/mcp/payments`))['task']);
}

const refund = (amount: number, order = `h${++orders}`) => ({
  subject: { type: 'agent', id: agent.id },
  action: { name: 'call' },
  resource: { type: 'tool', id: 'payments.refund' },
  context: { task, arguments: { order, amount } },
});

type Context = Readonly<Record<string, unknown>>;

async function reasonOf(body: object): Promise<unknown> {
  const { status, body: said, raw } = await pep.ask('evaluation', body);
  assert.equal(status, 200, raw.text);
  assert.equal(said['decision'], false, raw.text);
  return (said['context'] as Context)['reason'];
}

test('an operation is decided as at the gateway, with the same reasons', async () => {
  assert.equal(await pep.evaluate(refund(100)), true);
  for (const amount of [2_000, 420]) {
    const order = `g${++orders}`;
    const there = await agent.call('payments', 'refund', { order, amount });
    assert.equal(await reasonOf(refund(amount, order)), there.reason);
  }
  assert.equal(await reasonOf({ ...refund(100), resource: { type: 'tool', id: 'payments.no_such_thing' } }), 'operation.unknown');
  assert.equal(await reasonOf({ ...refund(100), resource: { type: 'tool', id: 'payments' } }), 'resource.unknown');
  assert.equal(await reasonOf({ ...refund(100), action: { name: 'delete' } }), 'action.unknown');
  assert.equal(await pep.evaluate({ ...refund(100), subject: { type: 'agent', id: 'refund-bot' } }), true);
  assert.equal(await reasonOf({ ...refund(100), subject: { type: 'agent', id: 'nobody-here' } }), 'subject.unknown');
});

test('every digit of an argument counts: a number that no double holds is not rounded into the limit', async () => {
  const exact = JSON.stringify(refund(100)).replace('"amount":100', '"amount":1000.00000000000001');
  const headers = { 'content-type': 'application/json' };
  const raw = await pep.byHand.api('POST', '/access/v1/evaluation', undefined, { headers, body: exact } as never);
  assert.equal(raw.status === 400 || bodyOf(raw)['decision'] === false, true, raw.text);
});

test('without the task, or under the task of another, nobody acts', async () => {
  const other = await rig.hire('other-bot');
  assert.equal(await reasonOf({ ...refund(100), context: { arguments: { order: 'x', amount: 1 } } }), 'task.ended');
  assert.equal(await reasonOf({ ...refund(100), context: { ...refund(100).context, task: await taskOf(other) } }), 'task.ended');
});

test('the agent of a person: the chain that is stated must be the stored one, and decides nothing', async () => {
  const act = { sub: agent.id };
  const person = (id: string, properties: object = { act }) => ({ ...refund(100), subject: { type: 'human', id, properties } });
  assert.equal(await reasonOf(person(rig.maya.id)), 'chain.disagrees');
  assert.equal(
    await reasonOf({ ...refund(100), subject: { type: 'agent', id: agent.id, properties: { on_behalf_of: rig.maya.id } } }),
    'chain.disagrees',
  );
  assert.equal(await reasonOf(person(rig.maya.id, {})), 'subject.unsupported');
  assert.equal(await reasonOf(person(rig.maya.id, { act: { sub: agent.id, act: 'x' } })), 'question.malformed');
  assert.equal(await reasonOf({ ...refund(100), subject: { type: 'workload', id: agent.id } }), 'subject.unsupported');
  assert.equal(await pep.evaluate({ ...refund(100), subject: { type: 'identity', id: agent.id } }), true);
});

test('for a person at the root both must be permitted; the stored chain is heard, whichever way it is stated', async () => {
  const at = { issuer: rig.place.issuer, resource: `${rig.place.gateway}/mcp/payments` };
  const asking = { form: { purpose: 'Refund an order.' } };
  const asked = await handOn(at, rig.maya.byHand, agent, asking);
  const under = (subject: object, amount = 100) => ({
    ...refund(amount),
    subject,
    context: { ...refund(amount).context, task: asked.task },
  });
  const act = { sub: agent.id };
  for (const type of ['human', 'user', 'identity'])
    for (const id of [rig.maya.id, 'maya']) assert.equal(await pep.evaluate(under({ type, id, properties: { act } })), true);
  assert.equal(
    await pep.evaluate(under({ type: 'agent', id: agent.id, properties: { on_behalf_of: { id: rig.maya.id } } })),
    true,
  );
  const ours = { iss: rig.place.issuer, sub: agent.id, sub_profile: 'ai_agent' };
  assert.equal(await pep.evaluate(under({ type: 'human', id: rig.maya.id, properties: { act: ours } })), true);
  const theirs = { ...ours, iss: 'https://elsewhere.example' };
  assert.equal(await reasonOf(under({ type: 'human', id: rig.maya.id, properties: { act: theirs } })), 'chain.disagrees');
  const stranger = await rig.person('nadia', ['administrator']);
  assert.equal(await reasonOf(under({ type: 'human', id: stranger.id, properties: { act } })), 'chain.disagrees');
  assert.equal(await reasonOf(under({ type: 'human', id: rig.maya.id, properties: { act } }, 2_000)), 'mandate.constraint');
  const idle = await rig.person('idle', []);
  const forNobody = await handOn(at, idle.byHand, agent, asking);
  const body = {
    ...under({ type: 'human', id: idle.id, properties: { act } }),
    context: { ...refund(100).context, task: forNobody.task },
  };
  assert.equal(await reasonOf(body), 'requester.may_not');
});

test('the agents above, as a token of ours states them', async () => {
  const at = { issuer: rig.place.issuer, resource: `${rig.place.gateway}/mcp/payments` };
  const child = await rig.hire('child-bot');
  const { task: below } = await handOn(at, agent, child, { task });
  const under = (subject: object, agentId?: string) => ({
    ...refund(100),
    subject,
    context: { ...refund(100).context, task: below, ...(agentId === undefined ? {} : { agent: agentId }) },
  });
  assert.equal(await pep.evaluate(under({ type: 'agent', id: child.id, properties: { act: { sub: agent.id } } })), true);
  assert.equal(await pep.evaluate(under({ type: 'identity', id: agent.id }, child.id)), true);
  assert.equal(await reasonOf(under({ type: 'agent', id: child.id, properties: { act: { sub: child.id } } })), 'chain.disagrees');
});

test('a system that the application was not given is none of its business', async () => {
  const stranger = await openAsker(rig, 'stranger', certificationWorld);
  const { body } = await stranger.ask('evaluation', refund(100));
  assert.equal((body['context'] as Context)['reason'], 'system.not_yours');
  assert.deepEqual((await stranger.ask('search/resource', { ...refund(100), resource: { type: 'tool' } })).body['results'], []);
});

test('searches find what would be permitted: operations, the agent whose task it is, and what a call is called', async () => {
  const found = async (kind: string, body: object) => (await pep.ask(`search/${kind}`, body)).body['results'];
  const reading = { ...refund(1), context: { task, arguments: { order: 'a1' } } };
  const tools = (await found('resource', { ...reading, resource: { type: 'tool' } })) as { id: string }[];
  assert.ok(tools.some(({ id }) => id === 'payments.read_order'));
  for (const { id } of tools) assert.equal(await pep.evaluate({ ...reading, resource: { type: 'tool', id } }), true, id);
  assert.deepEqual(await found('subject', { ...refund(100), subject: { type: 'agent' } }), [{ type: 'agent', id: agent.id }]);
  assert.deepEqual(await found('subject', { ...refund(2_000), subject: { type: 'agent' } }), []);
  assert.deepEqual(await found('action', refund(100)), [{ name: 'call' }, { name: 'invoke' }, { name: 'tools/call' }]);
});

describe('a yes of a person (ARAP)', () => {
  type Offer = { readonly binding_token: string; readonly expires_at: string; readonly endpoint: string };

  async function held(amount = 420) {
    const question = refund(amount);
    const { body } = await pep.ask('evaluation', question);
    const context = body['context'] as Context & { access_request: Offer };
    assert.deepEqual([body['decision'], context['reason']], [false, 'held.mandate']);
    const denial = { evaluation_id: context['evaluation_id'], binding_token: context.access_request.binding_token };
    return { question, denial, submission: { ...question, denial } };
  }

  const submit = (body: object, headers: Record<string, string> = {}) =>
    pep.ask('requests', body, { headers: { 'content-type': 'application/json', ...headers } });

  type Task = { readonly id: string; readonly status: string };
  const taskIn = ({ body }: Said) => body['task'] as Task;
  const statusOf = async (id: string) => bodyOf(await pep.byHand.api('GET', `/access/v1/requests/${id}`));

  /** A yes, from the denial to what the PEP brings back. */
  async function approved() {
    const { question, submission } = await held();
    const { id } = taskIn(await submit(submission));
    const [approval] = await rig.query<{ approval: string }>('select approval from access_request where id = $1', [id]);
    assert.ok(approval);
    await answer(rig.maya, approval.approval, true);
    const status = await statusOf(id);
    return { question, id, status, given: (status['result'] as { approval: Context }).approval };
  }

  test('held, asked for, answered by the person who answers, and used once by exactly this question', async () => {
    const { question, id, status, given } = await approved();
    assert.deepEqual([(status['task'] as Task).status, (status['result'] as Context)['mode']], ['approved', 'reevaluate']);
    const again = { ...question, context: { ...question.context, approval: given } };
    assert.equal(await pep.evaluate(again), true);
    const { body } = await pep.ask('evaluation', again);
    const context = body['context'] as Context;
    assert.deepEqual([body['decision'], context['reason'], context['next_action']], [false, 'approval.used', 'request']);
    assert.equal(((await statusOf(id))['task'] as Task).status, 'approved');
    const used = (await rig.entries('access.evaluated')).filter(({ data }) => data['approval'] === given['id']);
    assert.equal(used.length, 1);
  });

  test('of twenty who bring the same yes at once, one has it', async () => {
    const { question, given } = await approved();
    const again = { ...question, context: { ...question.context, approval: given } };
    const all = await Promise.all(Array.from({ length: 20 }, () => pep.evaluate(again)));
    assert.equal(all.filter((decision) => decision === true).length, 1);
  });

  test('a yes is for exactly this question: other arguments, another PEP, another yes and a forged state have none', async () => {
    const { question, given } = await approved();
    const other = refund(420);
    const bring = (one: object & { context: object }, approval: unknown) => ({ ...one, context: { ...one.context, approval } });
    assert.equal(await reasonOf(bring(other, given)), 'approval.unverifiable');
    assert.equal(await reasonOf(bring(question, { ...given, id: 'apr_other' })), 'approval.unverifiable');
    assert.equal(
      await reasonOf(bring(question, { ...given, state: String(given['state']).slice(0, -4) + 'AAAA' })),
      'approval.unverifiable',
    );
    for (const nothing of ['yes', {}, { id: given['id'] }, true])
      assert.equal(await reasonOf(bring(question, nothing)), 'approval.unverifiable');
    const second = await openAsker(rig, 'second-desk', { ...certificationWorld, systems: ['payments'] });
    const { body } = await second.ask('evaluation', bring(question, given));
    assert.deepEqual([body['decision'], (body['context'] as Context)['reason']], [false, 'approval.unverifiable']);
    const batch = await pep.ask('evaluations', { evaluations: [bring(question, given)] });
    assert.equal((batch.body['evaluations'] as { decision: boolean }[])[0]?.decision, false);
    assert.equal(await pep.evaluate(bring(question, given)), true);
  });

  test('a request comes once: again under its key it is the same, for another question 409; and without a key the same question', async () => {
    const { submission } = await held();
    const first = await submit(submission, { 'idempotency-key': 'k1' });
    assert.equal(first.status, 201);
    const again = await submit(submission, { 'idempotency-key': 'k1' });
    assert.deepEqual([again.status, taskIn(again).id], [200, taskIn(first).id]);
    const { submission: another } = await held();
    const clash = await submit(another, { 'idempotency-key': 'k1' });
    assert.deepEqual([clash.status, clash.body['type']], [409, 'urn:openid:authzen:access-request:error:duplicate_request']);
    assert.equal(taskIn(await submit(submission)).id, taskIn(first).id);
  });

  test('what is not bound to a denial of ours, for this PEP and this question, asks nobody', async () => {
    const before = (await rig.entries('call.held')).length;
    const { question, denial, submission } = await held();
    const codeOf = async (body: object) => (await submit(body)).body['type'];
    const invalid = 'urn:openid:authzen:access-request:error:invalid_denial_binding';
    assert.equal(await codeOf({ ...refund(420), denial }), invalid);
    assert.equal(await codeOf({ ...question, denial: { binding_token: 'x.y.z' } }), invalid);
    assert.equal((await submit(question)).status, 400);
    const second = await openAsker(rig, 'third-desk', { ...certificationWorld, systems: ['payments'] });
    assert.equal((await second.ask('requests', submission)).body['type'], invalid);
    const late = await rig.ahead(700_000, async () => {
      agent.forget();
      pep.byHand.forget();
      const said = await submit(submission);
      pep.byHand.forget();
      return said;
    });
    assert.deepEqual([late.status, late.body['type']], [410, 'urn:openid:authzen:access-request:error:expired_denial']);
    assert.equal((await rig.entries('call.held')).length, before);
  });

  test('whoever did not ask does not learn what became of it', async () => {
    const { submission } = await held();
    const { id } = taskIn(await submit(submission));
    const second = await openAsker(rig, 'fourth-desk', { ...certificationWorld, systems: ['payments'] });
    const raw = await second.byHand.api('GET', `/access/v1/requests/${id}`);
    assert.deepEqual([raw.status, bodyOf(raw)['type']], [404, 'urn:openid:authzen:access-request:error:unknown_task']);
  });

  test('a no stays a no', async () => {
    const { question, submission } = await held();
    const { id } = taskIn(await submit(submission));
    const [row] = await rig.query<{ approval: string }>('select approval from access_request where id = $1', [id]);
    await answer(rig.maya, row?.approval ?? '', false);
    const status = await statusOf(id);
    assert.deepEqual([(status['task'] as Task).status, 'result' in status], ['denied', false]);
    assert.equal(
      await reasonOf({ ...question, context: { ...question.context, approval: { id: row?.approval, state: 'x' } } }),
      'approval.unverifiable',
    );
  });
});

test('what a permit obliges to is in the answer; who says that it cannot do it gets a no', async () => {
  const careful = await rig.hire('careful-bot', {
    permissions: [{ system: 'payments', actions: ['read_order'], obligations: { mask: ['/iban'], notify: 'orders are read' } }],
  });
  const question = {
    subject: { type: 'agent', id: careful.id },
    action: { name: 'call' },
    resource: { type: 'tool', id: 'payments.read_order' },
    context: { task: await taskOf(careful), arguments: { order: 'a1' } },
  };
  const { body } = await pep.ask('evaluation', question);
  const obligations = [
    { id: 'o1', type: 'urn:surety:obligation:mask', properties: { pointers: ['/iban'] } },
    { id: 'o2', type: 'notification', properties: { to: rig.maya.id, body: 'orders are read', topic: 'call' } },
  ];
  assert.deepEqual(body, { decision: true, context: { obligations } });
  const able = (supported: readonly string[]) => ({
    ...question,
    context: { ...question.context, supported_obligations: supported },
  });
  assert.equal(await reasonOf(able(['notification'])), 'obligation.unsupported');
  assert.equal(await pep.evaluate(able(obligations.map(({ type }) => type))), true);
});

test('the end of the token that the PEP has seen counts, and so does a cut-off since it was issued', async () => {
  const bot = await rig.hire('token-bot');
  const token = await bot.token(`${rig.place.gateway}/mcp/payments`);
  const { jti, iat, task: own } = decodeJwt(token);
  const question = {
    ...refund(100),
    subject: { type: 'agent', id: bot.id, properties: { token: { jti, iat } } },
    context: { ...refund(100).context, task: own },
  };
  assert.equal(await pep.evaluate(question), true);
  const form = new URLSearchParams({ token, client_assertion_type: assertionType, client_assertion: await bot.assertion() });
  const revoked = await fetch(`${rig.running.issuer}/revoke`, { method: 'POST', body: form });
  assert.equal(revoked.status, 200);
  assert.equal(await reasonOf(question), 'task.ended');
});

test('a stop of the agent is in the next answer', async () => {
  const bot = await rig.hire('short-lived');
  const theirs = {
    ...refund(100),
    subject: { type: 'agent', id: bot.id },
    context: { ...refund(100).context, task: await taskOf(bot) },
  };
  assert.equal(await pep.evaluate(theirs), true);
  await rig.maya.byHand.api('POST', `/v1/agents/${bot.id}/state`, { to: 'suspended', reason: 'test' });
  assert.equal(await pep.evaluate(theirs), false);
});
