import assert from 'node:assert/strict';
import type { BeginResult } from '@surety/contract/enforcement';
import { MandateDocument } from '@surety/contract/mandate';
import * as fc from 'fast-check';
import { afterAll, test } from 'vitest';
import type * as z from 'zod';
import { inputsPlace } from '#decision/inputs-place';
import { giveMandate } from '#delegation/give-mandate';
import { readMandate } from '#delegation/read-mandate';
import { silentLog } from '#kernel/log';
import { openCommitQueue } from '#ledger/commit-queue';
import { readUse } from '#metering/read-use';
import { releaseAction } from '#metering/release-action';
import { eventsAbout, signed } from '#registry/testing/residents';
import { openGuardHouse } from './guard-house.ts';
import { guarded, refundAgent } from './testing/guarded.ts';

const all = await guarded();
const { db, guard, house, clock, sealer, decider } = all;
const open = () => ({ holdMs: 0, signal: new AbortController().signal });

/** The same house on a second node: a queue and a guard of its own over the one database. */
const otherQueue = openCommitQueue({ url: all.url, clock, log: silentLog });
const otherGuard = openGuardHouse({ ...all.room, queue: otherQueue });
afterAll(() => otherQueue.close());

type One = Awaited<ReturnType<typeof refundAgent>>;
type Limits = NonNullable<z.input<typeof MandateDocument>['limits']>;

/** Gives the agent a mandate with these limits. */
async function limit(one: One, limits: Limits, actions = ['refund']) {
  const document = MandateDocument.parse({
    agent: one.agent.id,
    purpose: 'Refund orders',
    autonomy: 'act',
    expiresAt: new Date(clock() + 3_600_000).toISOString(),
    permissions: [{ system: one.system.name, actions }],
    limits,
  });
  const claims = { digest: readMandate({ document }).digest, agent: one.agent.id, iat: Math.floor(clock() / 1000) };
  const mandate = await giveMandate(house, one.owner.id, { document, signature: signed(one.key, 'surety-mandate+jwt', claims) });
  await all.caughtUp();
  return mandate;
}

const begin = (one: One, text: string, operation = 'refund') => guard.begin(one.caller(), one.call(text, operation), open());
const goes = (results: readonly BeginResult[]) => results.filter(({ kind }) => kind === 'go').length;
const refunds = (one: One) => [{ system: one.system.name, actions: ['refund'] }];
const failed = { state: 'failed', problem: 'tool_error', milliseconds: 1 } as const;

async function recomputed(result: BeginResult) {
  const { rows } = await db.query<{ type: string; sealed: Buffer }>(
    `select type, sealed from entry where about = $1 and type in ('call.intended', 'call.denied', 'call.held') order by id desc limit 1`,
    [result.actionId],
  );
  const { type, sealed } = rows[0]!;
  return decider.recompute(sealer.open(inputsPlace(result.actionId, type), sealed), result.decision);
}

test('a sum is filled by calls in flight, what failed makes room, and every decision recomputes from its record', async () => {
  const one = await refundAgent(all);
  await limit(one, [{ of: refunds(one), measure: { sum: '/amount' }, max: 250, per: 'agent', within: 'P30D' }]);
  const first = await begin(one, '{"amount":200}');
  assert.equal(first.kind, 'go');
  const second = await begin(one, '{"amount":50.01}');
  assert.deepEqual([second.kind, second.decision.reason, second.decision.link], ['refused', 'limit.reached', 'limit']);
  assert.match(second.decision.because, /up to 250 in total \(\/amount\) in any 30 days/);
  assert.equal((await recomputed(first)).recomputed, 'same');
  const again = await recomputed(second);
  assert.equal(again.recomputed, 'same');
  assert.deepEqual(again.conditions.at(-1)?.found, '200 before this call');
  assert.equal((await begin(one, '{"amount":50}')).kind, 'go');
  await guard.settle(first.actionId, failed);
  assert.equal((await begin(one, '{"amount":200}')).kind, 'go');
  assert.equal((await begin(one, '{"amount":0.01}')).kind, 'refused');
});

