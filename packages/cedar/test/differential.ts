import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadCedar } from './cedar-under-test.ts';
import { describe, findDifferences } from './compare.ts';
import { askOfficial } from './official-cedar.ts';
import { Random } from './random.ts';
import { Coverage, randomBatch } from './random-batch.ts';

/**
 * Compares our Cedar with the official one on random policies, entities and requests; a case is one policy and one request.
 * `node --conditions=@surety/source packages/cedar/test/differential.ts --cases 1000000 --seed 1`
 * `--even` spreads the cases over every node and type of operand alike, where most do not fit.
 * An interrupt ends it after the batch, with the figures so far.
 * Each batch has a seed of its own, printed with what differs; `--seed S --cases 1` runs that batch again.
 */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    even: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
  },
});
const [wanted, firstSeed] = [Number(values.cases), Number(values.seed)];
const say = (line: string) => process.stdout.write(`${line}\n`);

const askOurs = await loadCedar(new URL('../src/', import.meta.url));
const coverage = new Coverage();
const counts = { cases: 0, holds: 0, errs: 0, differences: 0 };
const start = performance.now();
let [seed, nextReport] = [firstSeed, 1_000_000];
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isInterrupted = true));
for (; counts.cases < wanted && counts.differences < 20 && !isInterrupted; seed++) {
  const batch = randomBatch(new Random(seed), values.even ? 100 : 50);
  const official = askOfficial(batch.policies, batch.world);
  for (const difference of findDifferences(batch, official, askOurs)) {
    counts.differences++;
    say(`seed ${seed}: ${describe(batch, difference)}`);
  }
  coverage.add(batch);
  counts.cases += batch.policies.length * batch.world.requests.length;
  for (const { reasons, errors } of official) {
    counts.holds += reasons.length;
    counts.errs += errors.length;
  }
  await setImmediate();
  if (counts.cases >= nextReport) {
    say(
      `${counts.cases} cases, ${counts.differences} differences, seeds ${firstSeed}–${seed}, ${((performance.now() - start) / 1000).toFixed(0)} s`,
    );
    nextReport += 1_000_000;
  }
}
const table = [...coverage.cases].toSorted((left, right) => left[1] - right[1]);
if (values.table) for (const [key, cases] of table) say(`${cases}\t${key}`);
say(`node × operand × type: ${table.length}, the rarest in ${table[0]?.[1] ?? 0} cases (${table[0]?.[0]})`);
say(
  `${counts.cases} cases (${counts.holds} hold, ${counts.errs} err), ${counts.differences} differences, seeds ${firstSeed}–${seed - 1}, ${((performance.now() - start) / 1000).toFixed(0)} s`,
);
process.exitCode = counts.differences === 0 ? 0 : 1;
