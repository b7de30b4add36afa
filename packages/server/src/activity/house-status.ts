import type { getStatus } from '@surety/contract/oversight-routes';
import type * as z from 'zod';
import { countPending } from '#approval/approval-store';
import { listSystems } from '#catalogue/system-store';
import type { Feed } from '#change/feed';
import { listPoints } from '#change/point-store';
import type { Db } from '#kernel/db';
import type { Compared } from '#decision/compare-engines';
import { findHead } from '#ledger/head-store';
import { type KeptEntry, openLogReader } from '#ledger/log-reader';
import { countUnsequenced } from '#ledger/sequence-store';
import { listAgents } from '#registry/agent-store';
import { countActiveHolders, countHumans } from '#registry/human-store';

export type Status = z.input<typeof getStatus.output>;

export type StatusRoom = {
  readonly db: Db;
  readonly feed: Pick<Feed, 'isFresh' | 'applied'>;
  readonly leaseMs: number;
  readonly issuer: string;
  readonly gatewayUrl: string;
  readonly version: string;
  /** Why nothing is signed any more on this node, in words; undefined while all is well. */
  readonly logTrouble: () => string | undefined;
  /** What came of having the official engine look at decisions of this node; nothing, where it does not. */
  readonly compared: () => Compared | undefined;
};

/** How many entries may wait for their index before that is worth a warning. */
const manyUnsequenced = 1_000;

/** What runs, and whether it is well: facts for people and for monitoring. */
export async function readStatus(room: StatusRoom): Promise<Status> {
  const { db, feed, leaseMs, issuer, gatewayUrl, version } = room;
  const [humans, agents, systems, waiting, points, log, administrators, settings, findings] = await Promise.all([
    countHumans(db),
    listAgents(db),
    listSystems(db),
    countPending(db),
    listPoints(db, 2 * leaseMs),
    readLogState(db),
    countActiveHolders(db, 'administrator'),
    readSettings(db),
    openLogReader(db).newest({ about: ['engine'], types: ['engine.differed'], limit: 1 }),
  ]);
  const checks: Status['checks'] = [
    storeCheck(settings),
    administratorCheck(administrators),
    feed.isFresh()
      ? { group: 'enforcement', check: 'change feed', state: 'ok', fact: `fresh, at change ${feed.applied()}` }
      : {
          group: 'enforcement',
          check: 'change feed',
          state: 'problem',
          fact: 'stale: this node denies everything',
          next: 'surety status',
        },
    logCheck(log, room.logTrouble()),
    standbyCheck(settings),
    engineCheck(room.compared(), findings),
  ];
  return {
    version,
    issuer,
    gateway: gatewayUrl,
    claimed: humans > 0,
    agents: agents.length,
    systems: systems.filter(({ state }) => state === 'active').length,
    waiting,
    points: points.map(({ id, name, change, seenMsAgo }) => ({ id, name, change, seenMsAgo })),
    log,
    checks,
  };
}

async function readLogState(db: Db): Promise<Status['log']> {
  const [head, unsequenced] = await Promise.all([findHead(db), countUnsequenced(db)]);
  return { size: head?.size ?? 0, unsequenced };
}

function logCheck({ size, unsequenced }: Status['log'], trouble: string | undefined): Status['checks'][number] {
  const check = { group: 'log', check: 'sequencer' } as const;
  if (trouble !== undefined)
    return { ...check, state: 'problem', fact: trouble, next: 'surety log verify, with a checkpoint that was kept elsewhere' };
  if (unsequenced > manyUnsequenced) return { ...check, state: 'warning', fact: `${unsequenced} entries wait for their index` };
  return { ...check, state: 'ok', fact: `${size} entries under the newest checkpoint` };
}

/** How long a difference between the engines is a problem: a person looks at the status more often than that. */
const findingMs = 7 * 24 * 3600 * 1000;

function engineCheck(compared: Compared | undefined, [newest]: readonly KeptEntry[]): Status['checks'][number] {
  const check = { group: 'decisions', check: 'official Cedar' } as const;
  if (newest !== undefined && Date.now() - newest.at.getTime() < findingMs) {
    const fact = `decided a call otherwise than our engine, last at ${newest.at.toISOString()}`;
    return {
      ...check,
      state: 'problem',
      fact,
      next: `event ${newest.id} holds the call: trust no decision until it is explained`,
    };
  }
  if (compared === undefined) return { ...check, state: 'ok', fact: 'looks at no decision: SURETY_COMPARE_SHARE is 0' };
  const { share, compared: count, dropped } = compared;
  const missed = dropped === 0 ? '' : `, ${dropped} left out while too many waited`;
  return { ...check, state: 'ok', fact: `has decided ${count} calls of this node the same way (share ${share}${missed})` };
}

type Settings = {
  readonly version: string;
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  readonly synchronousStandby: boolean;
};

async function readSettings(db: Db): Promise<Settings> {
  const { rows } = await db.query<{ version: string; fsync: string; pages: string; standbys: string }>(
    `select current_setting('server_version') as version, current_setting('fsync') as fsync,
       current_setting('full_page_writes') as pages, current_setting('synchronous_standby_names') as standbys`,
  );
  const [row] = rows;
  return {
    version: row?.version ?? '?',
    fsync: row?.fsync === 'on',
    fullPageWrites: row?.pages === 'on',
    synchronousStandby: (row?.standbys ?? '') !== '',
  };
}

function storeCheck({ version, fsync, fullPageWrites }: Settings): Status['checks'][number] {
  const isSafe = fsync && fullPageWrites;
  const fact = `PostgreSQL ${version}, fsync ${fsync ? 'on' : 'OFF'}, full_page_writes ${fullPageWrites ? 'on' : 'OFF'}`;
  return {
    group: 'store',
    check: 'PostgreSQL',
    state: isSafe ? 'ok' : 'problem',
    fact,
    ...(isSafe ? {} : { next: 'the promises about the record are void' }),
  };
}

function standbyCheck({ synchronousStandby }: Settings): Status['checks'][number] {
  const check = { group: 'store', check: 'standby' } as const;
  if (synchronousStandby) return { ...check, state: 'ok', fact: 'a synchronous standby is set' };
  return { ...check, state: 'warning', fact: 'no synchronous standby: a record does not outlive the loss of this one machine' };
}

function administratorCheck(count: number): Status['checks'][number] {
  const fact = `${count} active administrator${count === 1 ? '' : 's'}`;
  if (count >= 2) return { group: 'people', check: 'administrators', state: 'ok', fact };
  return { group: 'people', check: 'administrators', state: 'warning', fact, next: 'surety person add … --role administrator' };
}
