import type { DestinationKind } from '@surety/contract/flow';
import type { Tx } from '#kernel/db';
import type { DestinationRow } from '#store/rows';

/** A known destination, as it is kept: also one that is known no longer. */
export type StoredDestination = {
  readonly kind: DestinationKind;
  readonly value: string;
  readonly state: 'known' | 'removed';
  readonly origin: 'person' | 'approval';
  readonly addedBy: string;
  readonly approval: string | null;
  readonly addedAt: Date;
  readonly revision: number;
};

const columns = 'kind, value, state, origin, added_by, approval, added_at, revision';

/** Of these values, as `kind value`, those that are known. */
export async function findDestinations(
  tx: Tx,
  values: readonly { readonly kind: string; readonly value: string }[],
): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<Pick<DestinationRow, 'kind' | 'value'>>(
    `select destination.kind, destination.value from unnest($1::text[], $2::text[]) as given (kind, value)
       join destination on destination.kind = given.kind and destination.value = given.value
     where destination.state = 'known'`,
    [values.map(({ kind }) => kind), values.map(({ value }) => value)],
    'flow-destinations',
  );
  return new Set(rows.map(({ kind, value }) => `${kind} ${value}`));
}

/** In the order of their values. */
export async function listDestinations(
  tx: Tx,
  { kind, after, limit }: { readonly kind?: string | undefined; readonly after?: string | undefined; readonly limit: number },
): Promise<StoredDestination[]> {
  const { rows } = await tx.query<DestinationRow>(
    `select ${columns} from destination
     where state = 'known' and ($1::text is null or kind = $1) and ($2::text is null or value > $2) order by value, kind limit $3`,
    [kind ?? null, after ?? null, limit],
  );
  return rows.map(fromRow);
}

export async function lockDestination(tx: Tx, kind: string, value: string): Promise<StoredDestination | undefined> {
  const { rows } = await tx.query<DestinationRow>(
    `select ${columns} from destination where kind = $1 and value = $2 for update`,
    [kind, value],
  );
  return rows[0] && fromRow(rows[0]);
}

/** Adds a destination, or writes over it. */
export async function saveDestination(tx: Tx, one: StoredDestination): Promise<void> {
  await tx.query(
    `insert into destination (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (kind, value) do update set state = excluded.state, origin = excluded.origin, added_by = excluded.added_by,
       approval = excluded.approval, added_at = excluded.added_at, revision = destination.revision + 1`,
    [one.kind, one.value, one.state, one.origin, one.addedBy, one.approval, one.addedAt, one.revision],
  );
}

function fromRow(row: DestinationRow): StoredDestination {
  return {
    kind: row.kind as DestinationKind,
    value: row.value,
    state: row.state as StoredDestination['state'],
    origin: row.origin as StoredDestination['origin'],
    addedBy: row.added_by,
    approval: row.approval,
    addedAt: row.added_at,
    revision: row.revision,
  };
}
