import type { Tx } from '#kernel/db';
import { orFault } from '#kernel/db';
import type { PasskeyRow } from '#store/rows';

/** A passkey of a person. `credentialId` is base64url, as the authenticator names it; `publicKey` is COSE. */
export type Passkey = {
  readonly id: string;
  readonly human: string;
  readonly credentialId: string;
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly label: string;
  readonly state: 'active' | 'revoked';
  readonly createdAt: string;
};

const columns = 'id, human, credential_id, public_key, counter, transports, label, state, created_at';

/**
 * The active passkey that an authenticator names, held until the transaction ends: its counter moves one answer at a time.
 */
export async function lockPasskey(tx: Tx, credentialId: string): Promise<Passkey | undefined> {
  const { rows } = await tx.query<PasskeyRow>(
    `select ${columns} from passkey where credential_id = $1 and state = 'active' for update`,
    [credentialId],
  );
  return rows[0] && fromRow(rows[0]);
}

/** A passkey by our id, whatever its state. */
export async function findPasskey(tx: Tx, id: string): Promise<Passkey | undefined> {
  const { rows } = await tx.query<PasskeyRow>(`select ${columns} from passkey where id = $1`, [id]);
  return rows[0] && fromRow(rows[0]);
}

/** Ends an active passkey, once: of any number of requests one finds it. */
export async function endPasskey(tx: Tx, id: string): Promise<Passkey | undefined> {
  const { rows } = await tx.query<PasskeyRow>(
    `update passkey set state = 'revoked' where id = $1 and state = 'active' returning ${columns}`,
    [id],
  );
  return rows[0] && fromRow(rows[0]);
}

/** The active passkeys of a person, newest first. */
export async function listPasskeys(tx: Tx, human: string): Promise<Passkey[]> {
  const { rows } = await tx.query<PasskeyRow>(
    `select ${columns} from passkey where human = $1 and state = 'active' order by id desc`,
    [human],
  );
  return rows.map(fromRow);
}

/** Fault `key.refused` when anyone has, or had, this passkey. */
export async function addPasskey(tx: Tx, passkey: Passkey): Promise<void> {
  const { id, human, credentialId, publicKey, counter, transports, label, state, createdAt } = passkey;
  await orFault(
    tx.query(`insert into passkey (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, [
      id,
      human,
      credentialId,
      publicKey,
      counter,
      [...transports],
      label,
      state,
      createdAt,
    ]),
    'key.refused',
  );
}

export async function saveCounter(tx: Tx, { id, counter }: Pick<Passkey, 'id' | 'counter'>): Promise<void> {
  await tx.query('update passkey set counter = $2 where id = $1', [id, counter]);
}

function fromRow(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    human: row.human,
    credentialId: row.credential_id,
    publicKey: row.public_key,
    counter: row.counter,
    transports: row.transports,
    label: row.label,
    state: row.state as Passkey['state'],
    createdAt: row.created_at.toISOString(),
  };
}
