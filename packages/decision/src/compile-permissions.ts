import type { Conditions, Constraint } from '@surety/contract/constraint';
import type { Permission } from '@surety/contract/mandate';
import { actionId } from './cedar-schema.ts';
import { cedarJoin, cedarLiteral } from './cedar-text.ts';
import { cedarDecimal, constraintConditions, membersOf, type Strictness } from './constraint-policy.ts';
import { hoursKey, openHours } from './hours.ts';
import type { PolicyText } from './policy-engine.ts';
import { orNoNeeds, type PatternNeed, type PolicyNeeds, withPatterns } from './policy-needs.ts';
import { readTextPattern } from './text-pattern.ts';

/** What cannot be compiled, by JSON pointer into the document. */
export type CompileIssue = { readonly path: string; readonly message: string };

/**
 * Permissions of one agent as Cedar: `permits` says what may be done, `holds` (a set of its own, a match asks a person) what
 * only with a yes. The second permission is `<prefix>2`, its first hold rule `<prefix>2/h1`.
 */
export type CompiledPermissions = {
  readonly permits: readonly PolicyText[];
  readonly holds: readonly PolicyText[];
  readonly needs: PolicyNeeds;
};

/** Compiles permissions that {@link checkPermissions} has accepted; never rounds or leaves out. */
export function compilePermissions(agent: string, permissions: readonly Permission[], prefix: string): CompiledPermissions {
  return {
    permits: permissions.map((permission, at) => ({
      id: `${prefix}${at + 1}`,
      text: permitText(agent, permission, permissionConditions(permission)),
    })),
    holds: permissions.flatMap((permission, at) =>
      (permission.hold ?? []).map(({ when = {} }, rule) => ({
        id: `${prefix}${at + 1}/h${rule + 1}`,
        text: permitText(agent, permission, [...permissionConditions(permission), ...conditionsOf(when, 'may')]),
      })),
    ),
    needs: needsOf(permissions),
  };
}

/** What of these permissions Cedar cannot hold. */
export function checkPermissions(permissions: readonly Permission[], path: string): readonly CompileIssue[] {
  return permissions.flatMap((permission, at) => checkPermission(permission, `${path}/${at}`));
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

function needsOf(permissions: readonly Permission[]): PolicyNeeds {
  const conditions = permissions.flatMap(({ where, hold = [] }) => [where, ...hold.map(({ when }) => when)]);
  const constraints = conditions.flatMap((one) => Object.entries(one ?? {}));
  const windows = permissions.map(({ hours }) => hours && openHours(hours)).filter((window) => window !== undefined);
  return orNoNeeds({
    pointers: [...new Set(constraints.flatMap(([pointer, constraint]) => pointersOf(pointer, constraint)))],
    ...withPatterns(constraints.flatMap(([pointer, { pattern }]) => patternNeed(pointer, pattern) ?? [])),
    hours: [...new Map(windows.map((window) => [window.key, window])).values()],
    args: [],
    facts: permissions.some(({ actions }) => actions.some(isPattern)) ? ['operation'] : [],
    entities: [],
  });
}

function pointersOf(pointer: string, { unit }: Constraint): readonly string[] {
  return unit === undefined ? [pointer] : [pointer, unit.at];
}

function patternNeed(pointer: string, pattern: string | undefined): PatternNeed | undefined {
  const read = pattern === undefined ? undefined : readTextPattern(pattern);
  return pattern === undefined || read === undefined ? undefined : { pointer, pattern, matches: read.matches };
}

function checkPermission({ actions, where = {}, hours, hold = [] }: Permission, path: string): readonly CompileIssue[] {
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

function checkConditions(conditions: Conditions, path: string): readonly CompileIssue[] {
  const count = Object.values(conditions).reduce((sum, constraint) => sum + membersOf(constraint).length, 0);
  if (count > maxConditions) return [{ path, message: `more than ${maxConditions} conditions` }];
  return Object.entries(conditions).flatMap(([pointer, constraint]) => {
    const here = `${path}/${pointer.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const limits = (['max', 'min', 'over', 'under'] as const).filter((member) => {
      const limit = constraint[member];
      return limit !== undefined && cedarDecimal(limit) === undefined;
    });
    const texts = [
      pointer,
      constraint.like,
      constraint.notLike,
      constraint.pattern,
      constraint.unit?.is,
      ...(constraint.in ?? []),
      ...(constraint.eachIn ?? []),
    ];
    return [
      ...limits.map((member) => ({
        path: `${here}/${member}`,
        message: 'a limit lies between -922337203685477.5808 and 922337203685477.5807',
      })),
      ...texts.flatMap((text) => (typeof text === 'string' ? checkText(text, here) : [])),
      ...(constraint.pattern !== undefined && readTextPattern(constraint.pattern) === undefined
        ? [{ path: `${here}/pattern`, message: 'the pattern uses what is not known here, or is too long' }]
        : []),
    ];
  });
}

function checkText(text: string, path: string): readonly CompileIssue[] {
  return text.isWellFormed() ? [] : [{ path, message: 'the text is not well-formed Unicode' }];
}
