import { compare } from './compare.ts';

/** `npm run conformance`: the MCP conformance suite against our fixture, directly and through the guard. */
const judgements = await compare();
for (const { revision, rows } of judgements) {
  console.log(`\n${revision.padEnd(46)} ${'direct'.padEnd(26)} through the guard`);
  for (const { scenario, direct, guarded, worse } of rows)
    console.log(`${worse.length === 0 ? ' ' : '✗'} ${scenario.padEnd(44)} ${direct.padEnd(26)} ${guarded}`);
}
const complaints = judgements.flatMap(({ complaints: some }) => some);
console.log(complaints.length === 0 ? '\nNothing is worse through the guard than without it.' : `\n${complaints.join('\n')}`);
if (complaints.length > 0) process.exitCode = 1;
