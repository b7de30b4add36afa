import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { openCedar } from '../src/cedar-engine.ts';
import { checkChains } from './check-chains.ts';

/**
 * Random chains of delegation against the naive intersection of their links (P3). `--chains` how many, `--seed` which ones;
 * prints both, and what came of them. Ends with 1 when one chain was decided otherwise.
 */
const { values } = parseArgs({ options: { chains: { type: 'string', default: '100000' }, seed: { type: 'string' } } });
const seed = values.seed === undefined ? randomInt(2 ** 32) : Number(values.seed);
const chains = Number(values.chains);
const began = performance.now();
const told = checkChains(openCedar(), { seed, chains });
const seconds = ((performance.now() - began) / 1000).toFixed(1);
console.log(JSON.stringify({ seed, chains, seconds, ...told }, null, 2));
process.exitCode = told.different.length === 0 ? 0 : 1;
