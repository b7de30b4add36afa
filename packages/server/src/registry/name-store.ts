import type { Tx } from '#kernel/db';
import { orFault } from '#kernel/db';

/** The id of the principal with this name, of whatever kind; undefined if no one has it. */
export async function findPrincipalByName(tx: Tx, name: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ principal: string }>(
    'select principal from principal_name where name = $1',
    [name],
    'principal-by-name',
  );
  return rows[0]?.principal;
}

/** Takes a name for good: no one else, of any kind, gets it. Fault `name.taken`. */
export async function addName(tx: Tx, name: string, principal: string): Promise<void> {
  await orFault(tx.query('insert into principal_name (name, principal) values ($1, $2)', [name, principal]), 'name.taken');
}