test('200 at once against one limit use it fully and never more', async () => {
  const one = await refundAgent(all);
  await limit(one, [{ of: refunds(one), measure: { sum: '/amount' }, max: '50', per: 'task' }]);
  const results = await Promise.all(Array.from({ length: 200 }, () => begin(one, '{"amount":1}')));
  assert.equal(goes(results), 50);
  assert.ok(results.every(({ kind, decision }) => kind === 'go' || decision.reason === 'limit.reached'));
  assert.equal((await usedOf(one))[0], '50');
});

test('the same across two nodes', async () => {
  const one = await refundAgent(all);
  await limit(one, [{ of: refunds(one), measure: { sum: '/amount' }, max: '35.5', per: 'agent', within: 'P1D' }]);
  const nodes = [guard, otherGuard];
  const results = await Promise.all(
    Array.from({ length: 120 }, (_, at) => nodes[at % 2]!.begin(one.caller(), one.call('{"amount":0.5}'), open())),
  );
  assert.equal(goes(results), 71);
  assert.equal((await usedOf(one))[0], '35.5');
});

/** What of each limit is used now, as it is shown to people. */
async function usedOf(one: One): Promise<string[]> {
  const { rows } = await db.query<{ document: MandateDocument }>(
    `select document from mandate where agent = $1 and state = 'active'`,
    [one.agent.id],
  );
  const limits = MandateDocument.parse(rows[0]?.document).limits ?? [];
  const uses = await readUse({ db, meters: all.meters }, { agent: { id: one.agent.id, owner: one.owner.id }, limits }, clock());
  return uses.map(({ used }) => used);
}

test('a call that was cut, and one whose node is lost, stay counted until a person says otherwise', async () => {
  const one = await refundAgent(all);
  await limit(one, [{ of: refunds(one), measure: 'count', max: 2, per: 'agent', within: 'P1D' }]);
  const cut = await begin(one, '{"amount":1}');
  await guard.settle(cut.actionId, { state: 'cut', problem: 'stopped', milliseconds: 1 });
  const lost = await begin(one, '{"amount":1}');
  assert.equal((await begin(one, '{"amount":1}')).kind, 'refused');
  await assert.rejects(releaseAction(house, one.owner.id, { action: lost.actionId as never, reason: 'still running' }), {
    code: 'action.not_unknown',
  });
  await releaseAction(house, one.owner.id, { action: cut.actionId as never, reason: 'the system shows no refund' });
  assert.deepEqual((await eventsAbout(db, cut.actionId)).at(-1)?.data, {
    agent: one.agent.id,
    reason: 'the system shows no refund',
  });
  const third = await begin(one, '{"amount":1}');
  assert.equal(third.kind, 'go');
  await guard.settle(third.actionId, { state: 'completed', milliseconds: 1 });
  await assert.rejects(releaseAction(house, one.owner.id, { action: third.actionId as never, reason: 'done' }), {
    code: 'action.not_unknown',
  });
});

test('an answer that says nothing, or that never came, keeps its place; what was never sent gives it back', async () => {
  const one = await refundAgent(all);
  await limit(one, [{ of: refunds(one), measure: 'count', max: 1, per: 'agent', within: 'P1D' }]);
  const sent = await begin(one, '{"amount":1}');
  await guard.settle(sent.actionId, { state: 'failed', problem: 'upstream_unreachable', milliseconds: 1 });
  const unclear = await begin(one, '{"amount":1}');
  assert.equal(unclear.kind, 'go');
  await guard.settle(unclear.actionId, { state: 'failed', problem: 'upstream_status_503', milliseconds: 1 });
  assert.equal((await begin(one, '{"amount":1}')).decision.reason, 'limit.reached');
});

test('another unit, no unit, a negative amount, text and nothing at all are refused, and count nothing', async () => {
  const one = await refundAgent(all);
  const unit = { is: 'EUR', at: '/currency' };
  await limit(one, [{ of: refunds(one), measure: { sum: '/amount', unit }, max: 100, per: 'agent', within: 'P1D' }]);
  for (const text of [
    '{"amount":1,"currency":"USD"}',
    '{"amount":1}',
    '{"amount":1,"currency":["EUR"]}',
    '{"amount":-1,"currency":"EUR"}',
    '{"amount":"1","currency":"EUR"}',
    '{"currency":"EUR"}',
    '{"amount":null,"currency":"EUR"}',
  ]) {
    const result = await begin(one, text);
    assert.deepEqual([result.kind, result.decision.reason], ['refused', 'limit.unit'], text);
    assert.equal((await recomputed(result)).recomputed, 'same');
  }
  assert.equal((await begin(one, '{"amount":100,"currency":"EUR"}')).kind, 'go');
  assert.deepEqual(await usedOf(one), ['100']);
});

