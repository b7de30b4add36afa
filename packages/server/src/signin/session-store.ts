import type { Tx } from '#kernel/db';

/** A session of a person in a browser. Times in ms since the epoch. */
export type Session = {
  readonly id: string;
  readonly human: string;
  readonly passkey: string;
  /** When the passkey was shown, with user verification. */
  readonly authenticatedAtMs: number;
  readonly expiresAtMs: number;
};

type Row = {
  readonly id: string;
  readonly human: string;
  readonly passkey: string;
  readonly authenticated_at: Date;
  readonly expires_at: Date;
};

const columns = 'id, human, passkey, authenticated_at, expires_at';

export async function addSession(tx: Tx, tokenHash: Buffer, session: Session): Promise<void> {
  await tx.query(
    `insert into session (${columns}, token_hash, seen_at, opened_after)
     values ($1, $2, $3, $4, $5, $6, $4, (select coalesce(max(number), 0) from change))`,
    [session.id, session.human, session.passkey, new Date(session.authenticatedAtMs), new Date(session.expiresAtMs), tokenHash],
  );
}

/**
 * The live session of a cookie, marked as seen. Looked at anew for every request, with nothing remembered: in time, not
 * idle for `idleMs`, its passkey and its human active, and its human not cut off since it was opened. What other rooms
 * keep is read here so that there is one truth about a session.
 */
export async function touchSession(tx: Tx, tokenHash: Buffer, now: Date, idleMs: number): Promise<Session | undefined> {
  const { rows } = await tx.query<Row>(
    `update session set seen_at = $2
     where token_hash = $1 and ended_at is null and expires_at > $2 and seen_at > $3
       and exists (select from human where human.id = session.human and human.state = 'active')
       and exists (select from passkey where passkey.id = session.passkey and passkey.state = 'active')
       and not exists (select from cut_off where cut_off.key = session.human and cut_off.number > session.opened_after)
     returning ${columns}`,
    [tokenHash, now, new Date(now.getTime() - idleMs)],
  );
  return rows[0] && fromRow(rows[0]);
}

/** Ends a session, once. */
export async function endSession(tx: Tx, tokenHash: Buffer, now: Date): Promise<Session | undefined> {
  const { rows } = await tx.query<Row>(
    `update session set ended_at = $2 where token_hash = $1 and ended_at is null returning ${columns}`,
    [tokenHash, now],
  );
  return rows[0] && fromRow(rows[0]);
}

/** Ends every session that a passkey opened. Returns those that were not over. */
export async function endSessionsOf(tx: Tx, passkey: string, now: Date): Promise<Session[]> {
  const { rows } = await tx.query<Row>(
    `update session set ended_at = $2 where passkey = $1 and ended_at is null and expires_at > $2 returning ${columns}`,
    [passkey, now],
  );
  return rows.map(fromRow);
}

/** Why a session is over that nobody signed out of. */
export type EndedBy = 'idle' | 'expired' | 'cut_off';

/** Marks sessions as ended that are over already, and says why each is; `limit` of them at most. */
export async function endStale(
  tx: Tx,
  { now, idleMs, limit }: { readonly now: Date; readonly idleMs: number; readonly limit: number },
): Promise<(Session & { readonly why: EndedBy })[]> {
  const { rows } = await tx.query<Row & { readonly why: EndedBy }>(
    `update session set ended_at = $1 from (
       select id as stale_id,
              case when expires_at <= $1 then 'expired' when seen_at <= $2 then 'idle' else 'cut_off' end as why
       from session where ended_at is null and (expires_at <= $1 or seen_at <= $2
         or not exists (select from human where human.id = session.human and human.state = 'active')
         or not exists (select from passkey where passkey.id = session.passkey and passkey.state = 'active')
         or exists (select from cut_off where cut_off.key = session.human and cut_off.number > session.opened_after))
       order by id limit $3 for update of session skip locked) as stale
     where session.id = stale.stale_id returning ${columns}, why`,
    [now, new Date(now.getTime() - idleMs), limit],
  );
  return rows.map((row) => ({ ...fromRow(row), why: row.why }));
}

/** Forgets sessions that ended, and are past their time since before `before`; the ledger keeps that there were. */
export async function pruneSessions(tx: Tx, before: Date): Promise<number> {
  return (await tx.query('delete from session where expires_at < $1 and ended_at is not null', [before])).rowCount;
}

function fromRow(row: Row): Session {
  return {
    id: row.id,
    human: row.human,
    passkey: row.passkey,
    authenticatedAtMs: row.authenticated_at.getTime(),
    expiresAtMs: row.expires_at.getTime(),
  };
}
