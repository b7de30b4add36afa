import pg from 'pg';
import type { Clock } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { errorFields, type Log } from '#kernel/log';
import { commitMetered, makeMeters, MeterGone } from './commit-metered.ts';
import { type CommitResult, type CommitUnit, commitUnits, type Query } from './commit-statement.ts';
import { openOwnPool } from './own-pool.ts';

export type { CommitResult, CommitUnit } from './commit-statement.ts';
export { type Spend, spendKey } from './spend-key.ts';

/** Where intents, outcomes, denials and tokens become durable. */
export type CommitQueue = {
  /**
   * Resolves when the database has flushed what the unit wrote, or says why it wrote nothing. Rejects with the fault
   * `service.not_ready` when nobody knows (fail closed), with `service.overloaded` when too much waits already, with
   * `internal` when the database cannot hold what is in the unit.
   */
  commit(unit: CommitUnit): Promise<CommitResult>;
  /** Takes nothing more, and resolves when all that was taken is settled. */
  close(): Promise<void>;
};

export type CommitQueueOptions = {
  /** For connections of its own: a slow query elsewhere cannot stop a commit. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after a batch that wrote entries: the sequencer may begin. */
  readonly onCommitted?: () => void;
  /** Units in one statement at most. */
  readonly maxUnits?: number;
  /** Statements at once, each on a connection of its own. */
  readonly lanes?: number;
  /** Units that wait at most; more are refused. */
  readonly maxWaiting?: number;
  /** How long a unit may take, waiting included, in milliseconds. */
  readonly timeoutMs?: number;
};

type Waiting = {
  readonly unit: CommitUnit;
  readonly sinceMs: number;
  readonly settle: (result: CommitResult) => void;
  readonly refuse: (thrown: unknown) => void;
};

/** How often a batch is tried again that lost a deadlock: the database undid it, so nothing of it happened. */
const maxTries = 3;

/** No lane is opened beside another for less than this: a small batch costs as much of a flush as a great one. */
const leastUnits = 32;

/** What waits longer than this gets a lane of its own, in milliseconds: the statement under way may be held up by a lock. */
const patienceMs = 10;

/** The least time that is left to a statement once it is sent, in milliseconds. */
const leastMs = 100;

/**
 * Units that draw on something counted wait in a queue of their own, which opens with the first of them: they take turns with
 * those of other nodes, and nothing else waits for that.
 */
export function openCommitQueue(options: CommitQueueOptions): CommitQueue {
  const plain = new BatchQueue(options, ({ query }, units, now) => commitUnits(query, units, now));
  let metered: BatchQueue | undefined;
  let isClosing = false;
  return {
    commit: (unit) => {
      if (unit.metering === undefined || isClosing) return plain.commit(unit);
      metered ??= new BatchQueue({ ...options, lanes: 1 }, openMeteredWork());
      return metered.commit(unit);
    },
    close: async () => {
      isClosing = true;
      await Promise.all([plain.close(), metered?.close()]);
    },
  };
}

/** How a batch is committed on a connection that is this batch's alone. */
type BatchWork = (on: BatchConnection, units: readonly CommitUnit[], now: Date) => Promise<CommitResult[]>;

type BatchConnection = {
  readonly query: Query;
  readonly ask: <Row>(text: string, values?: unknown[]) => Promise<{ rows: Row[] }>;
};

/** More meters than this are not remembered to exist. */
const maxMeters = 20_000;

function openMeteredWork(): BatchWork {
  const made = new Set<string>();
  return async (on, units, now) => {
    const missing = [...new Set(units.flatMap(({ metering }) => metering?.locks ?? []))].filter((key) => !made.has(key));
    if (made.size + missing.length > maxMeters) made.clear();
    if (missing.length > 0) await makeMeters(on, missing, now);
    for (const key of missing) made.add(key);
    try {
      return await commitMetered(on, units, now);
    } catch (thrown) {
      if (thrown instanceof MeterGone) made.clear();
      throw thrown;
    }
  };
}

