import assert from 'node:assert/strict';
import type { Outcome } from '@surety/contract/decision';
import type * as z from 'zod';
import { test } from 'vitest';
import { answerApproval } from '#approval/answer-approval';
import { findQuestion } from '#approval/approval-store';
import { defaultRoles } from '#policy/default-policy';
import { publishPolicy } from '#policy/publish-policy';
import { signed } from '#registry/testing/residents';
import { runPolicyTests } from '@surety/decision/lint/run-policy-tests';
import { readActionTest } from './action-test.ts';
import { readEffect } from './read-effect.ts';
import { labHouse, policyOf, recordedAgent, start } from './testing/lab-house.ts';

const house = await labHouse();
const { lab: room, db, clock } = house;
const window = { days: 7, seconds: 30 };
const kinds = { go: 'permit', held: 'hold', refused: 'deny' } as const;

/** What a policy can say of refunds: each is put to every recorded call. */
const policies = (system: string) => [
  '',
  start,
  `${start}\n@id("no") @because("x") forbid (principal is Agent, action == Action::"${system}.refund", resource);`,
  `${start}\n@id("large") @because("x") forbid (principal is Agent, action in Action::"money", resource) when { context.facts.at has "/amount" && context.facts.at["/amount"] has number && context.facts.at["/amount"].number.greaterThan(decimal("300.0")) };`,
  `${start}\n@id("ask") @hold("small ones too") permit (principal is Agent, action in Action::"money", resource) when { context.facts.at has "/amount" && context.facts.at["/amount"] has number && context.facts.at["/amount"].number.greaterThan(decimal("100.0")) };`,
  `${start}\n@id("err") @because("x") forbid (principal is Agent, action, resource) when { context.args.note == "x" };`,
];

test('the effect by replay is what deciding each call anew under the new policy says, for every policy', async () => {
  const agent = await recordedAgent(house);
  const calls: { readonly args: object; readonly operation: string; readonly recorded: z.infer<typeof Outcome> }[] = [];
  // Amounts on both sides of every limit, a note here and there, an operation that is not in the mandate.
  for (let at = 0; at < 60; at += 1) {
    const args = { amount: (at * 37) % 1_201, order: at, ...(at % 3 === 0 ? { note: at % 2 === 0 ? 'x' : 'y' } : {}) };
    const operation = at % 10 === 9 ? 'list' : 'refund';
    calls.push({ args, operation, recorded: kinds[(await agent.call(args, operation)).kind] });
  }
  assert.deepEqual([...new Set(calls.map(({ recorded }) => recorded))].sort(), ['deny', 'hold', 'permit']);
  for (const text of policies(agent.system.name)) {
    const { replay } = await readEffect(room, policyOf(text), window);
    await publishPolicy({ db, clock }, 'hum_x', { text });
    await house.upToDate();
    const anew = await Promise.all(calls.map(({ args, operation }) => agent.decided(args, operation)));
    const expected = new Map<string, number>();
    for (const [at, { operation, recorded }] of calls.entries()) {
      const after = anew[at];
      if (after === undefined || after.outcome === recorded) continue;
      const key = `${operation} ${recorded} ${after.outcome} ${after.reason}`;
      expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    const found = new Map<string, number>();
    for (const { operation, before, after, reasonAfter, calls: count } of replay.flips) {
      const key = `${operation} ${before} ${after} ${reasonAfter}`;
      found.set(key, (found.get(key) ?? 0) + count);
    }
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected), text);
    assert.equal(replay.decisions, calls.length);
    assert.equal(replay.notReplayable, 0);
    assert.ok(replay.complete);
    assert.equal(replay.cut, calls.filter(({ recorded }, at) => recorded === 'permit' && anew[at]?.outcome !== 'permit').length);
    // The next effect is measured from where we began.
    await publishPolicy({ db, clock }, 'hum_x', { text: start });
    await house.upToDate();
  }
});

