import type { Tx } from '#kernel/db';
import type { IssuerSubjectRow } from '#store/rows';

/** The agent that an issuer named by this subject, once for all. */
export async function findSubject(tx: Tx, issuer: string, subject: string): Promise<string | undefined> {
  const { rows } = await tx.query<Pick<IssuerSubjectRow, 'agent'>>(
    'select agent from issuer_subject where issuer = $1 and subject = $2',
    [issuer, subject],
    'agent-of-subject',
  );
  return rows[0]?.agent;
}

/** How many agents that an issuer named are drafts still. */
export async function countDrafts(tx: Tx, issuer: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `select count(*) as count from issuer_subject join agent on agent.id = issuer_subject.agent
     where issuer_subject.issuer = $1 and agent.state = 'draft'`,
    [issuer],
  );
  return rows[0]?.count ?? 0;
}

export async function addSubject(tx: Tx, { issuer, subject, agent }: IssuerSubjectRow): Promise<void> {
  await tx.query('insert into issuer_subject (issuer, subject, agent) values ($1, $2, $3)', [issuer, subject, agent]);
}
