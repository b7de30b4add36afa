import type pg from 'pg';
import { type Db, openDb } from '#kernel/db';
import { errorFields, type Log } from '#kernel/log';
import { beginLog, checkStoredHead, integrate, type SequencerHouse, type Signed } from './integrate.ts';
import { LedgerError } from './ledger-error.ts';
import type { LogSigner } from './log-signer.ts';
import { openOwnPool } from './own-pool.ts';
import { hasUnsequenced } from './sequence-store.ts';
import { readSigned, writeSigned } from './signed-file.ts';

/** Gives entries their indexes and signs the tree over them, on the one node that holds the lock. */
export type Sequencer = {
  /** Entries were committed: look soon. */
  wake(): void;
  /** Whether this node is the one that sequences. */
  isLeader(): boolean;
  /** Why nothing is signed any more, in words for whoever runs the house. */
  trouble(): string | undefined;
  /** Sequences what is there, if this node may, and ends. */
  close(): Promise<void>;
};

export type SequencerOptions = {
  readonly url: string;
  readonly signer: LogSigner;
  readonly log: Log;
  /** Verifier keys that signed the log before the key of `signer` did. */
  readonly olderVkeys?: readonly string[];
  /** A file outside of the database that keeps the newest signed head of this node. */
  readonly signedFile?: string;
  /** Entries in one round at most. */
  readonly limit?: number;
  /** How often the sequencer looks when nothing wakes it. */
  readonly everyMs?: number;
};

/** Any constant works, so long as every release uses this one. */
const sequencerLock = [0x53757265, 4] as const;

/** Rounds do not follow each other faster: a signature and the tiles at the edge cost the same for one entry and for many. */
const leastGapMs = 100;

/** How long the last round may take when a node ends. */
const endMs = 5_000;

/** The file outside of the database is not written more often: it flushes. */
const fileEveryMs = 1_000;

/**
 * Opens the sequencer of one node. Begins the log where there is none, and refuses with a `LedgerError` when what is
 * stored was not signed, does not agree, or does not go on from what this node signed before.
 */
export async function openSequencer(options: SequencerOptions): Promise<Sequencer> {
  const pool = openOwnPool(options.url, 1);
  try {
    const { signer, olderVkeys = [], signedFile } = options;
    const house = { db: openDb(pool), signer, olderVkeys, limit: 1 };
    await beginLog(house);
    const { size, root } = await checkStoredHead(
      house,
      signedFile === undefined ? undefined : readSigned(signedFile, signer.name),
    );
    const loop = new SequencerLoop(options, pool, { size, root });
    loop.start();
    return loop;
  } catch (thrown) {
    await pool.end();
    throw thrown;
  }
}

class SequencerLoop implements Sequencer {
  readonly #options: SequencerOptions;
  readonly #pool: pg.Pool;
  #last: Signed;
  #client: pg.PoolClient | undefined;
  #isLeader = false;
  #trouble: string | undefined;
  #isClosed = false;
  #isWoken = false;
  #rouse: (() => void) | undefined;
  #ended: Promise<void> | undefined;
  #fileAtMs = Number.NEGATIVE_INFINITY;
  #filed = -1;

  constructor(options: SequencerOptions, pool: pg.Pool, last: Signed) {
    this.#options = options;
    this.#pool = pool;
    this.#last = last;
  }

  start(): void {
    this.#ended = this.#run();
  }

  wake(): void {
    if (!this.#isLeader) return;
    this.#isWoken = true;
    this.#rouse?.();
  }

  isLeader(): boolean {
    return this.#isLeader;
  }

  trouble(): string | undefined {
    return this.#trouble;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#rouse?.();
    const timer = setTimeout(() => this.#giveUp(), endMs);
    await this.#ended;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    for (;;) {
      const isLast = this.#isClosed;
      const startMs = performance.now();
      this.#isWoken = false;
      await this.#turn();
      if (isLast) break;
      await this.#sleep(this.#everyMs());
      await this.#sleep(leastGapMs - (performance.now() - startMs), 'whatever happens');
    }
    await this.#keep(true);
    this.#client?.release();
    await this.#pool.end();
  }

  #everyMs(): number {
    return this.#options.everyMs ?? 200;
  }

  /** One turn: gets hold of the lock if nobody has it, and works through what has no index. */
  async #turn(): Promise<void> {
    try {
      this.#client ??= await this.#connect();
      const db = dbOf(this.#client);
      this.#isLeader ||= await tryLock(db);
      // One that refuses keeps the lock, and the session alive: no other node may sign what this one does not.
      if (!this.#isLeader || !(await hasUnsequenced(db)) || this.#trouble !== undefined) return;
      await this.#integrate(db);
    } catch (thrown) {
      if (thrown instanceof LedgerError) {
        this.#trouble = thrown.message;
        this.#options.log.error({ why: thrown.message }, 'the ledger is not signed any more');
        return;
      }
      this.#options.log.warn(errorFields(thrown), 'a round of the sequencer failed and will be tried again');
      this.#giveUp();
    }
  }

  /** Breaks the connection, and with it whatever is under way and the lock. */
  #giveUp(): void {
    this.#isLeader = false;
    this.#client?.release(true);
    this.#client = undefined;
  }

  async #integrate(db: Db): Promise<void> {
    const { signer, olderVkeys = [], limit = 1024 } = this.#options;
    const house: SequencerHouse = { db, signer, olderVkeys, limit };
    for (;;) {
      const { head, taken } = await integrate(house, this.#last);
      this.#last = { size: head.size, root: head.root };
      await this.#keep(false);
      if (taken < limit) return;
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect();
    // A node that hangs inside of a round must not hold the head for ever. A plan that was made while the tables of a new
    // house were empty must not be kept: it gets slower with every entry.
    await client.query(
      `set idle_in_transaction_session_timeout = '5s'; set statement_timeout = '30s'; set synchronous_commit = on;
       set plan_cache_mode = force_custom_plan`,
    );
    return client;
  }

  async #keep(always: boolean): Promise<void> {
    const { signedFile, signer, log } = this.#options;
    const now = performance.now();
    if (signedFile === undefined || this.#filed === this.#last.size || (!always && now - this.#fileAtMs < fileEveryMs)) return;
    try {
      await writeSigned(signedFile, signer.name, this.#last);
      this.#filed = this.#last.size;
      this.#fileAtMs = now;
    } catch (thrown) {
      log.warn(errorFields(thrown), 'the newest signed head could not be kept outside of the database');
    }
  }

  async #sleep(ms: number, until: 'woken' | 'whatever happens' = 'woken'): Promise<void> {
    if (ms <= 0 || this.#isClosed || (until === 'woken' && this.#isWoken)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#rouse = () => {
        if (until !== 'woken' && !this.#isClosed) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#rouse = undefined;
  }
}

/** Held by the session: it is free again when the connection ends, however that happens. */
async function tryLock(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ held: boolean }>('select pg_try_advisory_lock($1, $2) as held', [...sequencerLock]);
  return rows[0]?.held === true;
}

/** Transactions on the one connection that holds the lock. */
function dbOf(client: pg.PoolClient): Db {
  const query: Db['query'] = async <Row>(text: string, values: readonly unknown[] = [], name?: string) => {
    const { rows, rowCount } = await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
    return { rows: rows as Row[], rowCount: rowCount ?? 0 };
  };
  return {
    query,
    transaction: async (work) => {
      await client.query('begin');
      try {
        const result = await work({ query });
        await client.query('commit');
        return result;
      } catch (thrown) {
        await client.query('rollback'); // if this fails too, the connection is given up with its lock
        throw thrown;
      }
    },
  };
}
