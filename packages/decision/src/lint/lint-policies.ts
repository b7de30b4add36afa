import type { LintFinding } from '@surety/contract/lab';
import { vocabularies } from '../cedar-schema.ts';
import { readEst } from '../read-est.ts';
import { readPolicies, type ReadPolicy } from '../read-policies.ts';
import { type Finding, warning } from './finding.ts';
import type { KnownSystem } from './known-systems.ts';
import { clausesOf, contradictionOf, type PolicyScope, scopeCovers, scopeOf } from './policy-scope.ts';
import { validatePolicy } from './validate-policy.ts';

export type LintOptions = {
  /** What the text is: `policy`, `role:owner`, `role:owner/may`. */
  readonly document: string;
  /** Whether `@hold` may stand: in the organisation's policy only. */
  readonly holds: boolean;
  /** Left out, whatever a policy names is taken to exist. */
  readonly systems?: readonly KnownSystem[] | undefined;
};

type Placed = { readonly policy: ReadPolicy; readonly scope: PolicyScope; readonly start: number };

/**
 * What somebody should look at in a text of policies (Cedar), in its order. A text that the decision point could not read has its
 * errors and nothing else. Silent on policies that can match, can fail to match, cannot err, and add something.
 */
export function lintPolicies(text: string, options: LintOptions): readonly LintFinding[] {
  const read = readPolicies(text, { holds: options.holds });
  if (!read.ok) return read.issues.map((issue) => unreadable(issue, options));
  const placed = place(text, read.policies);
  return placed.flatMap((one, index) =>
    findingsOf(one, placed.toSpliced(index, 1), options).map(({ at = 0, ...finding }) => ({
      ...finding,
      document: options.document,
      ...lineAndColumn(text, one.start + at),
      policy: one.policy.id,
    })),
  );
}

function unreadable(
  issue: { readonly line: number; readonly column: number; readonly message: string },
  { document }: LintOptions,
): LintFinding {
  const { line, column, message } = issue;
  return {
    level: 'error',
    rule: 'unreadable',
    document,
    line,
    column,
    policy: '',
    message,
    next: 'Correct it: it cannot be published.',
  };
}

function place(text: string, policies: readonly ReadPolicy[]): readonly Placed[] {
  let from = 0;
  return policies.map((policy) => {
    const start = Math.max(text.indexOf(policy.text, from), from);
    from = start + policy.text.length;
    return { policy, scope: scopeOf(policy.est), start };
  });
}

function findingsOf(one: Placed, others: readonly Placed[], options: LintOptions): readonly Finding[] {
  return [
    ...annotationFindings(one),
    ...nameFindings(one, options.systems),
    ...reachFindings(one, options.systems),
    ...validatePolicy(one.policy, options.systems),
    ...shadowFindings(one, others, options.systems),
  ];
}

function annotationFindings({ policy: { annotations, effect } }: Placed): readonly Finding[] {
  const isSilent = effect === 'forbid' && annotations['because'] === undefined && annotations['hold'] === undefined;
  return [
    ...(annotations['id'] === undefined
      ? [warning('missing-id', 'it has no @id, so decisions name it by its place', 'Add @id("a-name") in front.')]
      : []),
    ...(isSilent ? [warning('no-because', 'it forbids and does not say why', 'Add @because("why"): people are shown it.')] : []),
  ];
}

/** Actions and systems that are not there. With nothing known, nothing is said. */
function nameFindings({ policy: { est } }: Placed, systems: readonly KnownSystem[] | undefined): readonly Finding[] {
  if (systems === undefined) return [];
  const { entities } = readEst(est);
  const actions = entities.filter(({ type, id }) => type === 'Action' && !vocabularies.call.actionGroups.includes(id));
  const names = new Set(systems.map(({ name }) => name));
  return [
    ...unique(entities.filter(({ type, id }) => type === 'System' && !names.has(id)).map(({ id }) => id)).map((id) =>
      warning(
        'unknown-system',
        `there is no system ${JSON.stringify(id)}${closeTo(id, [...names])}`,
        'Correct the name, or add the system first.',
      ),
    ),
    ...unique(actions.map(({ id }) => id).filter((id) => !isAction(id, systems))).map((id) =>
      warning(
        'unknown-action',
        `no system has the action ${JSON.stringify(id)}${closeTo(id, actionIds(systems))}`,
        'Correct the name: see "surety system tools".',
      ),
    ),
  ];
}

