import assert from 'node:assert/strict';
import type { BeginResult } from '@surety/contract/enforcement';
import type { HumanId } from '@surety/contract/id';
import type { SigningKey } from '@surety/proof/jwk';
import { test } from 'vitest';
import { answerApproval } from '#approval/answer-approval';
import { findApproval, findQuestion } from '#approval/approval-store';
import { inputsPlace } from '#decision/inputs-place';
import { classifyOperation } from '#catalogue/classify-operation';
import { readInputs } from '#decision/call-inputs';
import { endMandate } from '#delegation/end-mandate';
import { openTask } from '#delegation/open-task';
import { eventsAbout, signed } from '#registry/testing/residents';
import { orderStop } from '#stop/order-stop';
import { guarded, refundAgent } from './testing/guarded.ts';

const all = await guarded();
const { db, guard, sealer, house, clock } = all;
const open = () => ({ holdMs: 5_000, signal: new AbortController().signal });
const brief = { holdMs: 50, signal: new AbortController().signal };

function actionOf(result: BeginResult): string {
  return result.actionId;
}

/** A person who asks an agent to work for them, and so answers for that work, and their key. */
type Asker = { readonly id: HumanId; readonly key: SigningKey };

async function asker(): Promise<Asker> {
  const { id } = await all.human({ roles: ['owner'] });
  return { id, key: await all.keyOf(id) };
}

