import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { newId } from '#kernel/id';
import { house } from '#testing/house';
import { commitUnits, type Query } from './commit-statement.ts';
import { type Deed, type DeedQuery, countsDeed } from './deed.ts';
import { countDeeds } from './deed-store.ts';

const db = await house();
const query: Query = async <Row>(text: string, values: unknown[]) => {
  const { rows } = await db.query(text, values);
  return { rows: rows as Row[] };
};
const ask = (text: string, values: unknown[]) =>
  db.query<{ amount: string; known: string[] | null; first: string | null }>(text, values);

const seldom = <One>(one: fc.Arbitrary<One>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: one });
const few = (...values: string[]) => fc.constantFrom(...values);
const prints = fc.uniqueArray(few('p1', 'p2', 'p3', 'p4'), { minLength: 1, maxLength: 3 });
const pointers = ['/vendor', '/to', '/o\'dd"\\~0{}', '/amount'] as const;
const deed: fc.Arbitrary<Omit<Deed, 'action'>> = fc.record({
  root: few('tsk_1', 'tsk_2'),
  task: few('tsk_1', 'tsk_3'),
  agent: few('agt_1', 'agt_2', 'agt_3'),
  above: fc.uniqueArray(few('agt_1', 'agt_2', 'agt_4'), { maxLength: 2 }),
  owners: fc.uniqueArray(few('hum_1', 'hum_2'), { minLength: 1, maxLength: 2 }),
  requester: few('hum_1', 'agt_1'),
  person: few('hum_1', 'hum_2'),
  system: few('erp', 'mail'),
  operation: few('pay', 'pay_all', 'p.y', 'PAY', 'a%b_c', 'send\\'),
  effect: few('money', 'write'),
  atMs: fc.integer({ min: 0, max: 5 }).map((minutes) => Date.parse('2026-06-01T00:00:00Z') + minutes * 60_000),
  prints: fc.dictionary(few(...pointers), prints, { maxKeys: 3 }),
  isWhole: fc.boolean(),
  amounts: fc.dictionary(few('/amount', '/to'), few('0', '0.1', '12.3456', '99999999999999999999.5'), { maxKeys: 2 }),
  rows: fc.option(fc.nat(9)),
});
const printed = fc.record({ at: few(...pointers), prints });
const pattern = fc.record({
  system: few('erp', 'mail', '*'),
  actions: fc.array(few('pay', 'pay*', '*', 'p_y', 'a%b_c', '*all', 'send\\', 'p.y'), { minLength: 1, maxLength: 2 }),
  effects: seldom(fc.constantFrom(['money'], ['write', 'money'])),
  where: seldom(fc.array(printed, { maxLength: 2 })).map((one) => one ?? []),
});
const asked: fc.Arbitrary<DeedQuery> = fc.record({
  root: seldom(few('tsk_1', 'tsk_2')),
  agents: seldom(fc.uniqueArray(few('agt_1', 'agt_2', 'agt_4'), { minLength: 1, maxLength: 2 })),
  owner: seldom(few('hum_1', 'hum_2')),
  requester: seldom(few('hum_1', 'agt_1')),
  person: seldom(few('hum_1', 'hum_2')),
  of: fc.array(pattern, { minLength: 1, maxLength: 2 }),
  same: seldom(printed).map((one) => (one === undefined ? [] : [one])),
  measure: fc.oneof(
    fc.constantFrom({ kind: 'count' as const }, { kind: 'pace' as const }, { kind: 'rows' as const }),
    fc.record({ kind: fc.constant('sum' as const), at: few('/amount', '/to'), unit: seldom(printed) }),
    fc.record({ kind: fc.constant('distinct' as const), at: few(...pointers) }),
  ),
  isStrict: fc.boolean(),
});

/** What a query should count, from the deeds alone. */
function oracle(deeds: readonly Deed[], one: DeedQuery, sinceMs: number | null): string {
  const counted = deeds.filter((deed) => countsDeed(one, deed) && (sinceMs === null || deed.atMs > sinceMs));
  const { measure } = one;
  switch (measure.kind) {
    case 'count':
    case 'pace':
      return String(counted.length);
    case 'rows':
      return String(counted.reduce((sum, { rows }) => sum + (rows ?? 0), 0));
    case 'distinct':
      return String(new Set(counted.flatMap((deed) => deed.prints[measure.at] ?? [])).size);
    case 'sum': {
      const scaled = (text: string) => {
        const [whole = '', fraction = ''] = text.split('.');
        return BigInt(whole + fraction.padEnd(4, '0'));
      };
      return String(counted.reduce((sum, deed) => sum + scaled(deed.amounts[measure.at] ?? '0'), 0n));
    }
  }
}

test('the database counts a written deed exactly when the batch would have counted it: whatever the query, whatever the deeds', async () => {
  let counted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(deed, { minLength: 1, maxLength: 12 }),
      fc.array(asked, { minLength: 10, maxLength: 10 }),
      async (many, queries) => {
        await db.query('delete from deed');
        const deeds = many.map((one): Deed => ({ ...one, action: newId<string>('action') }));
        const [first, ...rest] = deeds;
        // One deed alone goes another way than many.
        await commitUnits(query, [{ entries: [], spends: [], deed: first }], new Date());
        if (rest.length > 0)
          await commitUnits(
            query,
            rest.map((one) => ({ entries: [], spends: [], deed: one })),
            new Date(),
          );
        for (const one of queries) {
          const sinceMs = one.isStrict ? null : Date.parse('2026-06-01T00:02:00Z');
          const { amount } = await countDeeds(ask, {
            query: one,
            since: sinceMs === null ? null : new Date(sinceMs),
            prints: [],
          });
          const expected = oracle(deeds, one, sinceMs);
          if (one.measure.kind !== 'sum') assert.equal(amount, expected);
          else {
            const [whole = '', fraction = ''] = amount.split('.');
            assert.equal(String(BigInt(whole + fraction.padEnd(4, '0'))), expected);
          }
          if (amount !== '0') counted += 1;
        }
      },
    ),
    { numRuns: 25 },
  );
  assert.ok(counted > 25, `${counted} queries counted something`);
});

test('a distinct value is known when one of the deeds counted has it, and the first action is named', async () => {
  await db.query('delete from deed');
  const base = {
    root: 'tsk_1',
    task: 'tsk_1',
    agent: 'agt_1',
    above: [],
    owners: ['hum_1'],
    requester: 'hum_1',
    person: 'hum_1',
    system: 'erp',
    operation: 'pay',
    effect: 'money',
    atMs: Date.now(),
    isWhole: true,
    amounts: {},
    rows: null,
  };
  const [first, second] = [newId<string>('action', 1_000), newId<string>('action', 2_000)];
  const deeds: Deed[] = [
    { ...base, action: second, prints: { '/to': ['p1', 'p2'] } },
    { ...base, action: first, prints: { '/to': ['p2', 'p3'] } },
  ];
  await commitUnits(
    query,
    deeds.map((one) => ({ entries: [], spends: [], deed: one })),
    new Date(),
  );
  const one: DeedQuery = {
    of: [{ system: 'erp', actions: ['pay'], where: [] }],
    same: [],
    measure: { kind: 'distinct', at: '/to' },
    isStrict: false,
  };
  const found = await countDeeds(ask, { query: one, since: null, prints: ['p1', 'p3', 'p9'] });
  assert.deepEqual({ ...found, known: [...found.known].sort() }, { amount: '3', known: ['p1', 'p3'], first });
});
