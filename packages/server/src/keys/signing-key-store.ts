import type { PublicJwk } from '@surety/proof/jwk';
import type { Tx } from '#kernel/db';
import type { SigningKeyRow } from '#store/rows';
import type { KeyPurpose, KeyState, StoredKey } from './signing-key.ts';

const columns = 'kid, purpose, jwk, sealed, state, made_at, retire_at';

/** Every key that has not retired, oldest first. */
export async function listLivingKeys(tx: Tx): Promise<StoredKey[]> {
  const { rows } = await tx.query<SigningKeyRow>(
    `select ${columns} from signing_key where state <> 'retired' order by made_at, kid`,
  );
  return rows.map(fromRow);
}

/** Whoever makes or moves keys takes turns with the others until its transaction ends, on every node. */
export async function lockKeys(tx: Tx): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('surety signing keys', 0))`);
}

/** The key of a purpose that signs now, or the one that comes next. */
export async function findKey(tx: Tx, purpose: KeyPurpose, state: 'current' | 'next'): Promise<StoredKey | undefined> {
  const { rows } = await tx.query<SigningKeyRow>(`select ${columns} from signing_key where purpose = $1 and state = $2`, [
    purpose,
    state,
  ]);
  return rows[0] && fromRow(rows[0]);
}

/** Adds a key, under `lockKeys`. A second current key of a purpose is refused by a unique index. */
export async function addKey(tx: Tx, key: StoredKey): Promise<void> {
  await tx.query(`insert into signing_key (${columns}) values ($1, $2, $3, $4, $5, $6, $7)`, [
    key.kid,
    key.purpose,
    JSON.stringify(key.jwk),
    key.sealed,
    key.state,
    new Date(key.madeAtMs),
    dateOf(key.retireAtMs),
  ]);
}

export async function saveKey(tx: Tx, { kid, state, retireAtMs }: StoredKey): Promise<void> {
  await tx.query('update signing_key set state = $2, retire_at = $3 where kid = $1', [kid, state, dateOf(retireAtMs)]);
}

/** Ends every retiring key whose time has come, and returns them. */
export async function retireDueKeys(tx: Tx, now: number): Promise<StoredKey[]> {
  const { rows } = await tx.query<SigningKeyRow>(
    `update signing_key set state = 'retired' where state = 'retiring' and retire_at <= $1 returning ${columns}`,
    [new Date(now)],
  );
  return rows.map(fromRow);
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

function fromRow(row: SigningKeyRow): StoredKey {
  return {
    kid: row.kid,
    purpose: row.purpose as KeyPurpose,
    jwk: row.jwk as PublicJwk,
    sealed: row.sealed,
    state: row.state as KeyState,
    madeAtMs: row.made_at.getTime(),
    retireAtMs: row.retire_at?.getTime() ?? null,
  };
}
