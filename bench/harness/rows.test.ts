import assert from 'node:assert/strict';
import { test } from 'vitest';
import { readRow } from './read-row.ts';
import { renderTable } from './print-rows.ts';
import { rowOf } from './row.ts';
import { takenBy, takeTurns } from './take-turns.ts';

const source = { bench: 'decide', case: 'decide mandates=10 chain=1', unit: 'us CPU' } as const;

test('the ratio says how many times better ours is, whichever way better lies', () => {
  const peer = { name: 'peer', samples: [100, 300, 200] };
  assert.equal(rowOf({ ...source, better: 'lower', ours: [50, 40, 60], peer }).ratio, 4);
  assert.equal(rowOf({ ...source, better: 'higher', ours: [50, 40, 60], peer }).ratio, 0.25);
  assert.equal(rowOf({ ...source, better: 'lower', ours: [50] }).ratio, null);
});

test('a row holds the medians, and the least and greatest of ours', () => {
  const row = rowOf({ ...source, better: 'lower', ours: [9, 1, 5, 3], peer: { name: 'peer', samples: [2, 8] }, floor: [0.5] });
  assert.deepEqual(row, {
    ...source,
    better: 'lower',
    ours: 4,
    peer: { name: 'peer', value: 5 },
    floor: 0.5,
    ratio: 1.25,
    runs: 4,
    spread: [1, 9],
  });
  assert.deepEqual(readRow(JSON.stringify(row)), row);
});

test('nothing measured is no row', () => {
  assert.throws(() => rowOf({ ...source, better: 'lower', ours: [] }), /nothing was measured/);
  assert.throws(() => rowOf({ ...source, better: 'lower', ours: [Number.NaN] }), /no number/);
});

test('a line that is not a row is refused', () => {
  const row = rowOf({ ...source, better: 'lower', ours: [4], peer: { name: 'peer', samples: [2] } });
  const changes = [
    { unit: '' },
    { better: 'faster' },
    { ours: '4' },
    { runs: 0 },
    { spread: [5, 4] },
    { ratio: null },
    { peer: { name: 'peer' } },
    { more: 1 },
  ];
  for (const change of changes)
    assert.throws(() => readRow(JSON.stringify({ ...row, ...change })), TypeError, JSON.stringify(change));
});

test('every side has its turn in every round, another first each time, and the first round counts for nothing', async () => {
  const order: string[] = [];
  const side = (name: string, start: number) => {
    let figure = start;
    return { name, round: async () => (order.push(name), { micros: figure++ }) };
  };
  const taken = await takeTurns([side('ours', 0), side('peer', 100)], {
    rounds: 2,
    before: (round) => void order.push(`before ${round}`),
  });
  assert.deepEqual(order, ['before 0', 'ours', 'peer', 'before 1', 'peer', 'ours', 'before 2', 'ours', 'peer']);
  assert.deepEqual(takenBy(taken, 'ours').micros, [1, 2]);
  assert.deepEqual(takenBy(taken, 'peer').micros, [101, 102]);
  assert.throws(() => takenBy(taken, 'nobody'), /took no part/);
});

test('the table has a line for each row, in columns', () => {
  const rows = [
    rowOf({ ...source, better: 'lower', ours: [4], peer: { name: 'peer', samples: [8] } }),
    rowOf({ ...source, better: 'higher', ours: [12.5] }),
  ];
  const lines = renderTable(rows).split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[1] ?? '', /^decide mandates=10 chain=1 +us CPU ↓ +4 +4–4 +peer +8 +2 × +1$/);
  assert.match(lines[2] ?? '', /us CPU ↑ +12.5/);
});
