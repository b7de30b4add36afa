import { hash } from 'node:crypto';
import type { Tx } from '#kernel/db';

/** What a challenge is for. `human`: whose passkey is to be registered; null where the answer says who signs in. */
export type Challenge = { readonly purpose: 'register' | 'signin'; readonly human: string | null };

export async function addChallenge(
  tx: Tx,
  challenge: string,
  { purpose, human, expiresAt }: Challenge & { readonly expiresAt: Date },
): Promise<void> {
  await tx.query('insert into signin_challenge (challenge_hash, purpose, human, expires_at) values ($1, $2, $3, $4)', [
    hashOf(challenge),
    purpose,
    human,
    expiresAt,
  ]);
}

/** Uses a challenge up: of any number of parallel answers one finds it. */
export async function useChallenge(
  tx: Tx,
  challenge: string,
  purpose: Challenge['purpose'],
  now: Date,
): Promise<Challenge | undefined> {
  const { rows } = await tx.query<{ human: string | null }>(
    'delete from signin_challenge where challenge_hash = $1 and purpose = $2 and expires_at > $3 returning human',
    [hashOf(challenge), purpose, now],
  );
  return rows[0] && { purpose, human: rows[0].human };
}

export async function pruneChallenges(tx: Tx, now: Date): Promise<number> {
  return (await tx.query('delete from signin_challenge where expires_at < $1', [now])).rowCount;
}

function hashOf(challenge: string): Buffer {
  return hash('sha256', challenge, 'buffer');
}
