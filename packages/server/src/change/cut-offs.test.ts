import assert from 'node:assert/strict';
import { test } from 'vitest';
import { cutOffKeptMs, CutOffs } from './cut-offs.ts';

const cutoff = (key: string, atMs: number) => ({ number: 1, what: 'cutoff', key, atMs }) as const;

test('a cut-off is kept as long as anything it concerns can live, and not for ever', () => {
  let now = 0;
  const cutOffs = new CutOffs(() => now);
  cutOffs.add(cutoff('agt_a', 1000));
  now = cutOffKeptMs;
  cutOffs.add(cutoff('agt_b', 2000));
  assert.equal(cutOffs.of('agt_a'), 1000);
  now = 2 * cutOffKeptMs;
  cutOffs.add(cutoff('agt_c', 3000));
  assert.equal(cutOffs.of('agt_a'), undefined);
  assert.equal(cutOffs.of('agt_b'), 2000);
  now = 10 * cutOffKeptMs;
  cutOffs.add(cutoff('agt_d', 4000));
  assert.equal(cutOffs.size, 1);
});

test('the later instant holds, also when the clock of the database went back in between', () => {
  const cutOffs = new CutOffs(() => 0);
  cutOffs.add(cutoff('agt_a', 2000));
  cutOffs.add(cutoff('agt_a', 1000));
  assert.equal(cutOffs.of('agt_a'), 2000);
});
