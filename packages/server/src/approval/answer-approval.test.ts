import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type QuestionSubstance, questionMembers } from '@surety/contract/question';
import fc from 'fast-check';
import { test } from 'vitest';
import { createSealer } from '#keys/seal';
import { entryOf } from '#ledger/record';
import { openPrincipalFacts } from '#registry/principal-facts';
import { openNode } from '#registry/testing/node';
import { eventsAbout, heldClock, residents, signed } from '#registry/testing/residents';
import { newId } from '#kernel/id';
import { answerApproval } from './answer-approval.ts';
import { digestQuestion, mayAnswer, stateAt } from './approval.ts';
import { findApproval, findQuestion } from './approval-store.ts';
import { viewApproval } from './approval-view.ts';
import { type AskApproval, askApproval } from './ask-approval.ts';
import { findGrounds } from './find-grounds.ts';
import { expireApprovals } from './expire-approvals.ts';

const { db, feed } = await openNode();
const { clock, pass } = heldClock();
const { human, agent, keyOf } = residents(db, clock);
const sealer = createSealer(randomBytes(32));
const room = { db, clock, sealer, approvalSeconds: 600, validSeconds: 600 };

/** An agent with its owner, and a question about a call of it. */
async function scene(change: Partial<AskApproval> = {}) {
  const owner = await human({ roles: ['owner'] });
  const key = await keyOf(owner.id);
  const one = await agent({ owner: owner.id, state: 'active' });
  const action = newId<string>('action', clock());
  const ask: AskApproval = {
    action,
    agent: one.id,
    agentName: one.name,
    task: 'tsk_1',
    answerable: owner.id,
    requester: one.id,
    system: 'payments',
    operation: 'refund',
    effect: 'money',
    callDigest: randomBytes(32).toString('base64url'),
    definition: 'def',
    mandateVersion: 1,
    policyVersion: 1,
    because: 'over the limit',
    argumentsText: '{"amount":420}',
    ...change,
    heldEntry: (approval) =>
      entryOf({ type: 'call.held', actor: one.id, about: action, data: heldFacts(approval, one.id, owner.id) }, clock),
  };
  const question = await askApproval(room, ask);
  const answer = (said: 'approve' | 'refuse', more: Record<string, unknown> = {}) =>
    signed(key, 'surety-approval+jwt', {
      approval: question.id,
      digest: question.questionDigest,
      answer: said,
      iat: Math.floor(clock() / 1000),
      ...more,
    });
  return { owner, key, agent: one, ask, question, answer };
}

function heldFacts(approval: string, agentId: string, answerable: string) {
  return {
    agent: agentId,
    answerable,
    credential: 'crd',
    system: 'payments',
    operation: 'refund',
    effect: 'money',
    callDigest: 'x',
    reason: 'held.mandate' as const,
    link: 'mandate' as const,
    policies: [],
    mandate: null,
    mandateVersion: 1,
    policyVersion: 1,
    change: 0,
    inputs: 'x',
    approval,
  };
}

test('a question is asked once, sealed, and in the ledger; the same call asks nothing new', async () => {
  const { question, ask } = await scene();
  const again = await askApproval(room, ask);
  assert.equal(again.id, question.id);
  assert.deepEqual(
    (await eventsAbout(db, question.action)).map(({ type }) => type),
    ['call.held'],
  );
  const { rows } = await db.query<{ found: boolean }>(
    `select position(convert_to('"amount":420', 'UTF8') in sealed) > 0 as found from approval where id = $1`,
    [question.id],
  );
  assert.equal(rows[0]?.found, false);
});

test('two askers at one instant get one question', async () => {
  const { ask } = await scene();
  const fresh = { ...ask, callDigest: 'same-instant' };
  const asked = await Promise.all(
    Array.from({ length: 8 }, () => {
      const action = newId<string>('action', clock());
      return askApproval(room, { ...fresh, action });
    }),
  );
  assert.equal(new Set(asked.map(({ id }) => id)).size, 1);
});

