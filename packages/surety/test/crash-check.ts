import assert from 'node:assert/strict';
import { digestCall } from '@surety/decision/call-digest';
import { fromPlain, isExactRecord } from '@surety/contract/exact-json';
import { getCheckpoint, getStatus, listActions, listEntries } from '@surety/contract/oversight-routes';
import { verifyExport } from '@surety/transparency/verify-log';
import { exportLines } from '@surety/transparency/write-export';
import type { Person } from './company.ts';
import type { Acknowledged } from './crash-load.ts';
import { until } from './recording-system.ts';
import type { Entry } from './rig.ts';

/** What an auditor took home after the round before. */
export type KeptLog = {
  readonly vkey: string;
  readonly note: string;
  readonly leaves: Uint8Array;
  readonly entries: readonly Entry[];
};

/** Reads the whole log by the API, checks it from what was kept before, and gives it to be kept. */
export async function readLog({ client }: Person, kept: KeptLog | undefined): Promise<KeptLog> {
  await until('every entry has its place', async () => (await client.call(getStatus, {})).log.unsequenced === 0);
  const { vkey, note, size } = await client.call(getCheckpoint, {});
  const leaves: Uint8Array[] = [];
  const entries: Entry[] = [];
  const read = async (from: number, limit: number) => {
    const { items } = await client.call(listEntries, { from, limit });
    for (const { index, leaf, entry } of items) {
      if (index >= size) continue;
      assert.equal(index, leaves.push(Buffer.from(leaf, 'base64')) - 1, 'the log has a gap');
      entries.push(JSON.parse(entry) as Entry);
    }
    return items;
  };
  const lines = exportLines(
    { checkpoint: () => Promise.resolve({ origin: originOf(note), vkey, size, note }), entries: read },
    1_000,
  );
  const result = await verifyExport(lines, { vkey: kept?.vkey ?? vkey, kept });
  assert.equal(result.ok, true, JSON.stringify(result));
  assert.equal(entries.length, size);
  return { vkey, note, leaves: Buffer.concat(leaves), entries };
}

function originOf(note: string): string {
  return note.slice(0, note.indexOf('\n'));
}

/** Everything that P1 and P6 promise across a crash. `effects`: what the protected system says it did, by order. */
export function assertNothingLost(
  entries: readonly Entry[],
  acknowledged: Acknowledged,
  effects: readonly string[],
): { unknown: readonly string[] } {
  const of = (type: string) => entries.filter((entry) => entry.type === type);
  const intents = of('call.intended');
  const byDigest = Map.groupBy(intents, ({ data }) => String(data['callDigest']));
  const outcomes = new Set([...of('call.completed'), ...of('call.failed'), ...of('call.cut')].map(({ about }) => about));
  const completed = new Set(of('call.completed').map(({ about }) => about));
  assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length, 'an entry stands twice');

  for (const { agent, order, amount } of acknowledged.allowed) {
    const mine = byDigest.get(digestOf(agent, order, amount)) ?? [];
    assert.ok(
      mine.some(({ about }) => completed.has(about)),
      `the record of ${order}, which was acknowledged, is lost`,
    );
  }
  const denied = new Set(of('call.denied').map(({ about }) => about));
  for (const action of acknowledged.denied) assert.ok(denied.has(action), `the record of the refusal ${action} is lost`);
  const approved = new Set(of('approval.approved').map(({ about }) => about));
  for (const id of acknowledged.answered) assert.ok(approved.has(id), `the yes to ${id} is lost`);
  const issued = new Set(of('token.issued').map(({ data }) => data['tokenId']));
  for (const id of acknowledged.tokens) assert.ok(issued.has(id), `the record of the token ${id} is lost`);

  const sent = new Map(acknowledged.sent.map((one) => [one.order, one]));
  for (const [order, times] of Map.groupBy(effects, (one) => one)) {
    const call = sent.get(order);
    assert.ok(call, `an effect that nobody asked for: ${order}`);
    const mine = byDigest.get(digestOf(call.agent, order, call.amount)) ?? [];
    assert.ok(mine.length >= times.length, `${times.length} effects of ${order}, and ${mine.length} intents`);
  }
  const uses = intents.map(({ data }) => data['approval']).filter((id): id is string => typeof id === 'string');
  assert.equal(new Set(uses).size, uses.length, 'an approval was used twice');
  for (const id of uses) assert.ok(approved.has(id), `${id} was used without a yes`);
  return { unknown: intents.map(({ about }) => about).filter((action) => !outcomes.has(action)) };
}

function digestOf(agent: string, order: string, amount: number): string {
  const args = fromPlain({ order, amount });
  assert.ok(isExactRecord(args));
  return digestCall({ agent, system: 'payments', operation: 'refund', arguments: args });
}

/** A call that began and whose end was never recorded is told as what it is, once nobody can be carrying it any more. */
export async function assertUnknown({ client }: Person, unknown: readonly string[]): Promise<void> {
  let told: string[] = [];
  await until(
    'all that began and did not end is told as unknown',
    async () => {
      told = [];
      for (let before: string | undefined; ;) {
        const { items } = await client.call(listActions, {
          state: 'unknown',
          limit: 500,
          ...(before === undefined ? {} : { before: before as never }),
        });
        told.push(...items.map(({ id }) => id));
        before = items.at(-1)?.id;
        if (items.length < 500) break;
      }
      return told.length >= unknown.length;
    },
    8_000,
  ).catch(() => undefined);
  assert.deepEqual(told.toSorted(), unknown.toSorted());
}
