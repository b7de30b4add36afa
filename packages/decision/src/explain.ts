import type { Condition, Link } from '@surety/contract/decision';
import type { ExactRecord } from '@surety/contract/exact-json';
import type { Conditions } from '@surety/contract/constraint';
import type { Permission } from '@surety/contract/mandate';
import { valueAt } from './argument-facts.ts';
import type { CallFacts } from './call-facts.ts';
import { actionId } from './cedar-schema.ts';
import { checkMember } from './check-constraint.ts';
import { memberPointer, membersOf, type Strictness } from './constraint-policy.ts';
import { foundWords, memberWords, quoteOdd } from './constraint-words.ts';
import { countConditions } from './counts/count-words.ts';
import { covers } from './cover.ts';
import { agentWords, chainConditions, findRule, hopAt, linkAt, passerWords, permissionsAt, untilWords } from './explain-chain.ts';
import { flowRulePrefix } from './flow/flow-line.ts';
import { flowCondition } from './flow/flow-words.ts';
import { openHours } from './hours.ts';
import { dateWords, hoursWords } from './mandate-sentences.ts';
import type { Limit } from './live-mandate.ts';
import { rootTask } from './standing.ts';

/**
 * The conditions of the link that limited a call, or of the permission that let it through, each with the value that was
 * found: what a person needs to see why. Where a chain stands behind it, every link of it comes first, a line each. Works on
 * demand, from the facts that were decided on. Values of arguments are in `found` and nowhere else.
 */
export function explain(facts: CallFacts, limit: Limit): readonly Condition[] {
  const own = ownConditions(facts, limit);
  const isSaid = ({ link, at, holds }: { link: string; at: number; holds: boolean }): boolean =>
    !holds && own.length > 0 && link === limit.link && (limit.at === undefined || at === limit.at);
  const lines = chainConditions(facts).filter((line) => !isSaid(line));
  return [...lines.map(({ link, holds, text, found }) => ({ link, holds, text, found })), ...own];
}

/** Whose roles are silent, by the reason. */
const roleHolders: Readonly<Partial<Record<Limit['reason'], string>>> = {
  'owner.may_not_answer': 'the person who answers for the agent',
  'requester.may_not': 'the person who asked for this',
};

/** The conditions of one line alone. */
export function ownConditions(facts: CallFacts, limit: Limit): readonly Condition[] {
  const { reason, link, policies = [] } = limit;
  const plain = plainCondition(facts, reason) ?? plainChainCondition(facts, limit);
  if (plain !== undefined) return [{ link, ...plain }];
  const counted = countConditions(facts, limit);
  if (counted !== undefined) return counted;
  if (reason === 'mandate.constraint') return nearestConditions(facts, facts.mandate?.policies?.document.permissions ?? [], link);
  if (reason === 'hop.constraint' || reason === 'parent.constraint')
    return nearestConditions(facts, permissionsAt(facts, limit), link);
  if (reason === 'policy.error') return policies.map((id) => ({ link, holds: false, text: `policy ${id} can be evaluated` }));
  if (policies.length === 0 && Object.hasOwn(roleHolders, reason))
    return [{ link, holds: false, text: `a role of ${roleHolders[reason]} permits ${calledName(facts)}` }];
  const stoodInTheWay = ['owner.may_not_answer', 'requester.may_not', 'organisation.forbidden'].includes(reason);
  return policies.flatMap((id) => [...ruleConditions(facts, id), ...policyCondition(facts, id, !stoodInTheWay)]);
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
      return no('the autonomy level permits this without a person', askingLevel(facts));
    case 'held.flow':
    case 'flow.forbidden':
      return flowCondition(facts);
    case 'organisation.silent':
      return no(`a policy of the organisation permits ${called}`);
    default:
      return undefined;
  }
}

function taskWords(task: CallFacts['task'], agent: string | undefined, nowMs: number): string {
  if (task === undefined) return 'not known here';
  if (task.agent !== agent) return 'of another agent';
  if (task.state !== 'open') return 'ended';
  return task.expiresAtMs <= nowMs ? 'expired' : 'open';
}

/** The autonomy level that asks before this: of the mandate or of the agent. */
function askingLevel({ agent, mandate }: CallFacts): string {
  return agent?.autonomy === 'propose' ? 'propose' : (mandate?.policies?.document.autonomy ?? 'propose');
}

