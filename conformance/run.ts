import { judgeClient } from './client/judge-client.ts';
import { compare } from './compare.ts';

/** `npm run conformance`: the suite against our fixture, directly and through the guard, and against the client of the SDK. */
const { judgements, authorization } = await compare();
for (const { revision, rows } of judgements) {
  console.log(`\n${revision.padEnd(46)} ${'direct'.padEnd(26)} through the guard`);
  for (const { scenario, direct, guarded, worse } of rows)
    console.log(`${worse.length === 0 ? ' ' : '✗'} ${scenario.padEnd(44)} ${direct.padEnd(26)} ${guarded}`);
}
const { scenario: asked, found, warned } = authorization;
console.log(`\n${'authorization server'.padEnd(46)} ours\n  ${asked.padEnd(44)} ${[found, ...warned].join('; ')}`);
const ofClient = await judgeClient();
for (const { group, rows } of ofClient) {
  console.log(`\n${group.padEnd(46)} the client of the SDK`);
  for (const { scenario, found, exception } of rows)
    console.log(`  ${scenario.padEnd(44)} ${found}${exception === undefined ? '' : `; ${exception}`}`);
}
const complaints = [...judgements, authorization, ...ofClient].flatMap(({ complaints: some }) => some);
console.log(
  complaints.length === 0
    ? '\nNothing is worse through the guard than without it, and the client fails nothing that is not listed.'
    : `\n${complaints.join('\n')}`,
);
if (complaints.length > 0) process.exitCode = 1;
