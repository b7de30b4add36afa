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
  /** Until when an issuer vouches for the key; undefined for one that a person enrolled, which alone stands for itself. */
  readonly expiresAt?: string | undefined;
  /** What the instance that holds the key is made of; undefined when nobody said. */
  readonly manifest?: InstanceManifest | undefined;
  /** Good for what a person consented to alone: it never stands for the agent's own work. */
  readonly forConsent?: boolean | undefined;
};

/** What an instance is made of, as its issuer attests or as it says itself, and whether its owner has accepted that. */
export type InstanceManifest = { readonly digest: string; readonly isAttested: boolean; readonly isAccepted: boolean };

const columns =
  'id, principal, jkt, jwk, label, state, created_at, expires_at, manifest_digest, manifest_attested, manifest_accepted, for_consent';

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

/** The credential of a key, whoever has or had it; the row is held until the transaction ends. */
export async function lockCredentialByKey(tx: Tx, jkt: string): Promise<CredentialFact | undefined> {
  const { rows } = await tx.query<CredentialRow>(`select ${columns} from credential where jkt = $1 for update`, [jkt]);
  return rows[0] && fromRow(rows[0]);
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
  const { id, principal, jkt, jwk, label, state, createdAt, expiresAt, manifest, forConsent } = credential;
  await orFault(
    tx.query(`insert into credential (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, [
      id,
      principal,
      jkt,
      JSON.stringify(jwk),
      label,
      state,
      createdAt,
      expiresAt ?? null,
      manifest?.digest ?? null,
      manifest?.isAttested ?? false,
      manifest?.isAccepted ?? true,
      forConsent ?? false,
    ]),
    'key.refused',
  );
}

export async function saveCredential(tx: Tx, { id, state, expiresAt, manifest }: CredentialFact): Promise<void> {
  await tx.query(
    `update credential set state = $2, expires_at = $3, manifest_digest = $4, manifest_attested = $5, manifest_accepted = $6
     where id = $1`,
    [id, state, expiresAt ?? null, manifest?.digest ?? null, manifest?.isAttested ?? false, manifest?.isAccepted ?? true],
  );
}

/** The active credentials that an issuer vouched for and whose word ended before `until`, held until the transaction ends. */
export async function lockExpiredCredentials(tx: Tx, until: Date, limit: number): Promise<CredentialFact[]> {
  const { rows } = await tx.query<CredentialRow>(
    `select ${columns} from credential where expires_at < $1 and state = 'active' order by expires_at limit $2 for update skip locked`,
    [until, limit],
  );
  return rows.map(fromRow);
}

/** Accepts what the instances of a principal with this digest are made of. Returns their ids. */
export async function acceptManifestOf(tx: Tx, principal: string, digest: string): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `update credential set manifest_accepted = true
     where principal = $1 and manifest_digest = $2 and state = 'active' and not manifest_accepted returning id`,
    [principal, digest],
  );
  return rows.map(({ id }) => id);
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
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at.toISOString() }),
    ...(row.for_consent ? { forConsent: true } : {}),
    ...(row.manifest_digest === null
      ? {}
      : {
          manifest: {
            digest: row.manifest_digest,
            isAttested: row.manifest_attested,
            isAccepted: row.manifest_accepted,
          },
        }),
  };
}
