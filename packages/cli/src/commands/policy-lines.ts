import type { FlipGroup, LintFinding, PolicyEffect, ProposalState, ShadowReport, TestResult } from '@surety/contract/lab';
import type { PolicyVersion, ProposalLine } from '@surety/contract/lab-routes';
import type { Names } from './shapes.ts';
import { safeText } from '../output/safe-text.ts';
import type { Shape } from '../output/print.ts';
import type { Mark, Style } from '../output/style.ts';
import { localTime } from '../output/times.ts';

const outcomes: Readonly<Record<FlipGroup['before'], string>> = { permit: 'allowed', deny: 'denied', hold: 'held' };

/** What a change would do, as people read it. */
export function effectLines(effect: PolicyEffect, style: Style): string[] {
  const { pairs, replay, tests } = effect;
  const whole = (complete: boolean): string => (complete ? '' : ' (not all: time was over)');
  return [
    `Against ${pairs.agents} agents and ${pairs.operations} tools${whole(pairs.complete)}, and ${replay.decisions} recorded decisions since ${replay.since.slice(0, 10)}${whole(replay.complete)}`,
    '',
    counted('may do now, could not before', pairs.gains),
    ...pairLines(effect, 'gain'),
    counted('could do before, may not now', pairs.losses),
    ...pairLines(effect, 'loss'),
    counted('recorded calls that change', replay.flipped),
    ...replay.flips.slice(0, 20).flatMap(flipLines),
    ...(replay.notReplayable > 0 ? [counted('records that tell nothing', replay.notReplayable)] : []),
    counted('tests', tests.total, `${tests.passed} passed`),
    ...failureLines(tests, style),
    ...effect.lint.map((finding) => findingLine(finding, style)),
    '',
    `${replay.cut} of ${replay.allowed} calls that went out would no longer go by themselves; ${replay.cutUntested} of these no test speaks of.`,
    ...(effect.needsSecond ? [style.mark('held', `A second person has to confirm it. ${effect.why}`)] : []),
  ];
}

function counted(what: string, count: number, more = ''): string {
  return ` ${what.padEnd(30)}${String(count).padStart(6)}${more === '' ? '' : `   ${more}`}`;
}

const rank = { no: 0, depends: 1, yes: 2 };

function pairLines({ pairs }: PolicyEffect, side: 'gain' | 'loss'): string[] {
  const lines = pairs.changes
    .filter(({ before, after }) => (rank[after] > rank[before] ? 'gain' : 'loss') === side)
    .map(({ agentName, system, operation, asks, before, after }) => {
      const how = before === 'depends' || after === 'depends' ? ` (${reach[before]} → ${reach[after]})` : '';
      return `     ${safeText(agentName)} → ${system}.${safeText(operation)}${asks === 'owner' ? ', when it is asked by who answers for it' : ''}${how}`;
    });
  return lines.length > 20 ? [...lines.slice(0, 20), `     and ${lines.length - 20} more`] : lines;
}

const reach = { no: 'never', depends: 'with some arguments', yes: 'always' };

function flipLines({
  agentName,
  system,
  operation,
  before,
  after,
  calls,
  reasonBefore,
  reasonAfter,
  policiesAfter,
  examples,
}: FlipGroup): string[] {
  const by = policiesAfter.length === 0 || after === 'permit' ? '' : ` by ${policiesAfter.slice(0, 3).join(', ')}`;
  return [
    `   ${String(calls).padStart(5)}  ${outcomes[before]} → ${outcomes[after]}  ${safeText(agentName)} → ${system}.${safeText(operation)}`,
    `          ${reasonBefore} → ${reasonAfter}${safeText(by)}; surety why ${examples[0] ?? ''}`,
  ];
}

export function failureLines({ failures }: TestResult, style: Style): string[] {
  return failures.flatMap(({ name, expected, found, because }) => [
    style.mark('denied', safeText(name)),
    `    expected ${safeText(expected)}`,
    `    found    ${safeText(found)}: ${safeText(because)}`,
  ]);
}

export function findingLine({ level, rule, document, line, column, policy, message, next }: LintFinding, style: Style): string {
  const mark: Mark = level === 'error' ? 'denied' : 'warning';
  const named = policy === '' ? '' : ` ${policy}:`;
  return style.mark(mark, safeText(`${document} ${line}:${column}${named} ${message}. ${next} [${rule}]`));
}

const stateMarks: Readonly<Record<ProposalState, Mark>> = {
  draft: 'waiting',
  shadow: 'observed',
  staged: 'held',
  enforced: 'allowed',
  rolled_back: 'stopped',
  withdrawn: 'denied',
};

export function proposalShape(people: Names, now: number): Shape<ProposalLine> {
  const named = (id: string | null): string => (id === null ? '' : people(id));
  return {
    name: ({ id }) => id,
    columns: [
      { title: 'PROPOSAL', value: ({ id }) => id },
      { title: 'IS ABOUT', value: ({ holds }) => holds.join(', ') },
      { title: 'TITLE', value: ({ title }) => title },
      { title: 'STATE', value: ({ state }) => state.replace('_', ' '), mark: ({ state }) => stateMarks[state] },
      { title: 'BY', value: ({ answerable }) => named(answerable) },
      { title: 'CONFIRMED BY', value: ({ confirmedBy }) => named(confirmedBy) },
      { title: 'SINCE', value: ({ movedAt }) => localTime(movedAt, now) },
    ],
  };
}

export function versionShape(now: number): Shape<Omit<PolicyVersion, 'text' | 'rules' | 'tests'> & { readonly tests: number }> {
  return {
    name: ({ version }) => String(version),
    columns: [
      { title: 'VERSION', value: ({ version }) => String(version) },
      { title: 'FOR', value: ({ inForce }) => (inForce ? 'everyone' : 'a stage') },
      { title: 'TESTS', value: ({ tests }) => String(tests) },
      { title: 'BY', value: ({ publishedBy }) => publishedBy },
      { title: 'SINCE', value: ({ publishedAt }) => localTime(publishedAt, now) },
    ],
  };
}

/** What a proposal has done in shadow. */
export function shadowLines({ decisions, differing, skipped, differences }: ShadowReport): string[] {
  return [
    `In shadow: ${decisions} decisions looked at, ${differing} would be otherwise, ${skipped} skipped.`,
    ...differences.map(
      (one) =>
        `   ${String(one.decisions).padStart(5)}  ${outcomes[one.before]} → ${outcomes[one.after]}  ${safeText(one.agentName)} → ${one.system}.${safeText(one.operation)}: ${one.reasonAfter}`,
    ),
  ];
}
