import assert from 'node:assert/strict';
import { publishPolicy, refreshSystem, getPolicy } from '@surety/contract/authority-routes';
import type { Approval } from '@surety/contract/approval';
import type { ApprovalId } from '@surety/contract/id';
import { answerApproval, getApproval, listApprovals } from '@surety/contract/oversight-routes';
import { changeHuman } from '@surety/contract/registry-routes';
import { signAnswer, signMandate } from '@surety/sdk/sign';
import { afterAll, beforeAll, test } from 'vitest';
import type { ByHand, Told } from './by-hand.ts';
import { answer, classify, mandate, refunds } from './company.ts';
import { makeKey, sign } from './forge.ts';
import { bodyOf } from './raw-http.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let agent: ByHand;
let orders = 0;

beforeAll(async () => {
  rig = await openRig({ env: { SURETY_APPROVAL_SECONDS: '60' } });
  agent = await rig.hire('refund-bot');
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

type Question = {
  readonly args: { order: string; amount: number };
  readonly id: ApprovalId;
  readonly read: () => Promise<Approval>;
};

/** A refund that is held: nothing has happened, and one question is open. */
async function ask(by: ByHand = agent): Promise<Question> {
  const args = { order: `q${++orders}`, amount: 420 };
  const told = await by.call('payments', 'refund', args);
  assert.deepEqual([told.said, told.reason], ['held', 'held.mandate'], told.text);
  const id = told.approval as ApprovalId;
  return { args, id, read: () => rig.maya.client.call(getApproval, { approval: id }) };
}

const effectsOf = ({ args }: Pick<Question, 'args'>) => rig.payments.executed.filter(({ order }) => order === args.order).length;

/** The call was asked anew, under another question: the yes that was given counts for nothing. */
function assertAskedAnew(told: Told, question: Question): void {
  assert.equal(told.said, 'held', told.text);
  assert.notEqual(told.approval, question.id);
  assert.equal(effectsOf(question), 0);
}

test('a yes is for one call, once', async () => {
  const question = await ask();
  await answer(rig.maya, question.id, true);
  const done = await agent.call('payments', 'refund', { amount: 420, order: question.args.order });
  assert.equal(done.said, 'allowed', done.text);
  assert.equal((await question.read()).state, 'used');
  const again = await agent.call('payments', 'refund', question.args);
  assert.equal(again.said, 'held');
  assert.notEqual(again.approval, question.id);
  assert.equal(effectsOf(question), 1);
  const intents = (await rig.entries('call.intended', agent.id)).filter(({ data }) => data['approval'] === question.id);
  assert.equal(intents.length, 1);
  await assert.rejects(answer(rig.maya, question.id, true), { code: 'approval.not_open' });
});

test('of twenty connections at once that use one yes, one passes', async () => {
  const question = await ask();
  await answer(rig.maya, question.id, true);
  const all = await Promise.all(Array.from({ length: 20 }, () => agent.call('payments', 'refund', question.args)));
  assert.equal(all.filter(({ said }) => said === 'allowed').length, 1);
  assert.equal(effectsOf(question), 1);
  const intents = (await rig.entries('call.intended', agent.id)).filter(({ data }) => data['approval'] === question.id);
  assert.equal(intents.length, 1);
});

test('a yes is for exactly the arguments that were shown, the tool, the system and the agent', async () => {
  const question = await ask();
  const twin = await rig.hire('twin');
  await answer(rig.maya, question.id, true);
  const { order } = question.args;
  for (const text of [
    `{"order":"${order}","amount":421}`,
    `{"order":"${order}","amount":420.0001}`,
    `{"order":"${order} ","amount":420}`,
    `{"order":"${order}","amount":420,"note":""}`,
    `{"order":"${order}","amount":420,"note":null}`,
    `{"order":["${order}"],"amount":420}`,
  ]) {
    assertAskedAnew(await agent.call('payments', 'refund', text), question);
  }
  assertAskedAnew(await twin.call('payments', 'refund', question.args), question);
  assert.equal((await question.read()).state, 'approved');
});

test('when the definition of the tool changes, the yes and the open question are void', async () => {
  const [given, open] = [await ask(), await ask()];
  await answer(rig.maya, given.id, true);
  rig.payments.redescribe('refund', 'Gives money back. Twice.');
  await rig.maya.client.call(refreshSystem, { system: 'payments' });
  await classify(rig.maya, 'payments', 'refund', 'money');
  assertAskedAnew(await agent.call('payments', 'refund', given.args), given);
  assertAskedAnew(await agent.call('payments', 'refund', open.args), open);
  assert.deepEqual([(await given.read()).state, (await open.read()).state], ['expired', 'expired']);
  await assert.rejects(answer(rig.maya, open.id, true), { code: 'approval.not_open' });
});

test('when the mandate, or the policy of the organisation, changes, the yes is void', async () => {
  const before = await ask();
  await answer(rig.maya, before.id, true);
  await mandate(rig.maya, agent.id, { permissions: refunds });
  assertAskedAnew(await agent.call('payments', 'refund', before.args), before);
  const later = await ask();
  await answer(rig.maya, later.id, true);
  const { text } = await rig.maya.client.call(getPolicy, {});
  await rig.maya.client.call(publishPolicy, { text: `${text}\n// looked at again` });
  assertAskedAnew(await agent.call('payments', 'refund', later.args), later);
});

test('a yes to what the mandate has come to forbid lets nothing pass', async () => {
  const narrow = await rig.hire('narrowed');
  const question = await ask(narrow);
  await answer(rig.maya, question.id, true);
  await mandate(rig.maya, narrow.id, { permissions: [{ system: 'payments', actions: ['read_order'] }] });
  const told = await narrow.call('payments', 'refund', question.args);
  assert.deepEqual([told.said, told.reason, effectsOf(question)], ['denied', 'mandate.silent', 0]);
});

async function assertStillOpen(question: Question): Promise<void> {
  assert.equal((await question.read()).state, 'pending');
  assert.equal(effectsOf(question), 0);
}

const answerClaims = async (question: Question, change: object = {}) => {
  const { id: approval, questionDigest: digest } = await question.read();
  return { approval, digest, answer: 'approve', iat: Math.floor(Date.now() / 1000), ...change };
};
const asAnswer = { typ: 'surety-approval+jwt' };

test('only the person who answers for the agent, an approver or an administrator may answer', async () => {
  const question = await ask();
  const stranger = await rig.person('stranger', ['owner']);
  const developer = await rig.person('developer', ['developer']);
  const security = await rig.person('security', ['security']);
  for (const person of [stranger, developer, security]) {
    const signature = await sign(person.key, { ...asAnswer, kid: person.key.jkt }, await answerClaims(question));
    await assert.rejects(person.client.call(answerApproval, { approval: question.id, signature }), (thrown: { code: string }) =>
      ['approval.not_yours', 'access.denied'].includes(thrown.code),
    );
  }
  const signature = await sign(agent.key, { ...asAnswer, kid: agent.key.jkt }, await answerClaims(question));
  const byAgent = await agent.api('POST', `/v1/requests/${question.id}/answer`, { signature });
  assert.deepEqual([byAgent.status, bodyOf(byAgent)['code']], [403, 'access.denied']);
  await assertStillOpen(question);
  const approver = await rig.person('approver', ['approver']);
  await answer(approver, question.id, true);
  assert.equal((await agent.call('payments', 'refund', question.args)).said, 'allowed');
});

test('an answer that is not signed by the person who gives it, over exactly this question, now, changes nothing', async () => {
  const [question, other] = [await ask(), await ask()];
  const { key, client } = rig.maya;
  const thief = await makeKey();
  const helper = await rig.person('helper', ['approver']);
  const header = { ...asAnswer, kid: key.jkt };
  const claims = await answerClaims(question);
  const { documentDigest } = await newestMandate();
  const signatures = [
    await sign(key, header, await answerClaims(other)),
    await sign(key, header, { ...claims, digest: (await other.read()).questionDigest }),
    await sign(key, header, { ...claims, digest: (await question.read()).callDigest }),
    await sign(key, header, { ...claims, approval: other.id }),
    await sign(key, header, { ...claims, iat: claims.iat - 3_600 }),
    await sign(key, header, { ...claims, iat: claims.iat + 3_600 }),
    await sign(key, header, { ...claims, answer: 'yes' }),
    await sign(key, { typ: 'surety-mandate+jwt', kid: key.jkt }, claims),
    await sign(key, { typ: 'JWT', kid: key.jkt }, claims),
    await sign(thief, header, claims),
    await sign(thief, { ...asAnswer, kid: thief.jkt, jwk: thief.publicJwk }, claims),
    await sign(helper.key, { ...asAnswer, kid: helper.key.jkt }, claims),
    await signMandate(key, { digest: documentDigest, agent: agent.id }, Date.now()),
    '',
    'x',
    'a.b.c',
  ];
  for (const signature of signatures) {
    await assert.rejects(
      client.call(answerApproval, { approval: question.id, signature }),
      { code: 'signature.invalid' },
      signature.slice(0, 40),
    );
  }
  await assertStillOpen(question);
  await assertStillOpen(other);
});

async function newestMandate(): Promise<{ documentDigest: string }> {
  const [row] = await rig.query<{ document_digest: string }>(
    'select document_digest from mandate where agent = $1 order by version desc limit 1',
    [agent.id],
  );
  return { documentDigest: row?.document_digest ?? '' };
}

test('of a yes and a no at the same instant one counts', async () => {
  const question = await ask();
  const results = await Promise.allSettled([answer(rig.maya, question.id, true), answer(rig.maya, question.id, false)]);
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  const { state } = await question.read();
  const told = await agent.call('payments', 'refund', question.args);
  assert.equal(told.said, state === 'approved' ? 'allowed' : 'denied');
  assert.equal(effectsOf(question), state === 'approved' ? 1 : 0);
});

test('a no stands', async () => {
  const question = await ask();
  await answer(rig.maya, question.id, false);
  const told = await agent.call('payments', 'refund', question.args);
  assert.deepEqual([told.said, told.reason, effectsOf(question)], ['denied', 'approval.refused', 0]);
});

test('a question that nobody answered in time, and a yes that was not used in time, are void', async () => {
  const [late, unused] = [await ask(), await ask()];
  await answer(rig.maya, unused.id, true);
  const { questionDigest } = await late.read();
  await rig.maya.byHand.token(`${rig.place.issuer}/v1`);
  await rig.ahead(61_000, async () => {
    const signature = await signAnswer(
      rig.maya.key,
      { approval: late.id, digest: questionDigest, answer: 'approve' },
      Date.now() + 61_000,
    );
    const answered = await rig.maya.byHand.api('POST', `/v1/requests/${late.id}/answer`, { signature });
    assert.equal(bodyOf(answered)['code'], 'approval.not_open');
    assertAskedAnew(await agent.call('payments', 'refund', unused.args), unused);
    assertAskedAnew(await agent.call('payments', 'refund', late.args), late);
  });
  assert.deepEqual([(await late.read()).state, (await unused.read()).state], ['expired', 'expired']);
});

test('a yes of a person who may not answer any more counts for nothing', async () => {
  for (const change of [{ roles: ['developer'] }, { state: 'suspended' as const }]) {
    const question = await ask();
    const approver = await rig.person(`passing-${orders}`, ['approver']);
    await answer(approver, question.id, true);
    await rig.maya.client.call(changeHuman, { human: approver.id, ...change });
    const told = await agent.call('payments', 'refund', question.args);
    assert.notEqual(told.said, 'allowed');
    assert.equal(effectsOf(question), 0);
  }
});

test('a yes that somebody wrote into the database, or moved to another call, lets nothing pass', async () => {
  const forged = await ask();
  await rig.query(
    `update approval set state = 'approved', valid_until = now() + interval '1 hour', answered_by = $2, answered_at = now() where id = $1`,
    [forged.id, rig.maya.id],
  );
  assert.notEqual((await agent.call('payments', 'refund', forged.args)).said, 'allowed');
  const [copied, moved, given] = [await ask(), await ask(), await ask()];
  await answer(rig.maya, given.id, true);
  await rig.query(
    `update approval target set state = 'approved', valid_until = given.valid_until, answered_by = given.answered_by, answered_at = given.answered_at,
       signature = given.signature from approval given where target.id = $1 and given.id = $2`,
    [copied.id, given.id],
  );
  assert.notEqual((await agent.call('payments', 'refund', copied.args)).said, 'allowed');
  const { callDigest } = await moved.read();
  await rig.query(`update approval set state = 'expired' where id = $1`, [moved.id]);
  await rig.query('update approval set call_digest = $2 where id = $1', [given.id, callDigest]);
  assert.notEqual((await agent.call('payments', 'refund', moved.args)).said, 'allowed');
  assert.deepEqual([forged, copied, moved, given].map(effectsOf), [0, 0, 0, 0]);
});

test('every yes that was used is in the log, signed, and was used once', async () => {
  const { items } = await rig.maya.client.call(listApprovals, {});
  const used = items.filter(({ state }) => state === 'used');
  assert.ok(used.length >= 3);
  const approved = new Map((await rig.entries('approval.approved')).map((entry) => [entry.about, entry]));
  const intents = await rig.entries('call.intended');
  for (const { id, questionDigest, answeredBy } of used) {
    assert.deepEqual([approved.get(id)?.actor, approved.get(id)?.data['questionDigest']], [answeredBy, questionDigest]);
    assert.equal(intents.filter(({ data }) => data['approval'] === id).length, 1);
  }
});

test('people who are asked see the whole of what will happen', async () => {
  const text = `{"order":"${'x'.repeat(5_000)}\\u202e","amount":420,"note":"<b>\\u200b"}`;
  const told = await agent.call('payments', 'refund', text);
  const shown: Approval = await rig.maya.client.call(getApproval, { approval: told.approval as ApprovalId });
  assert.deepEqual(JSON.parse(shown.argumentsText), JSON.parse(text));
});
