import type { CredentialPlace } from '@surety/contract/system';
import type { Tx } from '#kernel/db';
import type { SystemCredentialRow } from '#store/rows';

/** A system's own credential at rest. `sealed` opens only for this system and revision. */
export type SealedCredential = {
  readonly system: string;
  readonly place: CredentialPlace;
  readonly sealed: Buffer;
  readonly revision: number;
};

export async function findSealedCredential(tx: Tx, system: string): Promise<SealedCredential | undefined> {
  const { rows } = await tx.query<SystemCredentialRow>(
    'select system, place, sealed, revision from system_credential where system = $1',
    [system],
    'system-credential',
  );
  const row = rows[0];
  return row && { system: row.system, place: row.place as CredentialPlace, sealed: row.sealed, revision: row.revision };
}

/** Where the credentials of these systems go; a system without one is not in the answer. Nothing sealed is read. */
export async function listCredentialPlaces(tx: Tx, systems: readonly string[]): Promise<ReadonlyMap<string, CredentialPlace>> {
  const { rows } = await tx.query<Pick<SystemCredentialRow, 'system' | 'place'>>(
    'select system, place from system_credential where system = any($1)',
    [[...systems]],
  );
  return new Map(rows.map(({ system, place }) => [system, place as CredentialPlace]));
}

export async function saveSealedCredential(tx: Tx, { system, place, sealed, revision }: SealedCredential): Promise<void> {
  await tx.query(
    `insert into system_credential (system, place, sealed, revision) values ($1, $2, $3, $4)
     on conflict (system) do update set place = excluded.place, sealed = excluded.sealed, revision = excluded.revision`,
    [system, JSON.stringify(place), sealed, revision],
  );
}

/** Takes the credential of a removed system out of the house. */
export async function removeSealedCredential(tx: Tx, system: string): Promise<void> {
  await tx.query('delete from system_credential where system = $1', [system]);
}
