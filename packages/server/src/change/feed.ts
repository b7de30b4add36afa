import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { errorFields, type Log } from '#kernel/log';
import { wakeChannel } from './announce.ts';
import { type Change, cutsOff } from './change.ts';
import { listStartingChanges } from './change-store.ts';
import { cutOffKeptMs, CutOffs } from './cut-offs.ts';
import { ageMs, appliedOf, type FeedCells, newestOf, openCells, putApplied, putNewest } from './feed-cells.ts';
import type { FeedMessage, FeedOrder, FeedStart } from './feed-worker.ts';
import { addPoint, type EnforcementPoint } from './point-store.ts';

export type { Change } from './change.ts';

/** What one node knows of changes. Everything that can shrink a right arrives here (ADR-0004). */
export type Feed = {
  /** Number of the newest change whose listeners have run. */
  applied(): number;
  /**
   * Whether this node may decide: the newest answered poll was sent less than the lease ago, and all that it brought is
   * applied. False for good when the table of changes was put back in time: then the node must be started again.
   */
  isFresh(): boolean;
  /** Milliseconds since the epoch: what was issued for `key` at or before is dead. */
  cutoffOf(key: string): number | undefined;
  /** Number of the newest change that cut `key` off: what was issued before it was known is dead, whatever clocks say. */
  cutoffNumberOf(key: string): number | undefined;
  /** Called for each change, in the order of their numbers. Returns how to end it. */
  onChange(listener: (change: Change) => void): () => void;
  /** Applies at once what the worker has brought, also while the event loop is busy. Called by all of the above. */
  catchUp(): void;
  /** Whether the change of this number was applied before the time was over. */
  waitFor(number: number, timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
};

export type FeedOptions = {
  readonly url: string;
  readonly db: Db;
  /** How often the table is read when nothing wakes the feed. */
  readonly pollMs: number;
  /** How old the newest answered poll may be before this node denies everything. */
  readonly leaseMs: number;
  readonly point: EnforcementPoint;
  readonly log: Log;
};

/** How long a start waits for the first answered poll. */
const startMs = 10_000;

/** The `threadId` of a worker that has ended. */
const ended = -1;

/** How long the worker may take to end in order. */
const endMs = 1_000;

/**
 * Opens the feed of one node: reads the young cut-offs, makes its enforcement point known, starts the worker and waits
 * for its first answered poll. Fault `service.not_ready` when that does not come.
 */
export async function openFeed(options: FeedOptions): Promise<Feed> {
  const starting = await listStartingChanges(options.db, cutOffKeptMs);
  const feed = new NodeFeed(options, starting);
  await addPoint(options.db, options.point, feed.applied());
  feed.start();
  if (!(await feed.waitUntilFresh(startMs))) {
    await feed.close();
    throw new Fault('service.not_ready', 'the change feed did not answer');
  }
  return feed;
}

class NodeFeed implements Feed {
  readonly #options: FeedOptions;
  readonly #cells: FeedCells = openCells();
  readonly #cutOffs = new CutOffs();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #waiting = new Set<() => void>();
  #port: MessagePort | undefined;
  #worker: Worker | undefined;
  #last: Change | undefined;
  #isApplying = false;
  #isRewound = false;
  #isClosed = false;

  constructor(options: FeedOptions, starting: readonly Change[]) {
    this.#options = options;
    for (const change of starting) if (cutsOff(change)) this.#cutOffs.add(change);
    this.#last = starting.at(-1);
    putNewest(this.#cells, this.#last?.number ?? 0);
    putApplied(this.#cells, this.#last?.number ?? 0);
  }

  start(): void {
    const { url, pollMs, leaseMs, point } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const last = this.#last;
    const workerData: FeedStart = {
      url,
      channel: wakeChannel,
      pollMs,
      leaseMs,
      point,
      last,
      memory: this.#cells.buffer,
      port: port2,
    };
    const worker = new Worker(workerAddress(), { workerData, transferList: [port2], execArgv: [], name: 'surety change feed' });
    port1.on('message', (message: FeedMessage) => this.#take(message));
    worker.on('error', (thrown) => this.#options.log.error(errorFields(thrown), 'the change feed broke'));
    worker.on('exit', () => this.#restart(worker));
    this.#port = port1;
    this.#worker = worker;
  }

  applied(): number {
    return appliedOf(this.#cells);
  }

  isFresh(): boolean {
    this.catchUp();
    if (this.#isRewound || this.#isClosed) return false;
    return ageMs(this.#cells) < this.#options.leaseMs && (this.#isApplying || this.applied() >= newestOf(this.#cells));
  }

  cutoffOf(key: string): number | undefined {
    this.catchUp();
    return this.#cutOffs.of(key);
  }

  cutoffNumberOf(key: string): number | undefined {
    this.catchUp();
    return this.#cutOffs.numberOf(key);
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  catchUp(): void {
    if (this.#isApplying || this.#port === undefined) return;
    while (this.applied() < newestOf(this.#cells)) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#take(received.message as FeedMessage);
    }
  }

  async waitFor(number: number, timeoutMs: number): Promise<boolean> {
    return this.#wait(() => this.applied() >= number, timeoutMs);
  }

  async waitUntilFresh(timeoutMs: number): Promise<boolean> {
    const timer = setInterval(() => this.#rouse(), 5);
    const isFresh = await this.#wait(() => this.isFresh(), timeoutMs);
    clearInterval(timer);
    return isFresh;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const worker = this.#worker;
    if (worker !== undefined && worker.threadId !== ended) {
      const gone = new Promise((resolve) => worker.once('exit', resolve));
      this.#order('close');
      const timer = setTimeout(() => void worker.terminate(), endMs);
      await gone;
      clearTimeout(timer);
    }
    this.#port?.close();
    this.#rouse();
  }

  #take(message: FeedMessage): void {
    const { log } = this.#options;
    if (message.kind === 'changes') return this.#apply(message.changes);
    if (message.kind === 'lost')
      return log.warn({ code: message.code }, 'the change feed has no answer; this node denies when the lease is over');
    if (message.kind === 'found') return log.info({}, 'the change feed has answers again');
    this.#isRewound = true;
    log.error(
      { applied: this.applied() },
      'the table of changes was put back in time; this node denies everything until it is started again',
    );
  }

  #apply(changes: readonly Change[]): void {
    this.#isApplying = true;
    try {
      for (const change of changes) {
        if (cutsOff(change)) this.#cutOffs.add(change);
        for (const listener of this.#listeners) this.#call(listener, change);
        this.#last = change;
        putApplied(this.#cells, change.number);
      }
    } finally {
      this.#isApplying = false;
    }
    this.#order('applied');
    this.#rouse();
  }

  #call(listener: (change: Change) => void, change: Change): void {
    try {
      listener(change);
    } catch (thrown) {
      this.#options.log.error({ ...errorFields(thrown), change: change.number }, 'a listener of the change feed broke');
    }
  }

  /** A worker that ended by itself is replaced; until the next answered poll the lease runs out. */
  #restart(gone: Worker): void {
    if (this.#isClosed || this.#isRewound || this.#worker !== gone) return;
    this.catchUp();
    this.#port?.close();
    setTimeout(() => !this.#isClosed && this.start(), this.#options.pollMs).unref();
  }

  #order(order: FeedOrder): void {
    this.#port?.postMessage(order);
  }

  #rouse(): void {
    for (const look of this.#waiting) look();
  }

  #wait(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (result: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(result);
      };
      const look = () => {
        if (condition()) end(true);
        else if (this.#isClosed) end(false);
      };
      const timer = setTimeout(() => end(condition()), timeoutMs);
      this.#waiting.add(look);
    });
  }
}

/** The worker lies beside this file, as TypeScript in development and as JavaScript when it was built. */
function workerAddress(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './feed-worker.ts' : './feed-worker.js', import.meta.url);
}