test('what a limit is about cannot be left out or hidden: such a call counts as one that is meant', async () => {
  const one = await refundAgent(all);
  const of = [{ ...refunds(one)[0]!, where: { '/region': { in: ['EU'] } } }];
  await limit(one, [{ of, measure: 'count', max: 3, per: 'agent', within: 'P1D' }]);
  for (const region of ['"eu "', '["US","EU"]', '{"code":"EU"}'])
    assert.equal((await begin(one, `{"region":${region}}`)).kind, 'go');
  assert.equal((await begin(one, '{}')).decision.reason, 'limit.reached');
  assert.equal((await begin(one, '{"region":"US"}')).kind, 'go');
  assert.deepEqual(await usedOf(one), ['3']);
});

test('distinct values count once, in any spelling, one at a time or in a list', async () => {
  const one = await refundAgent(all);
  await limit(one, [{ of: refunds(one), measure: { distinct: '/order' }, max: 2, per: 'agent', within: 'P1D' }]);
  assert.equal((await begin(one, '{"order":"A-1"}')).kind, 'go');
  assert.equal((await begin(one, '{"order":" a-1"}')).kind, 'go');
  assert.equal((await begin(one, '{"order":["A-1","b"]}')).kind, 'go');
  assert.equal((await begin(one, '{"order":"c"}')).decision.reason, 'limit.reached');
  assert.equal((await begin(one, '{"order":["c","a-1"]}')).decision.reason, 'limit.reached');
  assert.equal((await begin(one, '{"order":{"id":"c"}}')).decision.reason, 'limit.unit');
  assert.equal((await begin(one, '{"order":"B"}')).kind, 'go');
  const many = await refundAgent(all);
  await limit(many, [{ of: refunds(many), measure: { distinct: '/order' }, max: 5, per: 'agent', within: 'P1D' }]);
  const results = await Promise.all(Array.from({ length: 60 }, (_, at) => begin(many, `{"order":${at % 12}}`)));
  assert.equal((await usedOf(many))[0], '5');
  assert.equal(goes(results), 25);
});

test('pace counts what failed too, and rows what was asked for until it is known what came', async () => {
  const one = await refundAgent(all);
  await limit(one, [{ of: refunds(one), measure: 'pace', max: 2, per: 'agent', within: 'PT1M' }]);
  for (let at = 0; at < 2; at++) await guard.settle((await begin(one, '{"amount":1}')).actionId, failed);
  assert.equal((await begin(one, '{"amount":1}')).decision.reason, 'limit.reached');

  const reader = await refundAgent(all);
  await limit(
    reader,
    [
      {
        of: [{ system: reader.system.name, actions: ['list'] }],
        measure: { rows: '/limit', most: 50 },
        max: 100,
        per: 'agent',
        within: 'P1D',
      },
    ],
    ['list'],
  );
  const first = await begin(reader, '{"limit":80}', 'list');
  assert.equal(first.kind, 'go');
  assert.equal((await begin(reader, '{}', 'list')).decision.reason, 'limit.reached');
  await guard.settle(first.actionId, { state: 'completed', rows: 3, milliseconds: 1 });
  assert.deepEqual(await usedOf(reader), ['3']);
  assert.equal((await begin(reader, '{}', 'list')).kind, 'go');
});