function actionIds(systems: readonly KnownSystem[]): readonly string[] {
  return systems.flatMap(({ name, operations }) => operations.map((operation) => `${name}.${operation.name}`));
}

function isAction(id: string, systems: readonly KnownSystem[]): boolean {
  const point = id.indexOf('.');
  return systems.some(
    ({ name, operations }) => name === id.slice(0, point) && operations.some((one) => one.name === id.slice(point + 1)),
  );
}

/** A name that differs in case or in `-` and `_` only. */
function closeTo(id: string, names: readonly string[]): string {
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');
  const close = names.find((name) => plain(name) === plain(id));
  return close === undefined ? '' : `; there is ${JSON.stringify(close)}`;
}

/** Calls that it can, or cannot fail to, be about. */
function reachFindings({ policy, scope }: Placed, systems: readonly KnownSystem[] | undefined): readonly Finding[] {
  const contradiction = contradictionOf(scope, systems) ?? unknownOnly(scope, systems);
  if (contradiction !== undefined)
    return [warning('unreachable', `no call can match it: ${contradiction}`, 'Correct its scope, or take it out.')];
  const isOpen = scope.agent === undefined && scope.actions === undefined && scope.system === undefined;
  if (!isOpen || clausesOf(policy.est).length > 0 || (policy.effect === 'permit' && policy.annotations['hold'] === undefined))
    return [];
  const what =
    policy.annotations['hold'] === undefined
      ? 'it forbids every call of every agent'
      : 'it asks a person before every call of every agent';
  return [warning('always-true', what, 'Say which calls it is about.')];
}

function unknownOnly({ actions, system }: PolicyScope, systems: readonly KnownSystem[] | undefined): string | undefined {
  if (systems === undefined) return undefined;
  if (system !== undefined && !systems.some(({ name }) => name === system)) return `there is no system "${system}"`;
  const groups = vocabularies.call.actionGroups;
  const isNone = actions?.every((id) => !groups.includes(id) && !isAction(id, systems)) ?? false;
  return isNone ? 'none of its actions is there' : undefined;
}

/** Annotations by which a permit says what has to be done with a call: it adds that, whatever else permits. */
const obliging = ['mask', 'clamp', 'notify', 'record'];

/** What another policy says already, or takes away whole. */
function shadowFindings(
  { policy, scope, start }: Placed,
  others: readonly Placed[],
  systems: readonly KnownSystem[] | undefined,
): readonly Finding[] {
  const clauses = clausesOf(policy.est);
  const over = others.find((other) => {
    if (!scopeCovers(other.scope, scope, systems) || isHold(other.policy) !== isHold(policy)) return false;
    const wider = clausesOf(other.policy.est);
    if (!wider.every((clause) => clauses.includes(clause))) return false;
    if (other.policy.effect !== policy.effect) return policy.effect === 'permit' && wider.length === 0 && !isHold(policy);
    if (obliging.some((name) => policy.annotations[name] !== undefined)) return false;
    const isSame = wider.length === clauses.length && scopeCovers(scope, other.scope, systems);
    return !isSame || other.start < start;
  });
  if (over === undefined) return [];
  const { id, effect } = over.policy;
  return effect === policy.effect
    ? [
        warning(
          'shadowed',
          `it adds nothing: ${JSON.stringify(id)} ${effect}s all that it ${effect}s`,
          `Take it out, or narrow ${JSON.stringify(id)}.`,
        ),
      ]
    : [
        warning(
          'shadowed',
          `it permits nothing: ${JSON.stringify(id)} forbids all of it`,
          `Take it out, or narrow ${JSON.stringify(id)}.`,
        ),
      ];
}

function isHold({ annotations }: ReadPolicy): boolean {
  return annotations['hold'] !== undefined;
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

function lineAndColumn(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: [...(before.at(-1) ?? '')].length + 1 };
}