class BatchQueue implements CommitQueue {
  readonly #options: Required<Omit<CommitQueueOptions, 'url'>>;
  readonly #work: BatchWork;
  readonly #pool: pg.Pool;
  /** Connections that are prepared and at rest. They go back to the pool only when they break. */
  readonly #atRest = new Set<pg.PoolClient>();
  #waiting: Waiting[] = [];
  #running = 0;
  #isStarting = false;
  #patience: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(
    {
      url,
      clock,
      log,
      onCommitted = () => {},
      maxUnits = 256,
      lanes = 2,
      maxWaiting = 20_000,
      timeoutMs = 2000,
    }: CommitQueueOptions,
    work: BatchWork,
  ) {
    this.#work = work;
    this.#options = { clock, log, onCommitted, maxUnits, lanes, maxWaiting, timeoutMs };
    this.#pool = openOwnPool(url, lanes);
  }

  commit(unit: CommitUnit): Promise<CommitResult> {
    if (this.#closing !== undefined) return Promise.reject(new Fault('service.not_ready', 'the commit queue is closed'));
    if (this.#waiting.length >= this.#options.maxWaiting) return Promise.reject(new Fault('service.overloaded'));
    return new Promise((settle, refuse) => {
      this.#waiting.push({ unit, sinceMs: performance.now(), settle, refuse });
      this.#begin();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    if (this.#running > 0 || this.#waiting.length > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    clearTimeout(this.#patience);
    for (const client of this.#atRest) {
      this.#atRest.delete(client);
      client.release();
    }
    await this.#pool.end();
  }

  /** No timer makes a batch: what is asked for in one turn of the event loop, or while a lane is busy, becomes one. */
  #begin(): void {
    if (this.#isStarting || !this.#mayOpen()) return;
    this.#isStarting = true;
    setImmediate(() => {
      this.#isStarting = false;
      if (this.#mayOpen()) void this.#drain();
    });
  }

  /** Whether another lane is worth it now. One that is not may be soon: then it is looked at again. */
  #mayOpen(): boolean {
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#running >= this.#options.lanes) return false;
    if (this.#running === 0 || this.#waiting.length >= leastUnits || performance.now() - oldest.sinceMs >= patienceMs)
      return true;
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.#begin();
    }, patienceMs);
    return false;
  }

  async #drain(): Promise<void> {
    this.#running++;
    do {
      const { timeoutMs, maxUnits, lanes } = this.#options;
      const share = Math.max(leastUnits, Math.ceil(this.#waiting.length / lanes));
      const batch = this.#waiting.splice(0, Math.min(maxUnits, share));
      this.#begin();
      const inTime = batch.filter(({ sinceMs, refuse }) => {
        const isInTime = performance.now() - sinceMs < timeoutMs;
        if (!isInTime) refuse(new Fault('service.not_ready', 'a commit waited too long'));
        return isInTime;
      });
      if (inTime.length > 0) await this.#commit(inTime);
    } while (this.#waiting.length >= (this.#running === 1 ? 1 : leastUnits));
    this.#running--;
    this.#begin();
    if (this.#running === 0 && this.#waiting.length === 0) this.#idle?.();
  }

  async #commit(batch: readonly Waiting[], tries = 1): Promise<void> {
    try {
      const results = await this.#run(batch);
      for (const [at, { settle }] of batch.entries()) settle(results[at] ?? 'stale');
      if (batch.some(({ unit }) => unit.entries.length > 0)) this.#options.onCommitted();
    } catch (thrown) {
      const blame = blameOf(thrown);
      if (blame === 'turn' && tries < maxTries) return this.#commit(batch, tries + 1);
      if (blame === 'unit') return this.#commitApart(batch, thrown);
      this.#options.log.error({ ...errorFields(thrown), units: batch.length }, 'a batch could not be committed');
      for (const { refuse } of batch)
        refuse(new Fault('service.not_ready', 'the record could not be written', { cause: thrown }));
    }
  }

  /** One unit that the database cannot hold must not take the others with it: halves are tried, in their order. */
  async #commitApart(batch: readonly Waiting[], thrown: unknown): Promise<void> {
    const [first] = batch;
    if (batch.length === 1 && first !== undefined) {
      this.#options.log.error(errorFields(thrown), 'a unit holds what the database cannot');
      return first.refuse(new Fault('internal', 'the database refuses what is to be recorded', { cause: thrown }));
    }
    const middle = batch.length >> 1;
    await this.#commit(batch.slice(0, middle));
    await this.#commit(batch.slice(middle));
  }

  async #run(batch: readonly Waiting[]): Promise<CommitResult[]> {
    const client = await this.#connect();
    let failure: Error | undefined;
    try {
      const waitedMs = performance.now() - Math.min(...batch.map(({ sinceMs }) => sinceMs));
      const query_timeout = Math.max(leastMs, this.#options.timeoutMs - waitedMs);
      const query: Query = async <Row>(text: string, values: unknown[], name: string) => {
        const { rows } = await client.query({ name, text, values, query_timeout } as pg.QueryConfig);
        return { rows: rows as Row[] };
      };
      const ask = async <Row>(text: string, values: unknown[] = []) => {
        const { rows } = await client.query({ text, values, query_timeout } as pg.QueryConfig);
        return { rows: rows as Row[] };
      };
      return await this.#work(
        { query, ask },
        batch.map(({ unit }) => unit),
        new Date(this.#options.clock()),
      );
    } catch (thrown) {
      if (blameOf(thrown) === 'database') failure = thrown instanceof Error ? thrown : new Error('the driver failed');
      throw thrown;
    } finally {
      // A connection on which nobody knows what happened is not used again.
      if (failure === undefined) this.#rest(client);
      else client.release(failure);
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    for (const client of this.#atRest) {
      this.#atRest.delete(client);
      heldOpen(client).ref();
      return client;
    }
    const client = await this.#pool.connect();
    try {
      await client.query({ text: settings, query_timeout: this.#options.timeoutMs } as pg.QueryConfig);
    } catch (thrown) {
      client.release(thrown instanceof Error ? thrown : true);
      throw thrown;
    }
    client.on('end', () => {
      if (this.#atRest.delete(client)) client.release(true);
    });
    return client;
  }

  /** A process that has nothing else to do may end. */
  #rest(client: pg.PoolClient): void {
    heldOpen(client).unref();
    this.#atRest.add(client);
  }
}

/** Whether a connection keeps the process running: the driver has it, its types have not. */
function heldOpen(client: pg.PoolClient): { ref(): void; unref(): void } {
  return client as pg.PoolClient & { ref(): void; unref(): void };
}

/**
 * A record counts when it is flushed, whatever the database was told to do by default. Statements are planned once; a plan
 * that was made while a table was small must not read all of it when it has grown.
 */
const settings = `
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') in ('off', 'local');
  set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off`;

/**
 * Whose doing it was, by SQLSTATE: a value that cannot be kept (class 22 and 23, and 54, a program limit) is the unit's;
 * a lost deadlock or serialization (class 40) is nobody's; all else is the database's.
 */
function blameOf(thrown: unknown): 'unit' | 'turn' | 'database' {
  if (thrown instanceof MeterGone) return 'turn';
  const state = thrown instanceof pg.DatabaseError ? (thrown.code ?? '') : '';
  if (/^(?:22|23|54)/.test(state)) return 'unit';
  return state.startsWith('40') ? 'turn' : 'database';
}