test('a yes is stored with its signature and recorded, once; a second answer finds the request closed', async () => {
  const { owner, question, answer } = await scene();
  const after = await answerApproval(room, owner.id, { approval: question.id, signature: answer('approve') });
  assert.deepEqual([after.state, after.answeredBy], ['approved', owner.id]);
  await assert.rejects(answerApproval(room, owner.id, { approval: question.id, signature: answer('refuse') }), {
    code: 'approval.not_open',
  });
  const events = await eventsAbout(db, question.id);
  assert.deepEqual(
    events.map(({ type, actor }) => [type, actor]),
    [['approval.approved', owner.id]],
  );
  assert.equal(events[0]?.data['questionDigest'], question.questionDigest);
});

test('approve and refuse at the same instant come to one outcome', async () => {
  const { owner, question, answer } = await scene();
  const said = await Promise.allSettled([
    answerApproval(room, owner.id, { approval: question.id, signature: answer('approve') }),
    answerApproval(room, owner.id, { approval: question.id, signature: answer('refuse') }),
  ]);
  assert.equal(said.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal((await eventsAbout(db, question.id)).length, 1);
});

test('a signature over another digest, for another request, of another type, by another key, or of long ago is refused', async () => {
  const { owner, key, question, answer } = await scene();
  const other = await scene();
  const stranger = await keyOf((await human()).id);
  const claims = { approval: question.id, digest: question.questionDigest, answer: 'approve', iat: Math.floor(clock() / 1000) };
  const wrong = [
    answer('approve', { digest: other.question.questionDigest }),
    answer('approve', { approval: other.question.id }),
    answer('approve', { iat: Math.floor(clock() / 1000) - 400 }),
    answer('approve', { more: 'members' }),
    signed(key, 'surety-mandate+jwt', claims),
    signed(stranger, 'surety-approval+jwt', claims),
    'not.a.jws',
  ];
  for (const signature of wrong) {
    await assert.rejects(answerApproval(room, owner.id, { approval: question.id, signature }), { code: 'signature.invalid' });
  }
  assert.equal((await findApproval(db, question.id))?.state, 'pending');
  assert.deepEqual(await eventsAbout(db, question.id), []);
});

test('somebody who neither answers for the agent nor has the role may not answer', async () => {
  const { question } = await scene();
  const outsider = await human({ roles: ['developer'] });
  const key = await keyOf(outsider.id);
  const signature = signed(key, 'surety-approval+jwt', {
    approval: question.id,
    digest: question.questionDigest,
    answer: 'approve',
    iat: Math.floor(clock() / 1000),
  });
  await assert.rejects(answerApproval(room, outsider.id, { approval: question.id, signature }), { code: 'approval.not_yours' });
  assert.equal(mayAnswer({ answerable: 'hum_a' }, { id: 'hum_b', roles: ['approver'] }, ['hum_b']), false);
});

test('whoever asked for the work may say no to a call of it, and never yes, whatever else they are (AP-03)', async () => {
  const asker = await human({ roles: ['owner', 'approver', 'administrator'] });
  const key = await keyOf(asker.id);
  const sign = (question: { id: string; questionDigest: string }, answer: 'approve' | 'refuse', by = key) =>
    signed(by, 'surety-approval+jwt', {
      approval: question.id,
      digest: question.questionDigest,
      answer,
      iat: Math.floor(clock() / 1000),
    });
  const own = await scene({ requester: asker.id, answerable: asker.id });
  const yes = answerApproval(room, asker.id, { approval: own.question.id, signature: sign(own.question, 'approve') });
  await assert.rejects(yes, { code: 'approval.own_request' });
  assert.equal((await findApproval(db, own.question.id))?.state, 'pending', 'it stays held');
  await answerApproval(room, own.owner.id, { approval: own.question.id, signature: own.answer('approve') });
  const approved = (await findApproval(db, own.question.id))!;
  assert.equal(approved.answeredBy, own.owner.id, 'who owns the agent may');
  const asked = { agentName: own.agent.name, answerable: asker.id };
  assert.ok((await findGrounds(db, approved, asked)) !== undefined);
  const forged = { ...approved, answeredBy: asker.id, signature: sign(own.question, 'approve') };
  assert.equal(await findGrounds(db, forged, asked), undefined, 'also when it came into the table some other way');
  const no = await scene({ requester: asker.id, answerable: asker.id });
  await answerApproval(room, asker.id, { approval: no.question.id, signature: sign(no.question, 'refuse') });
  assert.equal((await findApproval(db, no.question.id))?.state, 'refused');
});

test('what people are shown is all that the digest they sign covers', async () => {
  const { question } = await scene();
  const facts = openPrincipalFacts({ db, feed });
  const shown = await viewApproval({ facts, sealer, now: clock() }, question);
  assert.equal(digestQuestion(shown), shown.questionDigest);
  const stored = await findApproval(db, question.id);
  assert.equal(digestQuestion(await viewApproval({ facts, sealer, now: clock() }, stored ?? question)), question.questionDigest);
});

test('when the time is over the question is a no, whoever looks, and the ledger says so', async () => {
  const { owner, question, answer } = await scene();
  pass(601_000);
  await assert.rejects(answerApproval(room, owner.id, { approval: question.id, signature: answer('approve') }), {
    code: 'approval.not_open',
  });
  assert.ok((await expireApprovals({ db, clock })) >= 1);
  const stored = await findApproval(db, question.id);
  assert.equal(stored?.state, 'expired');
  assert.deepEqual(
    (await eventsAbout(db, question.id)).map(({ type }) => type),
    ['approval.expired'],
  );
});

test('a yes that nobody used in its time is a no', async () => {
  const { owner, question, answer } = await scene();
  const yes = await answerApproval(room, owner.id, { approval: question.id, signature: answer('approve') });
  assert.equal(stateAt(yes, clock()), 'approved');
  pass(601_000);
  assert.equal(stateAt(yes, clock()), 'expired');
});

test('asked on another ground, the open question ends and a new one is asked', async () => {
  const { question, ask } = await scene();
  const action = newId<string>('action', clock());
  const next = await askApproval(room, { ...ask, action, definition: 'changed' });
  assert.notEqual(next.id, question.id);
  assert.equal((await findApproval(db, question.id))?.state, 'expired');
});

test('asked for somebody else, the same call is a question of its own, and the open one stays', async () => {
  const { question, ask, agent: one } = await scene();
  const next = await askApproval(room, { ...ask, action: newId<string>('action', clock()), requester: (await human()).id });
  assert.notEqual(next.id, question.id);
  assert.notEqual(next.questionDigest, question.questionDigest);
  assert.equal((await findApproval(db, question.id))?.state, 'pending');
  assert.equal((await findQuestion(db, { ...ask, requester: one.id }))?.id, question.id);
});

test('when the record cannot be written, nothing is asked', async () => {
  const { ask } = await scene();
  const broken = {
    ...ask,
    callDigest: 'broken',
    action: newId<string>('action', clock()),
    heldEntry: () => {
      throw new Error('no record');
    },
  };
  await assert.rejects(askApproval(room, broken));
  const { rows } = await db.query(`select id from approval where call_digest = 'broken'`);
  assert.deepEqual(rows, []);
});

test('change any field of a question, and what is signed is another digest (P6)', () => {
  const word = fc.string({ maxLength: 12 });
  const substance: fc.Arbitrary<QuestionSubstance> = fc.record({
    id: word,
    action: word,
    agent: word,
    agentName: word,
    requester: word,
    system: word,
    operation: word,
    effect: word,
    callDigest: word,
    definition: word,
    because: word,
    mandateVersion: fc.option(fc.nat(9)),
    policyVersion: fc.nat(9),
    answerable: word,
    askedAt: word,
    expiresAt: word,
  });
  fc.assert(
    fc.property(substance, substance, (one, other) => {
      return (digestQuestion(one) === digestQuestion(other)) === isDeepStrictEqual({ ...one }, { ...other });
    }),
    { numRuns: 300 },
  );
  const base: QuestionSubstance = {
    id: 'a',
    action: 'b',
    agent: 'c',
    agentName: 'c2',
    requester: 'c3',
    system: 'd',
    operation: 'e',
    effect: 'f',
    callDigest: 'g',
    definition: 'h',
    mandateVersion: 1,
    policyVersion: 1,
    because: 'i',
    answerable: 'j',
    askedAt: 'k',
    expiresAt: 'l',
  };
  const digests = questionMembers.map((name) => digestQuestion({ ...base, [name]: typeof base[name] === 'number' ? 2 : 'z' }));
  assert.equal(new Set([digestQuestion(base), ...digests]).size, Object.keys(base).length + 1);
});
