import type { Tx } from '#kernel/db';

/** An initial access token at rest: for one agent, whose draft this person answers for. */
export type Registration = {
  readonly id: string;
  readonly tokenHash: Buffer;
  readonly owner: string;
  readonly openedBy: string;
  readonly expiresAt: string;
};

export async function addRegistration(tx: Tx, { id, tokenHash, owner, openedBy, expiresAt }: Registration): Promise<void> {
  await tx.query('insert into registration (id, token_hash, owner, opened_by, expires_at) values ($1, $2, $3, $4, $5)', [
    id,
    tokenHash,
    owner,
    openedBy,
    expiresAt,
  ]);
}

/** Uses a token up, if it is there, unused and in time, in one statement: of any number of parallel uses one finds it. */
export async function useRegistration(
  tx: Tx,
  tokenHash: Buffer,
  now: Date,
): Promise<{ readonly id: string; readonly owner: string } | undefined> {
  const { rows } = await tx.query<{ id: string; owner: string }>(
    'update registration set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2 returning id, owner',
    [tokenHash, now],
  );
  return rows[0];
}
