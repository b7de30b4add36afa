import type { AgentId, HumanId, MandateId } from '@surety/contract/id';
import type { Mandate, MandateDocument } from '@surety/contract/mandate';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { MandateRow } from '#store/rows';

const given = 'id, agent, version, document, document_digest, signature, given_by, created_at';

/**
 * A mandate is over as well when its agent got another owner since it was given, and stays so when that owner comes back.
 * `agent` belongs to the registry; it is read here so that there is one truth about a mandate.
 */
const columns = `${given}, case when state = 'active' and ownership <> (select agent.ownership from agent where agent.id = mandate.agent)
  then 'ended' else state end as state`;

/** A mandate as its row holds it. `document` is as it was stored; nothing vouches for it but its signature. */
export type StoredMandate = Omit<Mandate, 'sentences' | 'document'> & { readonly document: unknown };

/** The newest version of an agent's mandate, in whatever state. */
export async function findNewestMandate(tx: Tx, agent: string): Promise<StoredMandate | undefined> {
  const { rows } = await tx.query<MandateRow>(
    `select ${columns} from mandate where agent = $1 order by version desc limit 1`,
    [agent],
    'mandate-newest',
  );
  return rows[0] && fromRow(rows[0]);
}

/** One version of an agent's mandate, for computing a decision again. */
export async function findMandateVersion(tx: Tx, agent: string, version: number): Promise<StoredMandate | undefined> {
  const { rows } = await tx.query<MandateRow>(`select ${columns} from mandate where agent = $1 and version = $2`, [
    agent,
    version,
  ]);
  return rows[0] && fromRow(rows[0]);
}

export async function getMandate(tx: Tx, id: string): Promise<StoredMandate> {
  const { rows } = await tx.query<MandateRow>(`select ${columns} from mandate where id = $1`, [id]);
  if (rows[0] === undefined) throw new Fault('mandate.not_found', id);
  return fromRow(rows[0]);
}

/** Reads a mandate and holds the row until the transaction ends. */
export async function lockMandate(tx: Tx, id: string): Promise<StoredMandate> {
  const { rows } = await tx.query<MandateRow>(`select ${columns} from mandate where id = $1 for update`, [id]);
  if (rows[0] === undefined) throw new Fault('mandate.not_found', id);
  return fromRow(rows[0]);
}

/** Newest first, at most 1,000: those that are active, or all; of one agent, or of all. */
export async function listMandates(
  tx: Tx,
  { agent, all }: { readonly agent?: string | undefined; readonly all: boolean },
): Promise<StoredMandate[]> {
  const { rows } = await tx.query<MandateRow>(
    `select * from (select ${columns} from mandate where ($1::text is null or agent = $1) and ($2 or state = 'active')) as found
     where $2 or state = 'active' order by id desc limit 1000`,
    [agent ?? null, all],
  );
  return rows.map(fromRow);
}

/** Numbers in arguments that the limit of some mandate sums or has summed, by JSON pointer. */
export async function listSummedPointers(tx: Tx): Promise<string[]> {
  const { rows } = await tx.query<{ pointer: string }>(
    `select distinct one->'measure'->>'sum' as pointer from mandate cross join lateral jsonb_array_elements(document->'limits') as one
     where document ? 'limits' and jsonb_typeof(document->'limits') = 'array' and jsonb_typeof(one->'measure') = 'object'
       and one->'measure' ? 'sum'`,
  );
  return rows.map(({ pointer }) => pointer);
}

export async function addMandate(tx: Tx, mandate: StoredMandate & { readonly document: MandateDocument }): Promise<void> {
  await tx.query(
    `insert into mandate (${given}, state, ownership)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, (select ownership from agent where id = $2))`,
    [
      mandate.id,
      mandate.agent,
      mandate.version,
      JSON.stringify(mandate.document),
      mandate.documentDigest,
      mandate.signature,
      mandate.givenBy,
      mandate.createdAt,
      mandate.state,
    ],
  );
}

/** Gives the active version of an agent's mandate, if there is one, its last state. */
export async function closeActiveMandate(tx: Tx, agent: string, state: 'replaced' | 'ended'): Promise<void> {
  await tx.query(`update mandate set state = $2 where agent = $1 and state = 'active'`, [agent, state]);
}

function fromRow(row: MandateRow): StoredMandate {
  return {
    id: row.id as MandateId,
    agent: row.agent as AgentId,
    version: row.version,
    document: row.document,
    documentDigest: row.document_digest,
    signature: row.signature,
    givenBy: row.given_by as HumanId,
    state: row.state as Mandate['state'],
    createdAt: row.created_at.toISOString(),
  };
}
