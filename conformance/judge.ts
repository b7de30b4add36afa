import type { Check, CheckStatus, Findings, Revision } from './suite.ts';

export type Way = 'direct' | 'guarded';

/** Scenarios that may fail, and why: by way, revision and name. */
export type ExpectedFailures = Readonly<Record<Way, Readonly<Record<Revision, Readonly<Record<string, string>>>>>>;

export type Row = {
  readonly scenario: string;
  readonly direct: string;
  readonly guarded: string;
  readonly worse: readonly string[];
};
export type Judgement = { readonly rows: readonly Row[]; readonly complaints: readonly string[] };

const ranks: Readonly<Record<CheckStatus, number>> = { SUCCESS: 0, INFO: 0, SKIPPED: 1, WARNING: 2, FAILURE: 3 };

/**
 * Compares what the suite found at a system directly with what it found through the guard. Complains of every scenario
 * that fails without being expected to, of every check that is worse through the guard, and of every expectation that
 * has become stale.
 */
export function judge(revision: Revision, found: Readonly<Record<Way, Findings>>, expected: ExpectedFailures): Judgement {
  const scenarios = [...new Set([...found.direct.keys(), ...found.guarded.keys()])].sort();
  const rows = scenarios.map((scenario) => {
    const [direct, guarded] = [found.direct.get(scenario) ?? [], found.guarded.get(scenario) ?? []];
    return { scenario, direct: counts(direct), guarded: counts(guarded), worse: worse(direct, guarded) };
  });
  const complaints = (['direct', 'guarded'] as const).flatMap((way) =>
    unexpected(`${revision} ${way}`, found[way], expected[way][revision]),
  );
  for (const { scenario, worse: ids } of rows) {
    if (ids.length > 0 && expected.guarded[revision][scenario] === undefined)
      complaints.push(`${revision} ${scenario}: worse through the guard: ${ids.join(', ')}`);
  }
  return { rows, complaints };
}

/** Scenarios that fail and are not on the list of those that may, and those on the list that do not fail. */
export function unexpected(
  where: string,
  findings: Findings,
  expected: Readonly<Record<string, string>>,
  failure: readonly CheckStatus[] = ['FAILURE'],
): string[] {
  const failing = new Set(
    [...findings].filter(([, checks]) => checks.some(({ status }) => failure.includes(status))).map(([scenario]) => scenario),
  );
  return [
    ...[...failing]
      .filter((scenario) => expected[scenario] === undefined)
      .map((scenario) => `${where}: ${scenario} fails: ${messages(findings.get(scenario) ?? [], failure)}`),
    ...Object.keys(expected)
      .filter((scenario) => !failing.has(scenario))
      .map((scenario) => `${where}: ${scenario} is expected to fail, and does not: take it off the list`),
  ];
}

/**
 * Checks that are in order the first way and not the second, or that fail only the second way. One that is made several
 * times counts by its worst.
 */
function worse(direct: readonly Check[], guarded: readonly Check[]): string[] {
  const [before, after] = [worst(direct), worst(guarded)];
  return [...new Set([...before.keys(), ...after.keys()])].filter((id) => {
    const was = before.get(id);
    const is = after.get(id) ?? (was === 'SUCCESS' ? 'FAILURE' : (was ?? 'SUCCESS'));
    return ranks[is] > ranks[was ?? 'SKIPPED'];
  });
}

function worst(checks: readonly Check[]): ReadonlyMap<string, CheckStatus> {
  const byId = new Map<string, CheckStatus>();
  for (const { id, status } of checks) if (ranks[status] >= ranks[byId.get(id) ?? 'SUCCESS']) byId.set(id, status);
  return byId;
}

/** The checks of one scenario, in a few words. */
export function counts(checks: readonly Check[]): string {
  const count = (wanted: CheckStatus): number => checks.filter(({ status }) => status === wanted).length;
  const parts = [
    `${count('SUCCESS')} passed`,
    ...(['FAILURE', 'WARNING'] as const).flatMap((status) =>
      count(status) === 0 ? [] : [`${count(status)} ${status === 'FAILURE' ? 'failed' : 'warned'}`],
    ),
  ];
  return checks.length === 0 ? 'not run' : parts.join(', ');
}

function messages(checks: readonly Check[], failure: readonly CheckStatus[]): string {
  return checks
    .filter(({ status }) => failure.includes(status))
    .map(({ id, errorMessage }) => `${id} (${errorMessage ?? ''})`)
    .join('; ');
}
