import type { Condition } from '@surety/contract/decision';
import type { ExactRecord } from '@surety/contract/exact-json';
import type { Conditions, HoldRule, Permission } from '@surety/contract/mandate';
import { valueAt } from './argument-facts.ts';
import type { CallFacts } from './call-facts.ts';
import { actionId } from './cedar-schema.ts';
import { checkMember } from './check-constraint.ts';
import { membersOf, type Strictness } from './constraint-policy.ts';
import { foundWords, memberWords, quoteOdd } from './constraint-words.ts';
import { covers } from './cover.ts';
import { openHours } from './hours.ts';
import { dateWords, hoursWords } from './mandate-sentences.ts';
import type { Limit } from './standing.ts';

/**
 * The conditions of the link that limited a call, or of the permission that let it through, each with the value that was
 * found: what a person needs to see why. Works on demand, from the facts that were decided on. Values of arguments are in
 * `found` and nowhere else.
 */
export function explain(facts: CallFacts, { reason, link, policies = [] }: Limit): readonly Condition[] {
  const plain = plainCondition(facts, reason);
  if (plain !== undefined) return [{ link, ...plain }];
  if (reason === 'mandate.constraint') return nearestConditions(facts);
  if (reason === 'policy.error') return policies.map((id) => ({ link, holds: false, text: `policy ${id} can be evaluated` }));
  if (reason === 'owner.may_not_answer' && policies.length === 0) {
    return [{ link, holds: false, text: `a role of the person who answers for the agent permits ${calledName(facts)}` }];
  }
  const stoodInTheWay = reason === 'owner.may_not_answer' || reason === 'organisation.forbidden';
  return policies.flatMap((id) => [...mandateConditions(facts, id), ...policyCondition(facts, id, !stoodInTheWay)]);
}

function calledName({ call }: CallFacts): string {
  return quoteOdd(actionId(call.systemName, call.operationName));
}

type Plain = { readonly holds: boolean; readonly text: string; readonly found?: string };

/** What needs no policy to be read. */
function plainCondition(facts: CallFacts, reason: Limit['reason']): Plain | undefined {
  const { agent, owner, task, call, mandate, nowMs } = facts;
  const no = (text: string, found?: string): Plain => ({ holds: false, text, ...(found === undefined ? {} : { found }) });
  const called = calledName(facts);
  switch (reason) {
    case 'house.stale':
      return no("this node's news of stops and changes is fresh");
    case 'agent.not_active':
      return no('the agent is active', agent?.state ?? 'not known here');
    case 'owner.not_active':
      return no('the person who answers for the agent is active', owner?.id === agent?.owner ? owner?.state : 'not known here');
    case 'task.ended':
      return no("the task is open and the agent's own", taskWords(task, agent?.id, nowMs));
    case 'system.unknown':
      return no(`the system ${quoteOdd(call.systemName)} is protected here`);
    case 'operation.unknown':
      return no(`the system has an operation ${quoteOdd(call.operationName)}`);
    case 'mandate.none':
      return no('the agent has a mandate');
    case 'mandate.invalid':
      return no('the mandate is signed by a person, whole, and for this agent');
    case 'mandate.expired':
      return no('the mandate has not expired', mandate?.policies && dateWords(mandate.policies.document.expiresAt));
    case 'mandate.silent':
      return no(`the mandate permits ${called}`);
    case 'mandate.autonomy':
      return no('the autonomy level permits more than reading', 'observe');
    case 'held.autonomy':
      return no('the autonomy level permits changes without a person', 'propose');
    case 'organisation.silent':
      return no(`a policy of the organisation permits ${called}`);
    default:
      return undefined;
  }
}

function taskWords(task: CallFacts['task'], agent: string | undefined, nowMs: number): string {
  if (task === undefined) return 'not known here';
  if (task.agent !== agent || task.requester !== agent) return 'asked for by another';
  if (task.state !== 'open') return 'ended';
  return task.expiresAtMs <= nowMs ? 'expired' : 'open';
}

/** Of the permissions about this operation, the one that comes nearest to permitting: the fewest of its conditions fail. */
function nearestConditions({ mandate, call, nowMs }: CallFacts): readonly Condition[] {
  const about = mandate?.policies?.document.permissions.filter((one) => covers(one, call.systemName, call.operationName)) ?? [];
  const all = about.map((permission) => permissionConditions(permission, call.arguments, nowMs));
  const failing = (conditions: readonly Condition[]): number => conditions.filter(({ holds }) => !holds).length;
  return all.toSorted((left, right) => failing(left) - failing(right))[0] ?? [];
}

function permissionConditions({ where = {}, hours }: Permission, args: ExactRecord, nowMs: number): readonly Condition[] {
  const timely =
    hours === undefined
      ? []
      : [
          {
            holds: openHours(hours)?.isOpen(nowMs) === true,
            text: `it is ${hoursWords(hours)}`,
            found: new Date(nowMs).toISOString(),
          },
        ];
  return [...conditionsOf(where, args, 'must'), ...timely.map((one) => ({ link: 'mandate' as const, ...one }))];
}

function conditionsOf(conditions: Conditions, args: ExactRecord, strictness: Strictness): readonly Condition[] {
  return Object.entries(conditions).flatMap(([pointer, constraint]) => {
    const value = valueAt(args, pointer);
    return membersOf(constraint).map((member) => ({
      link: 'mandate' as const,
      holds: checkMember(value, constraint, member, strictness),
      text: memberWords(pointer, constraint, member),
      found: foundWords(value),
    }));
  });
}

/** The permission or hold rule that an id such as `mandate:man_…/p2/h1` names. */
export function findRule({ mandate }: CallFacts, id: string): { permission: Permission; hold: HoldRule | undefined } | undefined {
  const found = mandate && id.startsWith(`mandate:${mandate.id}/`) ? /\/p(\d+)(?:\/h(\d+))?$/.exec(id) : null;
  const permission = mandate?.policies?.document.permissions[Number(found?.[1]) - 1];
  if (permission === undefined) return undefined;
  return { permission, hold: found?.[2] === undefined ? undefined : permission.hold?.[Number(found[2]) - 1] };
}

function mandateConditions(facts: CallFacts, id: string): readonly Condition[] {
  const rule = findRule(facts, id);
  if (rule === undefined) return [];
  const { permission, hold } = rule;
  if (hold === undefined) return permissionConditions(permission, facts.call.arguments, facts.nowMs);
  if (hold.when === undefined || Object.keys(hold.when).length === 0)
    return [{ link: 'mandate', holds: true, text: 'every such call is held' }];
  return conditionsOf(hold.when, facts.call.arguments, 'may');
}

/** A policy of a role or of the organisation, in its own words where it has some. */
function policyCondition(facts: CallFacts, id: string, holds: boolean): readonly Condition[] {
  if (findRule(facts, id) !== undefined) return [];
  return [{ link: id.startsWith('role:') ? 'owner' : 'organisation', holds, text: policySentence(facts, id) ?? `policy ${id}` }];
}

/** What a policy says of itself with `@hold` or `@because`. */
export function policySentence({ roles, organisation }: CallFacts, id: string): string | undefined {
  const sets = [organisation?.policies, ...roles.map(({ policies }) => policies)];
  return sets.map((set) => set?.sentences.get(id)).find((sentence) => sentence !== undefined);
}
