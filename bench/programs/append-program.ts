import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@surety/server/config/config';
import { type Db, openDb, openPool } from '@surety/server/kernel/db';
import { silentLog } from '@surety/server/kernel/log';
import { openCommitQueue } from '@surety/server/ledger/commit-queue';
import { type Entry, recordEntry } from '@surety/server/ledger/record';
import { readPostmaster } from '@surety/server/store/embedded/data-folder';
import { openStore } from '@surety/server/store/open-store';
import { familyCpuMicros, ownCpuMicros } from '../harness/cpu.ts';
import { median, quantile } from '../harness/samples.ts';
import { answerParent } from './answer-parent.ts';
import { entryMaker } from './append/entry-maker.ts';
import { measureFlush } from './append/measure-flush.ts';

export type AppendStarted = { readonly postgresPid: number };
export type AppendRound = { readonly way: 'queue' | 'one row a commit'; readonly workers: number; readonly seconds: number };
export type AppendFigures = Readonly<Record<'rate' | 'p50Ms' | 'p99Ms' | 'postgresMicros' | 'nodeMicros', number>>;

type Opened = {
  readonly db: Db;
  readonly postgresPid: number;
  readonly append: Readonly<Record<AppendRound['way'], (entry: Entry) => Promise<void>>>;
  close(): Promise<void>;
};

const folder = mkdtempSync(join(tmpdir(), 'surety-bench-'));
const makeEntry = entryMaker();
let opened: Opened | undefined;
let acknowledged = 0;

async function start(singles: number): Promise<AppendStarted> {
  const store = await openStore(readConfig({ SURETY_DATA_DIR: folder }), silentLog);
  const queue = openCommitQueue({ url: store.url, clock: Date.now, log: silentLog });
  const pool = openPool(store.url, singles);
  const db = openDb(pool);
  const postgresPid = readPostmaster(join(folder, 'postgres'))?.pid ?? 0;
  const throughQueue = async (entry: Entry): Promise<void> => {
    const result = await queue.commit({ entries: [entry], spends: [] });
    if (result !== 'committed') throw new Error(`an entry was not committed: ${result}`);
  };
  const close = async (): Promise<void> => {
    await queue.close();
    await pool.end();
    await store.close();
  };
  opened = { db, postgresPid, append: { queue: throughQueue, 'one row a commit': (entry) => recordEntry(db, entry) }, close };
  return { postgresPid };
}

/** Every worker waits for its own entry before it makes the next. Entries are made on the clock: it is the same for all. */
async function measureRound({ way, workers, seconds }: AppendRound): Promise<AppendFigures> {
  const { append, postgresPid } = house();
  const took: number[] = [];
  const before = { node: ownCpuMicros(), postgres: familyCpuMicros(postgresPid) };
  const since = performance.now();
  const work = async (): Promise<void> => {
    while (performance.now() - since < seconds * 1_000) {
      const entry = makeEntry();
      const began = performance.now();
      await append[way](entry);
      took.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  acknowledged += took.length;
  return {
    rate: took.length / ((performance.now() - since) / 1_000),
    p50Ms: median(took),
    p99Ms: quantile(took, 0.99),
    postgresMicros: (familyCpuMicros(postgresPid) - before.postgres) / took.length,
    nodeMicros: (ownCpuMicros() - before.node) / took.length,
  };
}

/** How many entries were acknowledged, and how many are there. */
async function countEntries(): Promise<{ readonly acknowledged: number; readonly kept: number }> {
  const { rows } = await house().db.query<{ kept: number }>('select count(*) as kept from entry');
  return { acknowledged, kept: rows[0]?.kept ?? 0 };
}

function house(): Opened {
  if (opened === undefined) throw new Error('it has not been started');
  return opened;
}

answerParent(
  { start, measureRound, countEntries, flushMs: (times: number) => measureFlush(join(folder, 'flush'), times) },
  async () => {
    await opened?.close();
    rmSync(folder, { recursive: true, force: true });
  },
);
