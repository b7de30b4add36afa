import type { Constraint } from '@surety/contract/constraint';
import type { ExactValue } from '@surety/contract/exact-json';
import type { Permission } from '@surety/contract/mandate';
import { valueAt } from './argument-facts.ts';
import type { CallFacts } from './call-facts.ts';
import { actionId } from './cedar-schema.ts';
import { checkMember } from './check-constraint.ts';
import { type ConstraintMember, membersOf } from './constraint-policy.ts';
import { foundWords, quoteOdd } from './constraint-words.ts';
import { covers } from './cover.ts';
import { agentWords, hopAt, linkAt, passerWords, permissionsAt } from './explain-chain.ts';
import { openHours } from './hours.ts';
import type { Limit } from './live-mandate.ts';
import { hoursWords } from './mandate-sentences.ts';
import { rootTask } from './standing.ts';

/** Who could make a change: the people are looked up by whoever knows them. */
export type Power =
  /** Whoever gives this agent its mandates. */
  | { readonly kind: 'mandate'; readonly agent: string | undefined }
  | { readonly kind: 'principal'; readonly id: string }
  | { readonly kind: 'role'; readonly role: 'administrator' | 'security' }
  | { readonly kind: 'approver' }
  | { readonly kind: 'nobody' };

/** The smallest change that would have been enough for one line, and in whose power it is. */
export type SmallestChange = { readonly text: string; readonly power: readonly Power[] };

const administrators: readonly Power[] = [{ kind: 'role', role: 'administrator' }];
const policyMakers: readonly Power[] = [
  { kind: 'role', role: 'administrator' },
  { kind: 'role', role: 'security' },
];

/** What would have let a call pass a line that did not; for a constraint, one for each condition that did not hold. */
export function smallestChanges(facts: CallFacts, limit: Limit): readonly SmallestChange[] {
  const called = quoteOdd(actionId(facts.call.systemName, facts.call.operationName));
  const giver: readonly Power[] = [{ kind: 'mandate', agent: agentOf(facts, limit) }];
  switch (limit.reason) {
    case 'house.stale':
      return [{ text: 'fresh news on this node; the same call again in a moment', power: [] }];
    case 'agent.not_active':
      return [{ text: 'the agent made active', power: [ownerOf(facts), ...administrators] }];
    case 'owner.not_active':
      return [{ text: 'another owner, who is active', power: administrators }];
    case 'task.ended':
      return [{ text: 'the same call under a task that is open', power: principalPower(rootTask(facts)?.requester) }];
    case 'requester.not_active':
      return [{ text: 'the same task, asked for by a person who is active', power: administrators }];
    case 'system.unknown':
      return [{ text: `the system ${quoteOdd(facts.call.systemName)} protected here`, power: administrators }];
    case 'operation.unknown':
      return [{ text: `${called} looked at and classified`, power: administrators }];
    case 'mandate.none':
      return [{ text: `a mandate that permits ${called}`, power: giver }];
    case 'mandate.expired':
      return [{ text: 'a mandate that is good for longer', power: giver }];
    case 'mandate.invalid':
      return [{ text: 'the mandate, signed again', power: giver }];
    case 'mandate.silent':
      return [{ text: `a permission for ${called} in the mandate`, power: giver }];
    case 'mandate.autonomy':
      return [
        { text: 'an autonomy level that lets it do more than read', power: limit.link === 'agent' ? [ownerOf(facts)] : giver },
      ];
    case 'mandate.constraint':
      return widened(facts, facts.mandate?.policies?.document.permissions ?? [], 'the mandate', giver);
    case 'policy.error':
      return [
        {
          text: `a policy that can be evaluated in place of ${(limit.policies ?? []).join(', ')}`,
          power: errorPower(facts, limit),
        },
      ];
    case 'owner.may_not_answer':
    case 'requester.may_not':
      return roleChange(limit, called);
    case 'organisation.silent':
      return [{ text: `a policy of the organisation that permits ${called}`, power: policyMakers }];
    case 'organisation.forbidden':
      return (limit.policies ?? []).map((id) => ({
        text: `${id} changed, so that it does not forbid this`,
        power: policyMakers,
      }));
    case 'obligation.unfit':
      return [{ text: 'an obligation that goes with this call', power: limit.link === 'mandate' ? giver : policyMakers }];
    case 'limit.reached':
      return [
        { text: 'a limit that leaves room for this, or the same call once the limit does', power: giverAt(facts, limit.at) },
      ];
    case 'limit.unit':
      return [{ text: 'the amount in the unit that the limit counts', power: principalPower(facts.agent?.id) }];
    case 'history.forbidden':
      return [{ text: 'another agent or person, whom the rule does not forbid it, or the rule changed', power: policyMakers }];
    case 'flow.forbidden':
      return [{ text: 'a task that has not seen this, or the label taken away', power: policyMakers }];
    default:
      return chainChanges(facts, limit, called) ?? personChanges(limit);
  }
}

function agentOf(facts: CallFacts, { link, at }: Limit): string | undefined {
  return link === 'parent' ? linkAt(facts, at)?.task.agent : facts.agent?.id;
}

/** Whoever gives the mandate of the agent at a place of the chain. */
function giverAt({ chain = [], agent }: CallFacts, at: number | undefined): readonly Power[] {
  return [{ kind: 'mandate', agent: at === undefined || at >= chain.length ? agent?.id : chain[at]?.task.agent }];
}

function ownerOf({ agent }: CallFacts): Power {
  return agent === undefined ? { kind: 'nobody' } : { kind: 'principal', id: agent.owner };
}

function principalPower(id: string | undefined): readonly Power[] {
  return id === undefined ? [] : [{ kind: 'principal', id }];
}

