import type { Credential } from '@surety/contract/agent';
import type { CredentialId } from '@surety/contract/id';
import type { PublicJwk } from '@surety/proof/jwk';
import { orFault, type Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { CredentialRow } from '#store/rows';

/** A credential with the key it stands for. `jkt` is the key's RFC 7638 thumbprint. */
export type CredentialFact = {
  readonly id: string;
  readonly principal: string;
  readonly jkt: string;
  readonly jwk: PublicJwk;
  readonly label: string;
  readonly state: 'active' | 'revoked';
  readonly createdAt: string;
};

const columns = 'id, principal, jkt, jwk, label, state, created_at';

/** The most keys that a principal may have active at once. */
export const maxActiveCredentials = 1_000;

export async function findCredential(tx: Tx, id: string): Promise<CredentialFact | undefined> {
  const { rows } = await tx.query<CredentialRow>(`select ${columns} from credential where id = $1`, [id], 'credential-by-id');
  return rows[0] && fromRow(rows[0]);
}

/** Reads a credential and holds the row until the transaction ends. Fault `client.unknown`. */
export async function lockCredential(tx: Tx, id: string): Promise<CredentialFact> {
  const { rows } = await tx.query<CredentialRow>(`select ${columns} from credential where id = $1 for update`, [id]);
  if (rows[0] === undefined) throw new Fault('client.unknown', id);
  return fromRow(rows[0]);
}

/** Every credential a principal ever had, newest first. */
export async function listCredentials(tx: Tx, principal: string): Promise<CredentialFact[]> {
  const { rows } = await tx.query<CredentialRow>(
    `select ${columns} from credential where principal = $1 order by id desc`,
    [principal],
    'credentials-of',
  );
  return rows.map(fromRow);
}

/** The active credentials of a principal, newest first. */
export async function listActiveCredentials(tx: Tx, principal: string): Promise<CredentialFact[]> {
  const { rows } = await tx.query<CredentialRow>(
    `select ${columns} from credential where principal = $1 and state = 'active' order by id desc`,
    [principal],
    'active-credentials-of',
  );
  return rows.map(fromRow);
}

/** Fault `key.refused` when anyone has, or had, this key. */
export async function addCredential(tx: Tx, credential: CredentialFact): Promise<void> {
  const { id, principal, jkt, jwk, label, state, createdAt } = credential;
  await orFault(
    tx.query(`insert into credential (${columns}) values ($1, $2, $3, $4, $5, $6, $7)`, [
      id,
      principal,
      jkt,
      JSON.stringify(jwk),
      label,
      state,
      createdAt,
    ]),
    'key.refused',
  );
}

export async function saveCredential(tx: Tx, { id, state }: CredentialFact): Promise<void> {
  await tx.query('update credential set state = $2 where id = $1', [id, state]);
}

/** What the API shows of a credential. */
export function viewCredential({ id, principal, jkt, label, state, createdAt }: CredentialFact): Credential {
  return { id: id as CredentialId, principal, jkt, label, state, createdAt };
}

function fromRow(row: CredentialRow): CredentialFact {
  return {
    id: row.id,
    principal: row.principal,
    jkt: row.jkt,
    jwk: row.jwk as PublicJwk,
    label: row.label,
    state: row.state as CredentialFact['state'],
    createdAt: row.created_at.toISOString(),
  };
}
