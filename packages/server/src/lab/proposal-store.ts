import type { ProposalLine } from '@surety/contract/lab-routes';
import { PolicyBase, PolicyChange, PolicyEffect, type Proposal, type ProposalState, StageScope } from '@surety/contract/lab';
import type { HumanId, ProposalId } from '@surety/contract/id';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { ProposalRow } from '#store/rows';

/** A proposal as it is kept: with how many calls the second person saw that it cuts. */
export type StoredProposal = Proposal & { readonly confirmedCut: number | null };

const columns =
  'id, title, change, base, digest, state, proposed_by, answerable, confirmed_by, confirmed_cut, version, stage, effect, created_at, moved_at';

export async function addProposal(tx: Tx, one: StoredProposal): Promise<void> {
  await tx.query(`insert into proposal (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, [
    one.id,
    one.title,
    JSON.stringify(one.change),
    JSON.stringify(one.base),
    one.digest,
    one.state,
    one.proposedBy,
    one.answerable,
    one.confirmedBy,
    one.confirmedCut,
    one.version,
    one.stage === null ? null : JSON.stringify(one.stage),
    one.effect === null ? null : JSON.stringify(one.effect),
    one.createdAt,
    one.movedAt,
  ]);
}

/** Saves what can be another: state, confirmation, version, stage, effect. What is proposed never changes. */
export async function saveProposal(tx: Tx, one: StoredProposal): Promise<void> {
  await tx.query(
    `update proposal set state = $2, confirmed_by = $3, confirmed_cut = $4, version = $5, stage = $6, effect = $7, moved_at = $8
     where id = $1`,
    [
      one.id,
      one.state,
      one.confirmedBy,
      one.confirmedCut,
      one.version,
      one.stage === null ? null : JSON.stringify(one.stage),
      one.effect === null ? null : JSON.stringify(one.effect),
      one.movedAt,
    ],
  );
}

export async function getProposal(tx: Tx, id: string): Promise<StoredProposal> {
  const { rows } = await tx.query<ProposalRow>(`select ${columns} from proposal where id = $1`, [id]);
  if (rows[0] === undefined) throw new Fault('proposal.not_found', id);
  return fromRow(rows[0]);
}

/** Reads a proposal and holds the row until the transaction ends. */
export async function lockProposal(tx: Tx, id: string): Promise<StoredProposal> {
  const { rows } = await tx.query<ProposalRow>(`select ${columns} from proposal where id = $1 for update`, [id]);
  if (rows[0] === undefined) throw new Fault('proposal.not_found', id);
  return fromRow(rows[0]);
}

/** Of one state or of all, the newest first, without texts and effects. */
export async function listProposals(
  tx: Tx,
  { state, limit }: { readonly state?: ProposalState | undefined; readonly limit: number },
): Promise<ProposalLine[]> {
  const { rows } = await tx.query<Omit<ProposalRow, 'change' | 'base' | 'effect' | 'stage'> & { holds: string[] }>(
    `select id, title, state, proposed_by, answerable, confirmed_by, version, created_at, moved_at,
       array(select key from jsonb_object_keys(change) as key where key in ('policy', 'mandate'))
       || array(select 'role:' || name from jsonb_object_keys(coalesce(change -> 'roles', '{}')) as name) as holds
     from proposal where $1::text is null or state = $1 order by id desc limit $2`,
    [state ?? null, limit],
  );
  return rows.map((row) => ({
    id: row.id as ProposalId,
    title: row.title,
    state: row.state as ProposalState,
    proposedBy: row.proposed_by as Proposal['proposedBy'],
    answerable: row.answerable as HumanId,
    confirmedBy: row.confirmed_by as HumanId | null,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    movedAt: row.moved_at.toISOString(),
    holds: row.holds,
  }));
}

/** The whole proposals of one state. */
export async function listProposalsIn(tx: Tx, state: ProposalState): Promise<StoredProposal[]> {
  const { rows } = await tx.query<ProposalRow>(`select ${columns} from proposal where state = $1 order by id`, [state]);
  return rows.map(fromRow);
}

function fromRow(row: ProposalRow): StoredProposal {
  return {
    id: row.id as ProposalId,
    title: row.title,
    change: PolicyChange.parse(row.change),
    base: PolicyBase.parse(row.base),
    digest: row.digest,
    state: row.state as ProposalState,
    proposedBy: row.proposed_by as Proposal['proposedBy'],
    answerable: row.answerable as HumanId,
    confirmedBy: row.confirmed_by as HumanId | null,
    confirmedCut: row.confirmed_cut,
    version: row.version,
    stage: row.stage === null ? null : StageScope.parse(row.stage),
    effect: row.effect === null ? null : PolicyEffect.parse(row.effect),
    createdAt: row.created_at.toISOString(),
    movedAt: row.moved_at.toISOString(),
  };
}

/** Says of the proposal that became a version, and is staged or enforced, that it was rolled back. Its id, if there is one. */
export async function endProposalOf(tx: Tx, version: number, at: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ id: string }>(
    `update proposal set state = 'rolled_back', moved_at = $2
     where version = $1 and state in ('staged', 'enforced') returning id`,
    [version, at],
  );
  return rows[0]?.id;
}

/** Holds the number of proposals in shadow until the transaction ends, and says it. */
export async function countShadows(tx: Tx): Promise<number> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('surety shadow', 0))`);
  const { rows } = await tx.query<{ count: number }>(`select count(*) as count from proposal where state = 'shadow'`);
  return rows[0]?.count ?? 0;
}
