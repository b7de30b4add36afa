import { readFile } from 'node:fs/promises';
import { counts, unexpected } from './judge.ts';
import { type Check, runSuites } from './suite.ts';

/** What the suite says of our authorization server. `warned`: why a check that warns may. */
export type AuthorizationJudgement = {
  readonly scenario: string;
  readonly found: string;
  readonly warned: readonly string[];
  readonly complaints: readonly string[];
};

const scenario = 'authorization-server-metadata-endpoint';

/**
 * Runs the suite's scenario about the metadata of an authorization server against an issuer. It complains of every check
 * that fails or warns and is not on the list, by the name of the check: a listed warning hides nothing beside it. The other
 * scenario of the suite waits for a person in a browser and authenticates the client by a secret or not at all.
 */
export async function judgeAuthorization(issuer: string): Promise<AuthorizationJudgement> {
  const file = new URL('expected-failures.json', import.meta.url);
  const { authorization: expected } = JSON.parse(await readFile(file, 'utf8')) as {
    readonly authorization: Readonly<Record<string, string>>;
  };
  const findings = await runSuites([['authorization', '--url', issuer, '--scenario', scenario]]);
  const checks = [...findings.values()].flat();
  const byCheck = new Map<string, readonly Check[]>(
    checks.map(({ id }) => [id, checks.filter((check) => check.id === id)] as const),
  );
  return {
    scenario,
    found: counts(checks),
    warned: [...byCheck.keys()].flatMap((id) => (expected[id] === undefined ? [] : [`${id}: ${expected[id]}`])),
    complaints: unexpected('authorization server', byCheck, expected, ['FAILURE', 'WARNING']),
  };
}
