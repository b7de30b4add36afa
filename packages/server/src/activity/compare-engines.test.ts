import assert from 'node:assert/strict';
import { getStatus } from '@surety/contract/oversight-routes';
import { openCedar } from '@surety/decision/cedar-engine';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import { test } from 'vitest';
import { type ComparisonRoom, openComparison, type Sample } from '#decision/compare-engines';
import { createDecider } from '#decision/decide-call';
import { inputsPlace } from '#decision/inputs-place';
import { type Log, silentLog } from '#kernel/log';
import { openLogReader } from '#ledger/log-reader';
import { actingAgent, activityHouse } from './testing/activity-house.ts';

const house = await activityHouse();
const { db, clock, sealer } = house;
const findings = () => openLogReader(db).newest({ about: ['engine'], types: ['engine.differed'], limit: 10 }, { sealed: true });
const engineState = async () => (await house.ask(getStatus, {})).checks.find(({ check }) => check === 'official Cedar');

/** A house that decides with this engine, and has the official one look at it. */
function deciding(engine: PolicyEngine, more: Partial<ComparisonRoom> = {}) {
  const errors: string[] = [];
  const log: Log = { info: () => {}, warn: () => {}, error: (_, message) => void errors.push(message) };
  const comparison = openComparison({ db, clock, sealer, log, share: 1, ...more });
  return { decider: createDecider({ ...house, engine, comparison }), comparison, errors };
}

/** Our engine with a mistake: it lets pass what a condition on an amount ends. */
function mistaken(): PolicyEngine {
  const right = openCedar();
  const all = { id: 'all', text: 'permit (principal, action, resource);' };
  const open = right.prepare('open', [all]);
  return {
    ...right,
    evaluate: (handle, request) => {
      const verdict = right.evaluate(handle, request);
      const isMandate = /^mandate:[^/]+$/.test(handle.id);
      return isMandate && verdict.permits.length === 0
        ? { ...right.evaluate(open, request), permits: [`${handle.id}/p1`] }
        : verdict;
    },
  };
}

test('the official engine decides the same calls the same way, whatever becomes of them', async () => {
  const one = await actingAgent(house);
  const { decider, comparison, errors } = deciding(openCedar());
  for (const amount of ['1', '301', '5000', '"7"']) await decider.decide(one.caller(), one.call(`{"amount":${amount}}`));
  await comparison?.settled();
  assert.deepEqual([comparison?.counts(), errors], [{ share: 1, compared: 4, differed: 0, dropped: 0 }, []]);
  assert.deepEqual(await findings(), []);
  assert.equal((await engineState())?.state, 'ok');
});

test('a mistake in our engine is found: an event with what it was decided on, an error in the log, a problem in the status', async () => {
  const one = await actingAgent(house);
  const { decider, comparison, errors } = deciding(mistaken());
  assert.equal((await decider.decide(one.caller(), one.call('{"amount":5000}'))).decision.outcome, 'permit');
  await comparison?.settled();
  assert.equal(comparison?.counts().differed, 1);
  assert.match(errors.join(' '), /do not trust this node/);
  const [finding] = await findings();
  assert.ok(finding?.sealed);
  assert.match(finding.body, /"official":"deny mandate\.constraint/);
  assert.match(finding.body, /"ours":"permit permitted/);
  assert.ok(!finding.body.includes('5000'), 'no value of an argument is readable there');
  const opened = sealer.open(inputsPlace('engine', 'engine.differed'), finding.sealed);
  const again = await decider.recompute(opened, { reason: 'permitted', link: 'mandate', policies: [] });
  assert.equal(again.inputs?.agent?.id, one.agent.id);
  const state = await engineState();
  assert.deepEqual([state?.state, state?.next?.includes(finding.id)], ['problem', true]);
});

test('a share is drawn, what is too much at once is left out, and with no share nothing is put aside at all', async () => {
  const one = await actingAgent(house);
  const { decider, comparison } = deciding(openCedar(), { share: 0.5, random: () => 0.5 });
  for (let at = 0; at < 10; at++) await decider.decide(one.caller(), one.call('{"amount":1}'));
  await comparison?.settled();
  assert.equal(comparison?.counts().compared, 5);
  const flooded = deciding(openCedar()).comparison;
  const samples: Sample[] = [];
  const drawing = createDecider({ ...house, comparison: { note: (sample) => void samples.push(sample) } });
  await drawing.decide(one.caller(), one.call('{"amount":1}'));
  for (let at = 0; at < 200; at++) for (const sample of samples) flooded?.note(sample);
  assert.ok((flooded?.counts().dropped ?? 0) >= 100);
  assert.equal(openComparison({ db, clock, sealer, log: silentLog, share: 0 }), undefined);
});
