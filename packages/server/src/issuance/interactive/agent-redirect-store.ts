import type { Tx } from '#kernel/db';

/** Where a browser may be sent with a code for an agent, in order. */
export async function listRedirects(tx: Tx, agent: string): Promise<string[]> {
  const { rows } = await tx.query<{ uri: string }>('select uri from agent_redirect where agent = $1 order by uri', [agent]);
  return rows.map(({ uri }) => uri);
}

export async function saveRedirects(tx: Tx, agent: string, redirects: readonly string[]): Promise<void> {
  await tx.query('delete from agent_redirect where agent = $1', [agent]);
  await tx.query('insert into agent_redirect (agent, uri) select $1, unnest($2::text[])', [agent, [...redirects]]);
}