async function answerWith(
  one: Awaited<ReturnType<typeof refundAgent>>,
  digest: string,
  answer: 'approve' | 'refuse',
  asker?: Asker,
) {
  const requester = asker?.id ?? one.agent.id;
  for (let tries = 0; tries < 200; tries++) {
    const question = await findQuestion(db, { agent: one.agent.id, callDigest: digest, requester });
    if (question?.state === 'pending') {
      const claims = { approval: question.id, digest: question.questionDigest, answer, iat: Math.floor(clock() / 1000) };
      const by = (answer === 'refuse' ? asker : undefined) ?? { id: one.owner.id, key: one.key };
      return answerApproval({ ...house, validSeconds: 600 }, by.id, {
        approval: question.id,
        signature: signed(by.key, 'surety-approval+jwt', claims),
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nothing was asked');
}

test('a permitted call is intended before it goes, and its outcome follows', async () => {
  const one = await refundAgent(all);
  const caller = one.caller();
  const result = await guard.begin(caller, one.call('{"amount":61,"order":"8839"}'), open());
  assert.equal(result.kind, 'go');
  await guard.settle(actionOf(result), { state: 'completed', resultDigest: 'd', resultBytes: 10, milliseconds: 3 });
  const events = await eventsAbout(db, actionOf(result));
  assert.deepEqual(
    events.map(({ type }) => type),
    ['call.intended', 'call.completed'],
  );
  assert.equal(events[0]?.data['answerable'], one.owner.id);
  const { rows } = await db.query<{ sealed: Buffer; body: string }>(
    `select sealed, body from entry where about = $1 and type = 'call.intended'`,
    [actionOf(result)],
  );
  assert.ok(!rows[0]?.body.includes('8839'), 'no value of an argument stands in the open');
  const inputs = readInputs(sealer.open(inputsPlace(actionOf(result), 'call.intended'), rows[0]?.sealed ?? Buffer.alloc(0)));
  assert.deepEqual(Object.keys(inputs?.call.arguments ?? {}), ['amount', 'order']);
});

test('a proof passes once: of fifty at one instant, one goes', async () => {
  const one = await refundAgent(all);
  const caller = one.caller();
  const results = await Promise.all(Array.from({ length: 50 }, () => guard.begin(caller, one.call('{"amount":1}'), open())));
  assert.equal(results.filter(({ kind }) => kind === 'go').length, 1);
  assert.ok(results.filter(({ kind }) => kind !== 'go').every(({ decision }) => decision.reason === 'proof.replayed'));
});

test('a denial is recorded with its reason, and nothing waits for a person', async () => {
  const one = await refundAgent(all);
  for (const [text, reason] of [
    ['{"amount":1000.01}', 'mandate.constraint'],
    ['{"amount":"5"}', 'mandate.constraint'],
    ['{"amount":9007199254740993}', 'mandate.constraint'],
    ['{}', 'mandate.constraint'],
  ] as const) {
    const result = await guard.begin(one.caller(), one.call(text), open());
    assert.deepEqual([result.kind, result.decision.reason], ['refused', reason]);
    assert.deepEqual(
      (await eventsAbout(db, actionOf(result))).map(({ type }) => type),
      ['call.denied'],
    );
  }
  assert.equal((await guard.begin(one.caller(), one.call('{"amount":1}', 'wire'), open())).decision.reason, 'operation.unknown');
});

test('a held call runs once on the connection that waits, and the same yes never again', async () => {
  const one = await refundAgent(all);
  const call = one.call('{"amount":420}');
  const told: string[] = [];
  const waiting = guard.begin(one.caller(), call, {
    ...open(),
    onHeld: ({ answerableName, approvalId }) => told.push(`${approvalId} ${answerableName}`),
  });
  const yes = await answerWith(one, call.digest, 'approve');
  const result = await waiting;
  assert.deepEqual(told, [`${yes.id} ${one.owner.displayName}`]);
  assert.deepEqual([result.kind, result.decision.reason, actionOf(result)], ['go', 'approved', yes.action]);
  const used = await findApproval(db, yes.id);
  assert.deepEqual([used?.state, used?.usedBy], ['used', yes.action]);
  const again = await guard.begin(one.caller(), call, brief);
  assert.equal(again.kind, 'held');
  assert.notEqual(again.kind === 'held' ? again.approvalId : '', yes.id);
});

test('two connections that wait for one yes: one goes, the other is told that it is used', async () => {
  const one = await refundAgent(all);
  const call = one.call('{"amount":421}');
  const waiting = [guard.begin(one.caller(), call, open()), guard.begin(one.caller(), call, open())];
  await answerWith(one, call.digest, 'approve');
  const results = await Promise.all(waiting);
  assert.deepEqual(results.map(({ kind }) => kind).sort(), ['go', 'refused']);
  assert.equal(results.find(({ kind }) => kind === 'refused')?.decision.reason, 'approval.used');
});

test('a client that has gone uses no yes; its retry with the same call does', async () => {
  const one = await refundAgent(all);
  const call = one.call('{"amount":422}');
  const gone = new AbortController();
  const waiting = guard.begin(one.caller(), call, { holdMs: 5_000, signal: gone.signal });
  await new Promise((resolve) => setTimeout(resolve, 100));
  gone.abort();
  assert.equal((await waiting).kind, 'held');
  const yes = await answerWith(one, call.digest, 'approve');
  assert.equal((await findApproval(db, yes.id))?.state, 'approved');
  const retry = await guard.begin(one.caller(), call, open());
  assert.deepEqual([retry.kind, actionOf(retry)], ['go', yes.action]);
});

/** A caller that works for somebody, under a task of its own that they asked for. */
async function askedBy(one: Awaited<ReturnType<typeof refundAgent>>, requester?: HumanId) {
  const trigger = requester === undefined ? 'agent' : 'human';
  const opened = { agent: one.agent.id, trigger, requester, purpose: 'refund', lifetimeSeconds: 600 } as const;
  const task = await db.transaction((tx) => openTask(tx, clock, one.agent.id, opened));
  return () => ({ ...one.caller(), task: task.id });
}

test('a yes is for the request it was asked in: under what another person asked for, the same call is another question', async () => {
  const one = await refundAgent(all);
  const [dana, lee] = [await asker(), await asker()];
  const call = one.call('{"amount":431}');
  const [forDana, forLee, alone] = [await askedBy(one, dana.id), await askedBy(one, lee.id), await askedBy(one)];
  const held = await guard.begin(forDana(), call, brief);
  assert.deepEqual([held.kind, held.kind === 'held' && held.answerableName], ['held', one.owner.displayName]);
  const yes = await answerWith(one, call.digest, 'approve', dana);
  const [entry] = await eventsAbout(db, yes.id);
  assert.deepEqual([entry?.type, entry?.data['requester']], ['approval.approved', dana.id]);
  for (const other of [forLee, alone]) {
    const result = await guard.begin(other(), call, brief);
    assert.equal(result.kind, 'held');
    assert.notEqual(result.kind === 'held' && result.approvalId, yes.id);
  }
  assert.equal((await findApproval(db, yes.id))?.state, 'approved');
  const again = await guard.begin((await askedBy(one, dana.id))(), call, open());
  assert.deepEqual([again.kind, actionOf(again)], ['go', yes.action]);
  await answerWith(one, call.digest, 'refuse', lee);
  assert.equal((await guard.begin(forLee(), call, brief)).decision.reason, 'approval.refused');
  assert.equal((await guard.begin(alone(), call, brief)).kind, 'held');
});

test('an agent that works by itself uses its yes under a later task of its own', async () => {
  const one = await refundAgent(all);
  const call = one.call('{"amount":432}');
  assert.equal((await guard.begin((await askedBy(one))(), call, brief)).kind, 'held');
  const yes = await answerWith(one, call.digest, 'approve');
  const later = await guard.begin((await askedBy(one))(), call, open());
  assert.deepEqual([later.kind, actionOf(later)], ['go', yes.action]);
});

test('one argument changed is another call, and the yes is not for it', async () => {
  const one = await refundAgent(all);
  const call = one.call('{"amount":423,"order":"1"}');
  await guard.begin(one.caller(), call, brief);
  await answerWith(one, call.digest, 'approve');
  const other = await guard.begin(one.caller(), one.call('{"amount":423,"order":"2"}'), brief);
  assert.equal(other.kind, 'held');
});

test('a no stands for the same call as long as the question would have', async () => {
  const one = await refundAgent(all);
  const call = one.call('{"amount":424}');
  const waiting = guard.begin(one.caller(), call, open());
  const { action } = await answerWith(one, call.digest, 'refuse');
  const refused = await waiting;
  assert.deepEqual([refused.decision.reason, actionOf(refused)], ['approval.refused', action]);
  assert.deepEqual(
    (await eventsAbout(db, action)).map(({ type }) => type),
    ['call.held', 'call.denied'],
  );
  const again = await guard.begin(one.caller(), call, open());
  assert.equal(again.decision.reason, 'approval.refused');
  assert.notEqual(actionOf(again), action);
});

test('a yes is void when the effect of the operation or the mandate changed after the question', async () => {
  const one = await refundAgent(all);
  const call = one.call('{"amount":425}');
  await guard.begin(one.caller(), call, brief);
  const yes = await answerWith(one, call.digest, 'approve');
  await classifyOperation(house, one.owner.id, { system: one.system.id, operation: 'refund', effect: 'destructive' });
  const result = await guard.begin(one.caller(), call, brief);
  assert.equal(result.kind, 'held');
  assert.equal((await findApproval(db, yes.id))?.state, 'expired');
});

test('after a stop nothing begins, what is in flight is cut, and the last look says no', async () => {
  const one = await refundAgent(all);
  const caller = one.caller();
  const guardedSystem = await guard.system(one.system.name);
  assert.ok(guardedSystem);
  const cut: string[] = [];
  guard.onEnd(caller, guardedSystem, (why) => cut.push(why));
  assert.equal(guard.isLive(caller, guardedSystem), true);
  const stopped = await orderStop(house, one.owner.id, { agent: one.agent.id, reason: 'x' });
  await all.feed.waitFor(stopped.change, 5_000);
  assert.deepEqual(cut, ['stopped']);
  assert.equal(guard.isLive({ ...caller, issuedAtSeconds: caller.issuedAtSeconds - 10 }, guardedSystem), false);
  await assert.rejects(
    guard.begin({ ...caller, issuedAtSeconds: caller.issuedAtSeconds - 10 }, one.call('{"amount":1}'), open()),
    { code: 'token.ended' },
  );
});

test('when the mandate ends between decision and commit, the call is decided again and denied', async () => {
  const one = await refundAgent(all);
  const mandate = await one.give('1000');
  const results = await Promise.all([
    ...Array.from({ length: 10 }, () => guard.begin(one.caller(), one.call('{"amount":2}'), open())),
    endMandate(house, one.owner.id, { mandate: mandate.id }).then(() => undefined),
    ...Array.from({ length: 10 }, () => guard.begin(one.caller(), one.call('{"amount":2}'), open())),
  ]);
  const { rows } = await db.query<{ number: number }>(`select max(number) as number from change where key = $1`, [one.agent.id]);
  for (const result of results) {
    if (result?.kind !== 'go') continue;
    const [intended] = await eventsAbout(db, actionOf(result));
    assert.ok(Number(intended?.data['change']) <= (rows[0]?.number ?? 0));
  }
  assert.equal((await guard.begin(one.caller(), one.call('{"amount":2}'), open())).decision.reason, 'mandate.none');
});

test('a request that only reads the catalogue is admitted once, and never for one who may not ask', async () => {
  const one = await refundAgent(all);
  const caller = one.caller();
  assert.deepEqual(await guard.admit(caller), { ok: true });
  await assert.rejects(guard.admit(caller), { code: 'dpop.proof_replayed' });
  const guardedSystem = await guard.system(one.system.name);
  assert.ok(guardedSystem);
  assert.deepEqual([...(await guard.listable(one.caller(), guardedSystem))], ['refund']);
});
