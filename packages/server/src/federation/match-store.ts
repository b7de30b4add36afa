import { type Match, MatchClaims } from '@surety/contract/federation';
import type { AgentId, IssuerId, MatchId } from '@surety/contract/id';
import { isUniqueViolation, type Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { IssuerMatchRow } from '#store/rows';

const columns = 'id, issuer, claims, below, agent, manifest_claim, state, created_at';

/** The matches of an issuer that hold now, oldest first. */
export async function listMatches(tx: Tx, issuer: string): Promise<Match[]> {
  const { rows } = await tx.query<IssuerMatchRow>(
    `select ${columns} from issuer_match where issuer = $1 and state = 'active' order by id`,
    [issuer],
    'matches-of',
  );
  return rows.map(fromRow);
}

/** Reads a match and holds the row until the transaction ends. Fault `issuer.not_found`. */
export async function lockMatch(tx: Tx, id: string): Promise<Match> {
  const { rows } = await tx.query<IssuerMatchRow>(`select ${columns} from issuer_match where id = $1 for update`, [id]);
  if (rows[0] === undefined) throw new Fault('issuer.not_found', id);
  return fromRow(rows[0]);
}

/** Whether a match holds still; it stays so until the transaction ends. */
export async function holdMatch(tx: Tx, id: string): Promise<boolean> {
  const { rowCount } = await tx.query(`select id from issuer_match where id = $1 and state = 'active' for share`, [id]);
  return rowCount > 0;
}

/** Fault `issuer.match_refused` when the issuer has exactly this match already. */
export async function addMatchRow(tx: Tx, match: Match): Promise<void> {
  const { id, issuer, claims, below, agent, manifestClaim, state, createdAt } = match;
  const values = [id, issuer, JSON.stringify(claims), below, agent, manifestClaim, state, createdAt];
  try {
    await tx.query(`insert into issuer_match (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8)`, values);
  } catch (thrown) {
    if (!isUniqueViolation(thrown)) throw thrown;
    throw new Fault('issuer.match_refused', undefined, { issues: [{ path: '/claims', message: 'there is a match like this' }] });
  }
}

export async function saveMatch(tx: Tx, { id, state }: Match): Promise<void> {
  await tx.query('update issuer_match set state = $2 where id = $1', [id, state]);
}

function fromRow(row: IssuerMatchRow): Match {
  return {
    id: row.id as MatchId,
    issuer: row.issuer as IssuerId,
    claims: MatchClaims.parse(row.claims),
    below: row.below,
    agent: row.agent as AgentId,
    manifestClaim: row.manifest_claim,
    state: row.state as Match['state'],
    createdAt: row.created_at.toISOString(),
  };
}