test('a window slides: what is older than it counts no more, to the second and over a change of the clocks', async () => {
  const one = await refundAgent(all);
  await limit(one, [{ of: refunds(one), measure: 'count', max: 1, per: 'agent', within: 'PT2S' }]);
  const first = await begin(one, '{"amount":1}');
  assert.equal(first.kind, 'go');
  assert.equal((await begin(one, '{"amount":1}')).kind, 'refused');
  await db.query(`update deed set at = at - interval '1900 milliseconds' where action = $1`, [first.actionId]);
  assert.equal((await begin(one, '{"amount":1}')).kind, 'refused');
  await db.query(`update deed set at = at - interval '101 milliseconds' where action = $1`, [first.actionId]);
  assert.equal((await begin(one, '{"amount":1}')).kind, 'go');
  // A day is 24 hours: in the database too, where a day of the calendar has 23 or 25 when the clocks change.
  await db.query(`set time zone 'Europe/Berlin'`);
  const other = await refundAgent(all);
  const mandate = await limit(other, [{ of: refunds(other), measure: 'count', max: 1, per: 'agent', within: 'P1D' }]);
  const counted = async (at: string, now: string) => {
    await db.query(`update deed set at = $2 where agent = $1`, [other.agent.id, at]);
    const uses = await readUse(
      { db, meters: all.meters },
      { agent: { id: other.agent.id, owner: '' }, limits: mandate.document.limits ?? [] },
      Date.parse(now),
    );
    return uses[0]?.used;
  };
  assert.equal((await begin(other, '{"amount":1}')).kind, 'go');
  assert.equal(await counted('2026-03-29T00:30:00.001Z', '2026-03-30T00:30:00Z'), '1');
  assert.equal(await counted('2026-03-29T00:30:00Z', '2026-03-30T00:30:00Z'), '0');
  assert.equal(await counted('2026-10-24T22:30:00.001Z', '2026-10-25T22:30:00Z'), '1');
  assert.equal(await counted('2026-10-24T22:30:00Z', '2026-10-25T22:30:00Z'), '0');
});

test('giving the mandate again does not empty a limit, and a limit that is new counts what was called before', async () => {
  const one = await refundAgent(all);
  assert.equal((await begin(one, '{"amount":1}')).kind, 'go');
  await limit(one, [{ of: refunds(one), measure: 'count', max: 2, per: 'agent', within: 'P1D' }]);
  assert.equal((await begin(one, '{"amount":1}')).kind, 'go');
  assert.equal((await begin(one, '{"amount":1}')).kind, 'refused');
  await limit(one, [
    { of: [{ system: one.system.name, actions: ['ref*'] }], measure: 'count', max: 3, per: 'agent', within: 'P2D' },
  ]);
  assert.equal((await begin(one, '{"amount":1}')).kind, 'go');
  assert.equal((await begin(one, '{"amount":1}')).kind, 'refused');
});

test('whatever is reserved and released in whatever order on two nodes, a limit is never exceeded and holds what an oracle says', async () => {
  const step = fc.record({
    cents: fc.integer({ min: 1, max: 6_000 }),
    end: fc.constantFrom('none', 'completed', 'failed', 'cut'),
    node: fc.nat(1),
    together: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 14 }),
      fc.integer({ min: 1_000, max: 12_000 }),
      async (steps, max) => {
        const one = await refundAgent(all);
        const inEuro = (cents: number) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
        await limit(one, [{ of: refunds(one), measure: { sum: '/amount' }, max: inEuro(max), per: 'agent', within: 'P1D' }]);
        let used = 0; // the oracle: cents that are counted
        let batch: Promise<void>[] = [];
        let running = 0;
        let started = 0;
        for (const { cents, end, node, together } of steps) {
          const at = [guard, otherGuard][node]!;
          const act = async () => {
            const isFirst = running++ === 0;
            const before = used;
            const turn = ++started;
            const result = await at.begin(one.caller(), one.call(`{"amount":${inEuro(cents)}}`), open());
            if (result.kind === 'go') used += cents;
            if (isFirst && started === turn) assert.equal(result.kind === 'go', before + cents <= max);
            assert.ok(used <= max);
            if (result.kind === 'go' && end !== 'none') {
              if (end === 'failed') used -= cents;
              await at.settle(
                result.actionId,
                end === 'failed' ? failed : { state: end as 'completed', problem: 'stopped', milliseconds: 1 },
              );
            }
            running--;
          };
          batch.push(act());
          if (!together) {
            await Promise.all(batch);
            batch = [];
            assert.equal(Math.round(Number((await usedOf(one))[0]) * 100), used);
          }
        }
        await Promise.all(batch);
        assert.equal(Math.round(Number((await usedOf(one))[0]) * 100), used);
      },
    ),
    { numRuns: 5 },
  );
});
