import { Socket } from 'node:net';
import { type MessagePort, workerData } from 'node:worker_threads';
import pg from 'pg';
import type { Change, ChangeWhat } from './change.ts';
import { appliedOf, type FeedCells, openCells, putNewest, putSent, sentNow } from './feed-cells.ts';

/** What the worker is started with. `last`: the newest change that is known already. */
export type FeedStart = {
  readonly url: string;
  readonly channel: string;
  readonly pollMs: number;
  readonly leaseMs: number;
  readonly point: { readonly id: string; readonly name: string };
  readonly last: Change | undefined;
  readonly memory: SharedArrayBuffer;
  readonly port: MessagePort;
};

/** What the worker says. `rewound`: the table does not hold any more what was read from it. */
export type FeedMessage =
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  | { readonly kind: 'rewound' }
  | { readonly kind: 'lost'; readonly code: string }
  | { readonly kind: 'found' };

/** What the worker is told. */
export type FeedOrder = 'applied' | 'close';

type Row = { number: string; what: ChangeWhat; key: string; at_ms: number };
type Connection = { readonly client: pg.Client; readonly socket: Socket };

/** How many changes one poll reads at most. */
const pageSize = 1000;

/** How often a point says that it lives, when it has nothing new to say; and how often at most, when it has. */
const heartbeatMs = 1000;
const leastHeartbeatMs = 25;

/** How soon a poll that failed is tried again. */
const retryMs = 200;

const pollText = `select number, what, key, extract(epoch from at)::double precision * 1000 as at_ms
  from change where number >= $1 order by number limit $2`;

const heartbeatText = `insert into enforcement_point (id, name, change) values ($1, $2, $3)
  on conflict (id) do update set change = greatest(enforcement_point.change, excluded.change), seen_at = clock_timestamp()`;

/**
 * Reads the table of changes for one node, in a thread of its own, so that an overloaded event loop delays no stop.
 * LISTEN only wakes it early. It needs nothing but this folder and the driver: it runs as TypeScript and as JavaScript.
 */
class FeedReader {
  readonly #start: FeedStart;
  readonly #cells: FeedCells;
  #connection: Connection | undefined;
  #last: Change | undefined;
  #pollAtMs = 0;
  #toldApplied = -1;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #isRoused = false;
  #wake: (() => void) | undefined;
  #closing = false;
  #isLost = false;

  constructor(start: FeedStart) {
    this.#start = start;
    this.#cells = openCells(start.memory);
    this.#last = start.last;
    start.port.on('message', (order: FeedOrder) => {
      if (order === 'close') this.#closing = true;
      this.#rouse();
    });
  }

  async run(): Promise<void> {
    while (!this.#closing) {
      this.#isRoused = false;
      if ((await this.#turn()) === 'rewound') break;
      await this.#sleep(Math.min(this.#pollAtMs, this.#tellAtMs()) - performance.now());
    }
    await this.#leave();
    this.#start.port.close();
  }

  /** A poll and a heartbeat, each when it is due. A connection on which anything failed is not used again. */
  async #turn(): Promise<'done' | 'failed' | 'rewound'> {
    try {
      this.#connection ??= await this.#connect();
      const { client } = this.#connection;
      if (performance.now() >= this.#pollAtMs) {
        this.#pollAtMs = performance.now() + this.#start.pollMs;
        while ((await this.#poll(client)) === 'more');
        this.#sayFound();
      }
      if (performance.now() >= this.#tellAtMs()) await this.#tell(client);
      return 'done';
    } catch (thrown) {
      this.#drop();
      this.#pollAtMs = performance.now() + Math.min(this.#start.pollMs, retryMs);
      this.#toldAtMs = performance.now(); // the next heartbeat waits for the next poll
      if (!(thrown instanceof Rewound)) {
        this.#sayLost(thrown);
        return 'failed';
      }
      this.#say({ kind: 'rewound' });
      return 'rewound';
    }
  }

  async #connect(): Promise<Connection> {
    const { url, channel, leaseMs } = this.#start;
    const socket = new Socket();
    const timeoutMs = Math.max(leaseMs, 500);
    const client = new pg.Client({
      connectionString: url,
      application_name: 'surety change feed',
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      keepAlive: true,
      stream: () => socket,
    });
    client.on('error', () => this.#drop(client));
    client.on('notification', () => {
      this.#pollAtMs = 0;
      this.#rouse();
    });
    try {
      await client.connect();
      // A heartbeat may be lost in a crash of the database: then this point is not well either.
      await client.query(`set synchronous_commit = off; listen ${channel}`);
    } catch (thrown) {
      socket.destroy();
      throw thrown;
    }
    return { client, socket };
  }

  async #poll(client: pg.Client): Promise<'more' | 'done'> {
    const sent = sentNow();
    const known = this.#last;
    const { rows } = await client.query<Row>({ name: 'poll', text: pollText, values: [known?.number ?? 0, pageSize] });
    const changes = rows.map(({ number, what, key, at_ms }) => ({ number: Number(number), what, key, atMs: at_ms }));
    // The newest change that is known is read again each time: a table that was put back in time does not pass unseen.
    if (known !== undefined && !isSame(known, changes.shift())) throw new Rewound();
    const last = changes.at(-1);
    if (last !== undefined) {
      this.#last = last;
      this.#say({ kind: 'changes', changes });
      putNewest(this.#cells, last.number);
    }
    if (rows.length === pageSize) return 'more';
    putSent(this.#cells, sent);
    return 'done';
  }

  /** When the next heartbeat is due. */
  #tellAtMs(): number {
    return this.#toldAtMs + (appliedOf(this.#cells) === this.#toldApplied ? heartbeatMs : leastHeartbeatMs);
  }

  async #tell(client: pg.Client): Promise<void> {
    const applied = appliedOf(this.#cells);
    const { id, name } = this.#start.point;
    await client.query({ name: 'heartbeat', text: heartbeatText, values: [id, name, applied] });
    this.#toldApplied = applied;
    this.#toldAtMs = performance.now();
  }

  #drop(client?: pg.Client): void {
    const connection = this.#connection;
    if (connection === undefined || (client !== undefined && connection.client !== client)) return;
    this.#connection = undefined;
    connection.socket.destroy();
    this.#pollAtMs = 0;
    this.#rouse();
  }

  /** A node that ends in order is not waited for. */
  async #leave(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    await connection.client.query('delete from enforcement_point where id = $1', [this.#start.point.id]).catch(() => {});
    this.#connection = undefined;
    connection.socket.destroy();
  }

  #rouse(): void {
    this.#isRoused = true;
    this.#wake?.();
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#isRoused || this.#closing || ms <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #say(message: FeedMessage): void {
    this.#start.port.postMessage(message);
  }

  #sayLost(thrown: unknown): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#say({ kind: 'lost', code: thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'none' });
  }

  #sayFound(): void {
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#say({ kind: 'found' });
  }
}

class Rewound extends Error {}

function isSame(known: Change, read: Change | undefined): boolean {
  return (
    read !== undefined &&
    read.number === known.number &&
    read.what === known.what &&
    read.key === known.key &&
    read.atMs === known.atMs
  );
}

await new FeedReader(workerData as FeedStart).run();
