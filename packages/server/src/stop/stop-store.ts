import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { StopRow } from '#store/rows';

/** One stop at rest; `change` numbers the change that carries it to every enforcement point. */
export type StopOrder = {
  readonly id: string;
  readonly agent: string;
  readonly reason: string;
  readonly orderedBy: string;
  readonly orderedAt: Date;
  readonly liftedAt: Date | null;
  readonly change: number;
  readonly tasksEnded: number;
  readonly tokensEnded: number;
};

/** An enforcement point, as it stood towards one stop. */
export type PointStanding = {
  readonly point: string;
  readonly name: string;
  readonly seenAt: Date;
  readonly confirmedAt: Date | null;
  readonly callsCut: number;
};

const columns = 'id, agent, reason, ordered_by, ordered_at, lifted_at, change, tasks_ended, tokens_ended';

export async function getStopOrder(tx: Tx, id: string): Promise<StopOrder> {
  const { rows } = await tx.query<StopRow>(`select ${columns} from stop where id = $1`, [id]);
  if (!rows[0]) throw new Fault('stop.not_found');
  return fromRow(rows[0]);
}

/** The stop of an agent that has not been lifted, if there is one. */
export async function findOpenStop(tx: Tx, agent: string): Promise<StopOrder | undefined> {
  const { rows } = await tx.query<StopRow>(
    `select ${columns} from stop where agent = $1 and lifted_at is null order by id desc limit 1`,
    [agent],
  );
  return rows[0] && fromRow(rows[0]);
}

export async function addStop(tx: Tx, stop: StopOrder): Promise<void> {
  await tx.query(`insert into stop (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, [
    stop.id,
    stop.agent,
    stop.reason,
    stop.orderedBy,
    stop.orderedAt,
    stop.liftedAt,
    stop.change,
    stop.tasksEnded,
    stop.tokensEnded,
  ]);
}

/** Marks every open stop of an agent as lifted. */
export async function liftStops(tx: Tx, agent: string, at: Date): Promise<void> {
  await tx.query('update stop set lifted_at = $2 where agent = $1 and lifted_at is null', [agent, at]);
}

/**
 * The stop that a change carries; the numbers up to `change + 2 * tasksEnded` belong to it: each task that ended is two
 * changes.
 */
export async function findStopByChange(tx: Tx, change: number): Promise<StopOrder | undefined> {
  const { rows } = await tx.query<StopRow>(`select ${columns} from stop where change = $1`, [change]);
  return rows[0] && fromRow(rows[0]);
}

/** What an enforcement point says to a stop, once. */
export async function addReceipt(tx: Tx, receipt: { stop: string; point: string; callsCut: number }): Promise<void> {
  await tx.query('insert into stop_receipt (stop, point, calls_cut) values ($1, $2, $3) on conflict do nothing', [
    receipt.stop,
    receipt.point,
    receipt.callsCut,
  ]);
}

/** Every enforcement point that was alive when the stop was ordered or has confirmed it, by name. */
export async function listStandings(tx: Tx, stop: StopOrder, aliveWithinMs: number): Promise<PointStanding[]> {
  const { rows } = await tx.query<{
    id: string;
    name: string;
    seen_at: Date;
    confirmed_at: Date | null;
    calls_cut: number | null;
  }>(
    `select point.id, point.name, point.seen_at, receipt.confirmed_at, receipt.calls_cut
     from enforcement_point point
     left join stop_receipt receipt on receipt.point = point.id and receipt.stop = $1
     where receipt.stop is not null
        or (point.seen_at >= $2::timestamptz - make_interval(secs => $3::double precision / 1000) and point.started_at <= $2)
     order by point.name, point.id`,
    [stop.id, stop.orderedAt, aliveWithinMs],
  );
  return rows.map((row) => ({
    point: row.id,
    name: row.name,
    seenAt: row.seen_at,
    confirmedAt: row.confirmed_at,
    callsCut: row.calls_cut ?? 0,
  }));
}

/** The database's own clock: receipts are measured with it, so that the clocks of nodes do not matter. */
export async function readDatabaseClock(tx: Tx): Promise<Date> {
  const { rows } = await tx.query<{ now: Date }>('select clock_timestamp() as now');
  return rows[0]?.now ?? new Date(Number.NaN);
}

function fromRow(row: StopRow): StopOrder {
  return {
    id: row.id,
    agent: row.agent,
    reason: row.reason,
    orderedBy: row.ordered_by,
    orderedAt: row.ordered_at,
    liftedAt: row.lifted_at,
    change: row.change,
    tasksEnded: row.tasks_ended,
    tokensEnded: row.tokens_ended,
  };
}
