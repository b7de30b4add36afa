import { AssertionAlg, KeyPlace, type TrustedIssuer } from '@surety/contract/federation';
import type { HumanId, IssuerId } from '@surety/contract/id';
import * as z from 'zod';
import { orFault, type Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { TrustedIssuerRow } from '#store/rows';

const columns = 'id, name, kind, issuer, keys, algs, max_lifetime_seconds, is_internal, receiver, state, created_at';

/** The issuer that is trusted now under exactly this `iss`. */
export async function findIssuerByUrl(tx: Tx, issuer: string): Promise<TrustedIssuer | undefined> {
  const { rows } = await tx.query<TrustedIssuerRow>(
    `select ${columns} from trusted_issuer where issuer = $1 and state = 'active'`,
    [issuer],
    'issuer-by-url',
  );
  return rows[0] && fromRow(rows[0]);
}

/** A trusted issuer by id or name; removed ones by id only. Fault `issuer.not_found`. */
export async function getIssuer(tx: Tx, ref: string): Promise<TrustedIssuer> {
  return firstOf(await tx.query<TrustedIssuerRow>(`select ${columns} from trusted_issuer where ${whereRef(ref)}`, [ref]), ref);
}

/** The same, and the row is held until the transaction ends. */
export async function lockIssuer(tx: Tx, ref: string): Promise<TrustedIssuer> {
  const text = `select ${columns} from trusted_issuer where ${whereRef(ref)} for update`;
  return firstOf(await tx.query<TrustedIssuerRow>(text, [ref]), ref);
}

/** Whether an issuer is trusted still; it stays so until the transaction ends. */
export async function holdIssuer(tx: Tx, id: string): Promise<boolean> {
  const { rowCount } = await tx.query(`select id from trusted_issuer where id = $1 and state = 'active' for share`, [id]);
  return rowCount > 0;
}

/** The issuers that are trusted now, by name. */
export async function listIssuers(tx: Tx): Promise<TrustedIssuer[]> {
  const { rows } = await tx.query<TrustedIssuerRow>(`select ${columns} from trusted_issuer where state = 'active' order by name`);
  return rows.map(fromRow);
}

/** Fault `name.taken` when a trusted issuer has this name or address. */
export async function addIssuerRow(tx: Tx, issuer: TrustedIssuer): Promise<void> {
  await orFault(
    tx.query(`insert into trusted_issuer (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, [
      issuer.id,
      issuer.name,
      issuer.kind,
      issuer.issuer,
      JSON.stringify(issuer.keys),
      issuer.algs,
      issuer.maxLifetimeSeconds,
      issuer.isInternal,
      issuer.receiver,
      issuer.state,
      issuer.createdAt,
    ]),
    'name.taken',
  );
}

export async function saveIssuer(tx: Tx, issuer: TrustedIssuer): Promise<void> {
  const { id, keys, algs, maxLifetimeSeconds, isInternal, receiver, state } = issuer;
  await tx.query(
    `update trusted_issuer set keys = $2, algs = $3, max_lifetime_seconds = $4, is_internal = $5, receiver = $6, state = $7
     where id = $1`,
    [id, JSON.stringify(keys), algs, maxLifetimeSeconds, isInternal, receiver, state],
  );
}

function whereRef(ref: string): string {
  return ref.startsWith('iss_') ? 'id = $1' : `name = $1 and state = 'active'`;
}

function firstOf({ rows }: { rows: TrustedIssuerRow[] }, ref: string): TrustedIssuer {
  if (rows[0] === undefined) throw new Fault('issuer.not_found', ref);
  return fromRow(rows[0]);
}

function fromRow(row: TrustedIssuerRow): TrustedIssuer {
  return {
    id: row.id as IssuerId,
    name: row.name,
    kind: row.kind as TrustedIssuer['kind'],
    issuer: row.issuer,
    keys: KeyPlace.parse(row.keys),
    algs: z.array(AssertionAlg).parse(row.algs),
    maxLifetimeSeconds: row.max_lifetime_seconds,
    isInternal: row.is_internal,
    receiver: row.receiver as HumanId | null,
    state: row.state as TrustedIssuer['state'],
    createdAt: row.created_at.toISOString(),
  };
}
