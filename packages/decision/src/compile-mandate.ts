import type { Conditions, MandateDocument, Permission } from '@surety/contract/mandate';
import { actionId } from './cedar-schema.ts';
import { cedarJoin, cedarLiteral } from './cedar-text.ts';
import { cedarDecimal, constraintConditions, membersOf, type Strictness } from './constraint-policy.ts';
import { hoursKey, openHours } from './hours.ts';
import type { PolicyText } from './policy-engine.ts';
import type { PolicyNeeds } from './policy-needs.ts';

/**
 * A mandate as Cedar: `permits` says what may be done, `holds` (a set of its own, a match asks a person) what only with a
 * yes. Ids are `mandate:man_…/p2` for the second permission and `mandate:man_…/p2/h1` for its first hold rule.
 */
export type CompiledMandate = {
  readonly id: string;
  readonly document: MandateDocument;
  readonly permits: readonly PolicyText[];
  readonly holds: readonly PolicyText[];
  readonly needs: PolicyNeeds;
};

/** What cannot be compiled, by JSON pointer into the document. */
export type MandateIssue = { readonly path: string; readonly message: string };

export type MandateCompilation =
  | { readonly ok: true; readonly mandate: CompiledMandate }
  | { readonly ok: false; readonly issues: readonly MandateIssue[] };

/** Longer than any mandate a person can read. */
const maxCharacters = 500_000;

/**
 * Compiles a document that the contract has accepted. Refuses a limit that Cedar's decimal cannot hold, a time zone that
 * is not known here, and text that is not well formed; never rounds or leaves out.
 */
export function compileMandate({
  id,
  document,
}: {
  readonly id: string;
  readonly document: MandateDocument;
}): MandateCompilation {
  const issues = document.permissions.flatMap((permission, at) => checkPermission(permission, `/permissions/${at}`));
  if (issues.length > 0) return { ok: false, issues: issues.slice(0, 20) };
  const permits = document.permissions.map((permission, at) => ({
    id: `mandate:${id}/p${at + 1}`,
    text: permitText(document.agent, permission, permissionConditions(permission)),
  }));
  const holds = document.permissions.flatMap((permission, at) =>
    (permission.hold ?? []).map(({ when = {} }, rule) => ({
      id: `mandate:${id}/p${at + 1}/h${rule + 1}`,
      text: permitText(document.agent, permission, [...permissionConditions(permission), ...conditionsOf(when, 'may')]),
    })),
  );
  if ([...permits, ...holds].reduce((sum, { text }) => sum + text.length, 0) > maxCharacters) {
    return {
      ok: false,
      issues: [{ path: '/permissions', message: 'the mandate is too long; give several agents a mandate each' }],
    };
  }
  return { ok: true, mandate: { id, document, permits, holds, needs: needsOf(document) } };
}

function permitText(agent: string, { system, actions }: Permission, conditions: readonly string[]): string {
  const exact = !actions.some(isPattern);
  const action = exact
    ? `action in [${actions.map((name) => `Action::${cedarLiteral(actionId(system, name))}`).join(', ')}]`
    : 'action';
  const named = exact ? [] : [`(${cedarJoin(actions.map(operationTest), '||')})`];
  const scope = `permit (principal == Agent::${cedarLiteral(agent)}, ${action}, resource == System::${cedarLiteral(system)})`;
  const all = [...named, ...conditions];
  return all.length === 0 ? `${scope};` : `${scope}\nwhen {\n  ${cedarJoin(all, '&&', '\n  ')}\n};`;
}

function operationTest(pattern: string): string {
  return `context.facts.operation ${isPattern(pattern) ? 'like' : '=='} ${cedarLiteral(pattern)}`;
}

function isPattern(action: string): boolean {
  return action.includes('*');
}

function permissionConditions({ where = {}, hours }: Permission): readonly string[] {
  const open = hours === undefined ? [] : [`context.facts.hours[${cedarLiteral(hoursKey(hours))}]`];
  return [...conditionsOf(where, 'must'), ...open];
}

function conditionsOf(conditions: Conditions, strictness: Strictness): readonly string[] {
  return Object.entries(conditions).flatMap(([pointer, constraint]) => constraintConditions(pointer, constraint, strictness));
}

function needsOf({ permissions }: MandateDocument): PolicyNeeds {
  const conditions = permissions.flatMap(({ where, hold = [] }) => [where, ...hold.map(({ when }) => when)]);
  const windows = permissions.map(({ hours }) => hours && openHours(hours)).filter((window) => window !== undefined);
  return {
    pointers: [...new Set(conditions.flatMap((one) => Object.keys(one ?? {})))],
    hours: [...new Map(windows.map((window) => [window.key, window])).values()],
    args: [],
    facts: permissions.some(({ actions }) => actions.some(isPattern)) ? ['operation'] : [],
    entities: [],
  };
}

function checkPermission({ actions, where = {}, hours, hold = [] }: Permission, path: string): readonly MandateIssue[] {
  return [
    ...actions.flatMap((action, at) => checkText(action, `${path}/actions/${at}`)),
    ...checkConditions(where, `${path}/where`),
    ...hold.flatMap(({ when = {} }, at) => checkConditions(when, `${path}/hold/${at}/when`)),
    ...(hours !== undefined && openHours(hours) === undefined
      ? [{ path: `${path}/hours/zone`, message: 'the time zone is not known here' }]
      : []),
  ];
}

/** More conditions than anybody reads, and far fewer than an engine chokes on. */
const maxConditions = 100;

function checkConditions(conditions: Conditions, path: string): readonly MandateIssue[] {
  const count = Object.values(conditions).reduce((sum, constraint) => sum + membersOf(constraint).length, 0);
  if (count > maxConditions) return [{ path, message: `more than ${maxConditions} conditions` }];
  return Object.entries(conditions).flatMap(([pointer, constraint]) => {
    const here = `${path}/${pointer.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const limits = (['max', 'min', 'over', 'under'] as const).filter((member) => {
      const limit = constraint[member];
      return limit !== undefined && cedarDecimal(limit) === undefined;
    });
    const texts = [pointer, constraint.like, constraint.notLike, ...(constraint.in ?? []), ...(constraint.eachIn ?? [])];
    return [
      ...limits.map((member) => ({
        path: `${here}/${member}`,
        message: 'a limit lies between -922337203685477.5808 and 922337203685477.5807',
      })),
      ...texts.flatMap((text) => (typeof text === 'string' ? checkText(text, here) : [])),
    ];
  });
}

function checkText(text: string, path: string): readonly MandateIssue[] {
  return text.isWellFormed() ? [] : [{ path, message: 'the text is not well-formed Unicode' }];
}