function errorPower(facts: CallFacts, limit: Limit): readonly Power[] {
  if (limit.link === 'mandate' || limit.link === 'parent') return [{ kind: 'mandate', agent: agentOf(facts, limit) }];
  return limit.link === 'hop' ? passer(facts, limit.at) : policyMakers;
}

function roleChange({ reason, policies = [] }: Limit, called: string): readonly SmallestChange[] {
  const does = reason === 'requester.may_not' ? 'do' : 'answer for';
  if (policies.length > 0)
    return policies.map((id) => ({ text: `${id} changed, so that it does not forbid this`, power: administrators }));
  return [{ text: `a role of that person whose holders may ${does} ${called}`, power: administrators }];
}

/** Whoever passed on to the agent at a place of the chain: an agent, or the person who asked. */
function passer(facts: CallFacts, at: number | undefined): readonly Power[] {
  const above = at === undefined || at === 0 ? rootTask(facts)?.requester : linkAt(facts, at - 1)?.task.agent;
  return principalPower(above);
}

function chainChanges(facts: CallFacts, limit: Limit, called: string): readonly SmallestChange[] | undefined {
  const who = agentWords(facts, limit.at);
  const above = linkAt(facts, limit.at);
  const giver: readonly Power[] = [{ kind: 'mandate', agent: agentOf(facts, limit) }];
  const anew = `the task passed on anew by ${passerWords(facts, limit.at)}`;
  switch (limit.reason) {
    case 'chain.broken':
      return [{ text: 'a new task, passed on from one agent to the next', power: principalPower(rootTask(facts)?.requester) }];
    case 'chain.too_deep':
      return limit.link === 'parent'
        ? [{ text: `a mandate of ${who} that lets as many hops hang below it`, power: giver }]
        : [{ text: `${anew}, with as many hops below`, power: passer(facts, limit.at) }];
    case 'parent.not_active':
      return [{ text: `${who} made active`, power: principalPower(above?.agent?.owner) }];
    case 'parent.owner_not_active':
      return [{ text: `another owner of ${who}, who is active`, power: administrators }];
    case 'parent.task_ended':
      return [{ text: `a task of ${who} that is open`, power: principalPower(rootTask(facts)?.requester) }];
    case 'parent.no_mandate':
      return [{ text: `a mandate of ${who} that is in force`, power: giver }];
    case 'parent.may_not_pass_on':
      return [{ text: `${called} among what ${who} may pass on`, power: giver }];
    case 'parent.autonomy':
      return [{ text: `an autonomy level of ${who} that lets it do more than read`, power: giver }];
    case 'parent.constraint':
      return widened(facts, permissionsAt(facts, limit), `the mandate of ${who}`, giver);
    case 'hop.expired':
    case 'hop.invalid':
      return [{ text: anew, power: passer(facts, limit.at) }];
    case 'hop.silent':
      return [{ text: `${anew}, with ${called}`, power: passer(facts, limit.at) }];
    case 'hop.constraint':
      return widened(facts, hopAt(facts, limit.at)?.policies?.permissions ?? [], anew, passer(facts, limit.at));
    default:
      return undefined;
  }
}

function personChanges({ reason }: Limit): readonly SmallestChange[] {
  if (reason.startsWith('held.')) return [{ text: 'a yes to exactly this call', power: [{ kind: 'approver' }] }];
  if (reason === 'approval.refused')
    return [{ text: 'another answer, once this question is over', power: [{ kind: 'approver' }] }];
  return reason.startsWith('approval.') ? [{ text: 'a new yes to exactly this call', power: [{ kind: 'approver' }] }] : [];
}

/** What would have to be wider in the permission that comes nearest: one change for each condition that does not hold. */
function widened(
  { call, nowMs }: CallFacts,
  permissions: readonly Permission[],
  where: string,
  power: readonly Power[],
): readonly SmallestChange[] {
  const about = permissions.filter((one) => covers(one, call.systemName, call.operationName));
  const all = about.map((permission) => narrow(permission, { call, nowMs }));
  const nearest = all.toSorted((left, right) => left.length - right.length)[0] ?? [];
  return nearest.map((text) => ({ text: `${where}, with ${text}`, power }));
}

function narrow({ where = {}, hours }: Permission, { call, nowMs }: Pick<CallFacts, 'call' | 'nowMs'>): readonly string[] {
  const values = Object.entries(where).flatMap(([pointer, constraint]) => {
    const value = valueAt(call.arguments, pointer);
    return membersOf(constraint)
      .filter((member) => !checkMember(value, constraint, member, 'must'))
      .map((member) => wider(pointer, { constraint, member, value }));
  });
  const isOpen = hours === undefined || openHours(hours)?.isOpen(nowMs) === true;
  return isOpen ? values : [...values, `hours other than ${hoursWords(hours)}`];
}

type Narrow = { readonly constraint: Constraint; readonly member: ConstraintMember; readonly value: ExactValue | undefined };

function wider(pointer: string, { constraint, member, value }: Narrow): string {
  const what = quoteOdd(pointer);
  if (value === undefined) return `no condition on ${what}, which was not given`;
  const found = foundWords(value);
  if (member === 'max' || member === 'under') return isNumber(value) ? `${what} up to ${found}` : otherType(what);
  if (member === 'min' || member === 'over') return isNumber(value) ? `${what} from ${found}` : otherType(what);
  if (member === 'in' || member === 'eachIn') return `${member === 'in' ? found : 'these'} among what ${what} may be`;
  if (member === 'absent') return `${what} not forbidden`;
  if (member === 'maxLength' || member === 'maxItems') return `more than ${constraint[member] ?? 0} for ${what}`;
  return `another condition on ${what}`;
}

function isNumber(value: ExactValue): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'text' in value;
}

function otherType(what: string): string {
  return `no number asked of ${what}`;
}
