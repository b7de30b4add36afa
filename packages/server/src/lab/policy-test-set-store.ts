import { type PolicyTest, PolicyTests } from '@surety/contract/lab';
import type { Tx } from '#kernel/db';
import type { PolicyTestSetRow } from '#store/rows';

/** The tests that are kept beside a version of the policy; none for a version that came without. */
export async function listPolicyTests(tx: Tx, version: number): Promise<PolicyTest[]> {
  const { rows } = await tx.query<Pick<PolicyTestSetRow, 'tests'>>(
    'select tests from policy_test_set where version = $1 order by revision desc limit 1',
    [version],
  );
  return rows[0] === undefined ? [] : PolicyTests.parse(rows[0].tests);
}

/** Keeps tests beside a version. Those before stay. */
export async function addPolicyTests(
  tx: Tx,
  { version, tests, at }: { readonly version: number; readonly tests: readonly PolicyTest[]; readonly at: string },
): Promise<void> {
  await tx.query(
    `insert into policy_test_set (version, revision, tests, set_at)
     values ($1, (select coalesce(max(revision), 0) + 1 from policy_test_set where version = $1), $2, $3)`,
    [version, JSON.stringify(tests), at],
  );
}

/** How many tests are kept beside each of these versions. */
export async function countPolicyTests(tx: Tx, versions: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const { rows } = await tx.query<{ version: number; count: number }>(
    `select distinct on (version) version, jsonb_array_length(tests) as count from policy_test_set
     where version = any($1) order by version, revision desc`,
    [[...versions]],
  );
  return new Map(rows.map(({ version, count }) => [version, count]));
}