/** What of the chain needs no policy to be read. */
function plainChainCondition(facts: CallFacts, { reason, link, at }: Limit): Plain | undefined {
  const no = (text: string, found?: string): Plain => ({ holds: false, text, ...(found === undefined ? {} : { found }) });
  const who = agentWords(facts, at);
  const passed = `what ${passerWords(facts, at)} passed on to ${who}`;
  const above = linkAt(facts, at);
  switch (reason) {
    case 'requester.not_active':
      return no('the person who asked for this is active', requesterState(facts));
    case 'chain.broken':
      return no('the chain of tasks is whole, and no agent stands in it twice');
    case 'parent.not_active':
      return no(`${who} is active`, above?.agent?.state ?? 'not known here');
    case 'parent.owner_not_active':
      return no(`the person who answers for ${who} is active`, above?.owner?.state ?? 'not known here');
    case 'parent.task_ended':
      return no(`the task of ${who} is open`, taskWords(above?.task, above?.agent?.id, facts.nowMs));
    case 'parent.no_mandate':
      return no(`${who} has a mandate in force`);
    case 'parent.may_not_pass_on':
      return no(`${who} may pass on ${calledName(facts)}`);
    case 'parent.autonomy':
      return no(`the autonomy level of ${who} permits more than reading`, 'observe');
    case 'chain.too_deep':
      return no(`${link === 'hop' ? passed : who} allows as many hops below`, deepWords(facts, at));
    case 'hop.expired':
      return no(`${passed} has not expired`, untilWords(hopAt(facts, at)?.expiresAtMs ?? Number.NaN));
    case 'hop.invalid':
      return no(`${passed} can be read`);
    case 'hop.silent':
      return no(`${passed} covers ${calledName(facts)}`);
    default:
      return undefined;
  }
}

function requesterState(facts: CallFacts): string {
  const { requester } = facts;
  return requester !== undefined && requester.id === rootTask(facts)?.requester ? requester.state : 'not known here';
}

function deepWords({ chain = [] }: CallFacts, at: number | undefined): string {
  const below = chain.length - (at ?? 0);
  return `${below} ${below === 1 ? 'hop' : 'hops'}`;
}

/** Of the permissions about this operation, the one that comes nearest to permitting: the fewest of its conditions fail. */
function nearestConditions({ call, nowMs }: CallFacts, permissions: readonly Permission[], link: Link): readonly Condition[] {
  const about = permissions.filter((one) => covers(one, call.systemName, call.operationName));
  const all = about.map((permission) => permissionConditions(permission, call.arguments, { nowMs, link }));
  const failing = (conditions: readonly Condition[]): number => conditions.filter(({ holds }) => !holds).length;
  return all.toSorted((left, right) => failing(left) - failing(right))[0] ?? [];
}

function permissionConditions(
  { where = {}, hours }: Permission,
  args: ExactRecord,
  { nowMs, link }: { readonly nowMs: number; readonly link: Link },
): readonly Condition[] {
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
  return [...conditionsOf(where, args, 'must'), ...timely].map((one) => ({ link, ...one }));
}

function conditionsOf(conditions: Conditions, args: ExactRecord, strictness: Strictness): readonly Omit<Condition, 'link'>[] {
  return Object.entries(conditions).flatMap(([pointer, constraint]) => {
    return membersOf(constraint).map((member) => {
      const value = valueAt(args, memberPointer(pointer, constraint, member));
      return {
        holds: checkMember(value, constraint, member, strictness),
        text: memberWords(pointer, constraint, member),
        found: foundWords(value),
      };
    });
  });
}

/** The conditions of a permission, of a hop's detail or of a hold rule. */
function ruleConditions(facts: CallFacts, id: string): readonly Condition[] {
  const rule = findRule(facts, id);
  if (rule === undefined) return [];
  const { permission, hold, link } = rule;
  const { arguments: args } = facts.call;
  if (hold === undefined) return permissionConditions(permission, args, { nowMs: facts.nowMs, link });
  if (hold.when === undefined || Object.keys(hold.when).length === 0)
    return [{ link, holds: true, text: 'every such call is held' }];
  return conditionsOf(hold.when, args, 'may').map((one) => ({ link, ...one }));
}

/** A policy of a role or of the organisation, in its own words where it has some. */
function policyCondition(facts: CallFacts, id: string, holds: boolean): readonly Condition[] {
  if (findRule(facts, id) !== undefined) return [];
  if (id.startsWith(flowRulePrefix))
    return [flowCondition(facts)].flatMap((one) => (one === undefined ? [] : [{ link: 'flow', ...one }]));
  const link = id.startsWith('role:') ? roleLink(id) : 'organisation';
  return [{ link, holds, text: policySentence(facts, id) ?? `policy ${id}` }];
}

function roleLink(id: string): Link {
  return /^role:[^/]+\/may\//.test(id) ? 'requester' : 'owner';
}

/** What a policy says of itself with `@hold` or `@because`. */
export function policySentence({ roles, organisation }: CallFacts, id: string): string | undefined {
  const sets = [organisation?.policies, ...roles.map(({ policies }) => policies)];
  return sets.map((set) => set?.sentences.get(id)).find((sentence) => sentence !== undefined);
}

/** What a policy says of itself to a model, with `@tell`. */
export function toldSentence({ roles, organisation }: CallFacts, id: string): string | undefined {
  const sets = [organisation?.policies, ...roles.map(({ policies }) => policies)];
  return sets.map((set) => set?.told.get(id)).find((sentence) => sentence !== undefined);
}
