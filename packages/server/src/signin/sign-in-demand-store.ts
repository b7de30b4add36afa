import type { Tx } from '#kernel/db';
import type { SignInDemandRow } from '#store/rows';

/** How freshly people must have signed in for calls that are made for them on a system; null: it does not matter. */
export async function findDemand(tx: Tx, system: string): Promise<number | null> {
  const { rows } = await tx.query<Pick<SignInDemandRow, 'within_seconds'>>(
    'select within_seconds from sign_in_demand where system = $1',
    [system],
    'sign-in-demand',
  );
  return rows[0]?.within_seconds ?? null;
}

export async function saveDemand(
  tx: Tx,
  {
    system,
    withinSeconds,
    by,
    at,
  }: { readonly system: string; readonly withinSeconds: number; readonly by: string; readonly at: Date },
): Promise<void> {
  await tx.query(
    `insert into sign_in_demand (system, within_seconds, set_by, set_at) values ($1, $2, $3, $4)
     on conflict (system) do update set within_seconds = $2, set_by = $3, set_at = $4`,
    [system, withinSeconds, by, at],
  );
}

export async function removeDemand(tx: Tx, system: string): Promise<void> {
  await tx.query('delete from sign_in_demand where system = $1', [system]);
}
