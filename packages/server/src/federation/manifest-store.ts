import type { Tx } from '#kernel/db';

/** Whether the owner accepted that instances of the agent are made of this. */
export async function hasAccepted(tx: Tx, agent: string, digest: string): Promise<boolean> {
  const { rowCount } = await tx.query('select agent from accepted_manifest where agent = $1 and digest = $2', [agent, digest]);
  return rowCount > 0;
}

export async function addAccepted(
  tx: Tx,
  { agent, digest, acceptedBy, acceptedAt }: Readonly<Record<'agent' | 'digest' | 'acceptedBy' | 'acceptedAt', string>>,
): Promise<void> {
  await tx.query(
    `insert into accepted_manifest (agent, digest, accepted_by, accepted_at) values ($1, $2, $3, $4)
     on conflict (agent, digest) do nothing`,
    [agent, digest, acceptedBy, acceptedAt],
  );
}
