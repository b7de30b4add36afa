import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@surety/server/config/config';
import type { Log } from '@surety/server/kernel/log';
import { checkLog } from '@surety/server/ledger/check-log';
import { houseUrl } from '@surety/server/testing/house';
import { getCheckpoint } from '@surety/contract/oversight-routes';
import type { IncomingHttpHeaders } from 'node:http';
import assert from 'node:assert/strict';
import { type Running, runSurety } from '../src/run-surety.ts';
import type { ByHand, Place } from './by-hand.ts';
import { addPerson, claimAs, classify, type Hire, hire, type Person, protect, refunds } from './company.ts';
import { openRecordingSystem, type RecordingSystem } from './recording-system.ts';

/** One entry of the ledger, read straight from its table. */
export type Entry = {
  readonly id: string;
  readonly type: string;
  readonly actor: string;
  readonly about: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** The whole of Surety in this process, on real sockets and a database of its own, with a person who owns it. */
export type Rig = {
  readonly running: Running;
  readonly place: Place;
  readonly databaseUrl: string;
  readonly dataFolder: string;
  /** Lines of the operators' log, as text. */
  readonly log: readonly string[];
  /** The database, as its administrator has it: past Surety. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The code with which `maya` claimed the server. */
  readonly claimCode: string;
  readonly maya: Person;
  /** Protected as `payments`; it wants `x-api-key`. */
  readonly payments: RecordingSystem;
  readonly apiKey: string;
  hire(name: string, more?: Partial<Hire>): Promise<ByHand>;
  person(name: string, roles: readonly string[]): Promise<Person>;
  /** Entries of one type, oldest first; of one actor when that is given. */
  entries(type: string, actor?: string): Promise<Entry[]>;
  /** Runs `work` with the clock of the house, and of those who ask by hand, ahead of what it is. */
  ahead<Result>(ms: number, work: () => Promise<Result>): Promise<Result>;
  /** Every entry has its place and hash, every tile and the signed head agree. */
  checkLog(): Promise<void>;
  close(): Promise<void>;
};

export type RigOptions = { readonly env?: Readonly<Record<string, string>>; readonly databaseUrl?: string };

/** Canary: it must be found nowhere but at the system it is for. */
const apiKey = 'canary-7c1f0b9e5d2a4f63';

export async function openRig({ env = {}, databaseUrl: given }: RigOptions = {}): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), `surety-test-${process.pid}-`));
  const databaseUrl = given ?? (await houseUrl());
  const log: string[] = [];
  const payments = await openRecordingSystem({ admit: (headers: IncomingHttpHeaders) => headers['x-api-key'] === apiKey });
  const config = readConfig({
    SURETY_DATA_DIR: folder,
    SURETY_DATABASE_URL: databaseUrl,
    SURETY_PORT: '0',
    SURETY_GATEWAY_PORT: '0',
    SURETY_HOLD_MS: '0',
    ...env,
  });
  let aheadMs = 0;
  const clock = () => Date.now() + aheadMs;
  const running = await runSurety(config, noteIn(log), clock);
  const place = { issuer: running.issuer, gateway: running.gateway.url, clock };
  const { code: claimCode } = await running.house.openClaim();
  const maya = await claimAs(place, claimCode);
  await protect(maya, 'payments', payments.url, { header: 'x-api-key', value: apiKey });
  await classify(maya, 'payments', 'refund', 'money');
  const { db } = running.house.store;
  return {
    running,
    place,
    databaseUrl,
    dataFolder: folder,
    log,
    claimCode,
    maya,
    payments,
    apiKey,
    query: async <Row>(text: string, values: readonly unknown[] = []) => (await db.query<Row>(text, values)).rows,
    hire: (name, more = {}) => hire(place, maya, { name, permissions: refunds, ...more }),
    person: (name, roles) => addPerson(place, maya, name, roles),
    entries: async (type, actor) => {
      const { rows } = await db.query<{ body: string }>(
        'select body from entry where type = $1 and ($2::text is null or actor = $2) order by id',
        [type, actor ?? null],
      );
      return rows.map(({ body }) => JSON.parse(body) as Entry);
    },
    ahead: async (ms, work) => {
      aheadMs = ms;
      return work().finally(() => (aheadMs = 0));
    },
    checkLog: async () => {
      await waitForSequencer(db);
      const { vkey } = await maya.client.call(getCheckpoint, {});
      const result = await checkLog(db, vkey);
      assert.equal(result.ok, true, JSON.stringify(result));
    },
    close: async () => {
      await running.close();
      await payments.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function waitForSequencer(db: Running['house']['store']['db']): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const { rows } = await db.query<{ left: number }>('select count(*) as left from unsequenced');
    if (rows[0]?.left === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('entries were not sequenced within ten seconds');
}

function noteIn(lines: string[]): Log {
  const note = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { info: note, warn: note, error: note };
}
