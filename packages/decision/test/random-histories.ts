import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { openCedar } from '../src/cedar-engine.ts';
import { checkHistories } from './check-histories.ts';

/**
 * Random chains to which things happen, against the oracle after each (P3). `--chains` how many, `--seed` which ones; prints
 * both, and what came of them. Ends with 1 when one call was decided otherwise.
 */
const { values } = parseArgs({ options: { chains: { type: 'string', default: '100000' }, seed: { type: 'string' } } });
const seed = values.seed === undefined ? randomInt(2 ** 32) : Number(values.seed);
const chains = Number(values.chains);
const began = performance.now();
const told = checkHistories(openCedar(), { seed, chains });
const seconds = ((performance.now() - began) / 1000).toFixed(1);
console.log(JSON.stringify({ seed, chains, seconds, ...told }, null, 2));
process.exitCode = told.different.length === 0 ? 0 : 1;
