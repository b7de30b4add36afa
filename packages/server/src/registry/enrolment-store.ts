import type { Tx } from '#kernel/db';

/** A single-use code at rest. `principal` is null for the claim of a new server. */
export type Enrolment = {
  readonly id: string;
  readonly codeHash: Buffer;
  readonly principal: string | null;
  readonly expiresAt: string;
};

export async function addEnrolment(tx: Tx, { id, codeHash, principal, expiresAt }: Enrolment): Promise<void> {
  await tx.query('insert into enrolment (id, code_hash, principal, expires_at) values ($1, $2, $3, $4)', [
    id,
    codeHash,
    principal,
    expiresAt,
  ]);
}

/**
 * Uses a code up, if it is there, unused and in time, in one statement: of any number of parallel uses one finds it.
 * Looking up by hash tells nothing through time about codes that were not guessed. `principal` is null for a claim.
 */
export async function useEnrolment(
  tx: Tx,
  codeHash: Buffer,
  now: Date,
): Promise<{ readonly id: string; readonly principal: string | null } | undefined> {
  const { rows } = await tx.query<{ id: string; principal: string | null }>(
    `update enrolment set used_at = $2 where code_hash = $1 and used_at is null and expires_at > $2 returning id, principal`,
    [codeHash, now],
  );
  return rows[0];
}

/** Whose open code it is; the code stays open. */
export async function findEnrolment(
  tx: Tx,
  codeHash: Buffer,
  now: Date,
): Promise<{ readonly id: string; readonly principal: string | null } | undefined> {
  const { rows } = await tx.query<{ id: string; principal: string | null }>(
    'select id, principal from enrolment where code_hash = $1 and used_at is null and expires_at > $2',
    [codeHash, now],
  );
  return rows[0];
}

/** Ends the open codes of a principal; null: those for the claim of the server. */
export async function voidEnrolments(tx: Tx, principal: string | null, now: Date): Promise<void> {
  await tx.query(
    `update enrolment set expires_at = $2 where principal is not distinct from $1 and used_at is null and expires_at > $2`,
    [principal, now],
  );
}
