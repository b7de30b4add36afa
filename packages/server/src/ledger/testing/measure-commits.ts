import { randomBytes } from 'node:crypto';
import { verifyExport } from '@surety/transparency/verify-log';
import type pg from 'pg';
import { systemClock } from '#kernel/clock';
import { openDb } from '#kernel/db';
import { newId } from '#kernel/id';
import { silentLog } from '#kernel/log';
import { type CommitQueue, openCommitQueue, spendKey } from '#ledger/commit-queue';
import { exportLog } from '#ledger/export-log';
import { openOwnPool } from '#ledger/own-pool';
import { type Entry, entryOf } from '#ledger/record';
import { openSequencer } from '#ledger/sequence';
import { migrate } from '#store/migrate';
import { openThrowawayPostgres } from '#testing/throwaway-postgres';
import { aSigner } from './a-signer.ts';

/**
 * A program: commits a second and the median time to the acknowledgement, batched and one row at a time, in turns on one
 * disk; then how fast entries are sequenced, and an export verified. `node … measure-commits.ts [rounds] [ms a round]`.
 */
const rounds = Number(process.argv[2] ?? 5);
const runMs = Number(process.argv[3] ?? 1000);

type Figures = { readonly rate: number; readonly p50: number; readonly p99: number };

/** An entry of about 1 KB, with a proof that is spent and a fence, as a call has it. */
function aUnit() {
  const reason = randomBytes(375).toString('hex');
  const data = { from: 'active', to: 'suspended', reason };
  const entry = entryOf({ type: 'agent.moved', actor: newId('human'), about: newId('agent'), data }, systemClock);
  const spend = { key: spendKey('dpop', entry.id), expiresAtMs: Date.now() + 180_000 };
  return { entries: [entry], spends: [spend], fence: { change: 0, keys: [entry.about, 'policy'] } };
}

async function measure(producers: number, one: () => Promise<unknown>): Promise<Figures> {
  const times: number[] = [];
  const start = performance.now();
  const produce = async () => {
    while (performance.now() - start < runMs) {
      const begun = performance.now();
      await one();
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: producers }, produce));
  const rate = times.length / ((performance.now() - start) / 1000);
  times.sort((a, b) => a - b);
  return { rate, p50: times[times.length >> 1] ?? 0, p99: times[Math.floor(times.length * 0.99)] ?? 0 };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

async function addAlone(pool: pg.Pool, entry: Entry): Promise<void> {
  await pool.query({
    name: 'alone',
    text: 'insert into entry (id, at, type, actor, about, task, body, sealed) values ($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [entry.id, entry.at, entry.type, entry.actor, entry.about, entry.task, entry.body, entry.sealed],
  });
}

async function compare(pool: pg.Pool, queue: CommitQueue): Promise<void> {
  const cases: readonly (readonly [name: string, producers: number, one: () => Promise<unknown>])[] = [
    ['single rows', 1, () => addAlone(pool, aUnit().entries[0]!)],
    ['single rows', 32, () => addAlone(pool, aUnit().entries[0]!)],
    ...[1, 32, 128].map((producers) => ['queue', producers, () => queue.commit(aUnit())] as const),
  ];
  const figures = cases.map((): Figures[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [place, [, producers, one]] of cases.entries()) {
      const found = await measure(producers, one);
      if (round > 0) figures[place]?.push(found); // the first round warms up
    }
  }
  const of = (place: number, key: keyof Figures) => median((figures[place] ?? []).map((one) => one[key]));
  for (const [place, [name, producers]] of cases.entries()) {
    const times = `p50 ${of(place, 'p50').toFixed(2)} ms  p99 ${of(place, 'p99').toFixed(2)} ms`;
    console.log(
      `${name.padEnd(12)} producers ${String(producers).padStart(3)}  ${of(place, 'rate').toFixed(0).padStart(6)}/s  ${times}`,
    );
  }
  console.log(`queue at 128 over single rows at 32: ${(of(4, 'rate') / of(1, 'rate')).toFixed(2)} times`);
}

async function sequenceAll(url: string, pool: pg.Pool): Promise<void> {
  const signer = aSigner();
  const db = openDb(pool);
  await db.query('insert into unsequenced select id from entry where id not in (select id from unsequenced)');
  const { rows } = await db.query<{ count: number }>('select count(*) as count from unsequenced');
  const count = rows[0]?.count ?? 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  const sequencer = await openSequencer({ url, signer, log: silentLog });
  await sequencer.close();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `sequenced ${count} entries: ${(count / seconds).toFixed(0)}/s, ${((user + system) / count).toFixed(1)} us of this process each`,
  );
  const begun = performance.now();
  const lines = await Array.fromAsync(exportLog(db, signer));
  const read = performance.now();
  const result = await verifyExport(lines, { vkey: signer.vkey });
  const verified = (performance.now() - read) / count;
  console.log(
    `exported in ${((read - begun) / count).toFixed(4)} ms each, verified (${String(result.ok)}) in ${(verified * 1000).toFixed(2)} us each`,
  );
}

const postgres = await openThrowawayPostgres();
await migrate(postgres.url);
const pool = openOwnPool(postgres.url, 32);
const queue = openCommitQueue({ url: postgres.url, clock: systemClock, log: silentLog });
await compare(pool, queue);
await queue.close();
await sequenceAll(postgres.url, pool);
await pool.end();
await postgres.close();