test('a call that was held, approved and ran is told once, by what it came to', async () => {
  const agent = await recordedAgent(house);
  const before = (await readEffect(room, policyOf(''), window)).replay;
  await agent.call({ amount: 400 });
  const question = await findQuestion(db, {
    agent: agent.agent.id,
    callDigest: agent.call1(400).digest,
    requester: agent.agent.id,
  });
  const claims = { approval: question?.id, digest: question?.questionDigest, answer: 'approve', iat: Math.floor(clock() / 1000) };
  const signature = signed(agent.key, 'surety-approval+jwt', claims);
  await answerApproval({ db, clock, validSeconds: 600 }, agent.owner.id, { approval: question?.id ?? '', signature });
  assert.equal((await agent.call({ amount: 400 })).kind, 'go');
  const { replay } = await readEffect(room, policyOf(''), window);
  assert.deepEqual([replay.decisions - before.decisions, replay.allowed - before.allowed], [1, 1]);
  const own = replay.flips.filter((one) => one.agent === agent.agent.id);
  assert.deepEqual(
    own.map((one) => [one.before, one.reasonBefore, one.after, one.calls]),
    [['permit', 'approved', 'deny', 1]],
  );
});

test('any recorded action is a test that passes on what it was decided by, and fails on what would decide it otherwise', async () => {
  const agent = await recordedAgent(house);
  for (const [args, outcome] of [
    [{ amount: 20 }, 'permit'],
    [{ amount: 420.5 }, 'hold'],
    [{ amount: 5_000 }, 'deny'],
  ] as const) {
    const { actionId } = await agent.call(args);
    const saved = await readActionTest(room, actionId);
    assert.deepEqual([saved.test.expect, saved.test.call.arguments, saved.passes], [outcome, args, true]);
    const [checked, other] = [start, ''].map((text) =>
      runPolicyTests({ policy: { text }, roles: defaultRoles }, [saved.test], room.engine),
    );
    assert.equal(checked?.passed, 1, JSON.stringify(checked?.failures));
    assert.equal(other?.passed, outcome === 'deny' ? 1 : 0);
  }
  await assert.rejects(readActionTest(room, 'act_nothing'), { code: 'action.not_found' });
});

test('a record that was tampered with, or whose document is gone, is counted as such and nothing is concluded from it', async () => {
  const agent = await recordedAgent(house);
  await agent.call({ amount: 3 });
  await agent.call({ amount: 4 });
  const before = (await readEffect(room, policyOf(''), window)).replay;
  await db.query(`update entry set sealed = '\\x00' where id = (select max(id) from entry where type = 'call.intended')`);
  const after = (await readEffect(room, policyOf(''), window)).replay;
  assert.deepEqual([after.notReplayable, after.decisions], [before.notReplayable + 1, before.decisions - 1]);
});

const many = Number(process.env['SURETY_LAB_DECISIONS'] ?? 3_000);

test(
  `${many} recorded decisions are decided again, in bounded time, or it is said how many were`,
  { timeout: 120_000 },
  async () => {
    const agent = await recordedAgent(house);
    await agent.repeat({ amount: 20 }, many);
    const text = `${start}\n@id("no") @because("x") forbid (principal is Agent, action == Action::"${agent.system.name}.refund", resource);`;
    const used = process.cpuUsage();
    const { replay } = await readEffect(room, policyOf(text), { days: 7, seconds: 60 });
    const group = replay.flips.find((one) => one.agent === agent.agent.id);
    assert.deepEqual(
      [group?.calls, group?.before, group?.after, group?.reasonAfter],
      [many, 'permit', 'deny', 'organisation.forbidden'],
    );
    assert.equal(group?.examples.length, 3);
    if (many > 5_000) {
      const [wall, cpu] = [replay.milliseconds, process.cpuUsage(used).user / 1000];
      console.log(`${replay.decisions} decisions in ${wall} ms, ${Math.round(cpu)} ms of processor`);
    }
    const short = (await readEffect(room, policyOf(text), { days: 7, seconds: 0.02 })).replay;
    assert.ok(!short.complete && short.decisions < replay.decisions, JSON.stringify([short.complete, short.decisions]));
  },
);
