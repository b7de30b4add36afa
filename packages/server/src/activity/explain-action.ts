import type { Action, Explanation } from '@surety/contract/activity';
import type { Decision, Link, Reason } from '@surety/contract/decision';
import { isExactList } from '@surety/contract/exact-json';
import { sentenceFor } from '@surety/decision/because';
import { actionId } from '@surety/decision/cedar-schema';
import { tellModel } from '@surety/decision/tell-model';
import type { Decider } from '#decision/decide-call';
import type { Sealer } from '#keys/seal';
import { type ActionTrail, textOf } from './action.ts';
import { openNamePowers, type PowerRoom } from './name-powers.ts';
import { openInputs } from './tell-action.ts';

/**
 * Why an action was allowed, denied or held: decided again from the inputs that were kept beside its last decision, each line
 * by itself, with what would have been enough and who could do it.
 */
export async function explainAction(
  room: PowerRoom & { readonly sealer: Sealer; readonly decider: Pick<Decider, 'recompute'> },
  trail: ActionTrail,
  action: Action,
): Promise<Explanation> {
  const { data } = trail.last;
  const named = data['policies'];
  const policies = isExactList(named) ? named.filter((id) => typeof id === 'string') : [];
  const recorded = { reason: textOf(data, 'reason') as Reason, link: textOf(data, 'link') as Link, policies };
  const opened = openInputs(room.sealer, trail.last);
  const again = await room.decider.recompute(opened ?? Buffer.alloc(0), recorded);
  const name = openNamePowers(room, action.answerable);
  const lines = again.lines().map(async ({ changes, policies: named, conditions, ...line }) => ({
    ...line,
    policies: [...named],
    conditions: [...conditions],
    remedies: await Promise.all(changes.map(name)),
  }));
  return {
    action,
    lines: await Promise.all(lines),
    forModel: toldModel(action, again.decision),
    conditions: again.conditions,
    policies: again.policies.length > 0 ? again.policies : policies,
    mandateVersion: again.mandateVersion,
    recomputed: again.recomputed,
    next: nextFor(action, textOf(data, 'approval')),
  };
}

/** What the model that asked is told. What came up after the decision, or cannot be computed again, is said by its reason. */
function toldModel({ state, reason, system, operation }: Action, decision: Decision | undefined): string {
  const called = actionId(system, operation);
  if (decision?.reason === reason) return tellModel(decision, called);
  const outcome = state === 'held' ? 'hold' : state === 'denied' ? 'deny' : 'permit';
  return tellModel({ outcome, reason, because: sentenceFor(reason) }, called);
}

/** What somebody could look at or do next. Empty where there is nothing to say beyond who answers for the agent. */
function nextFor({ state, reason, agentName, answerableName, system, id, task }: Action, approval: string): string {
  if (state === 'held') return `surety request show ${approval}`;
  if (state !== 'denied') return `surety who ${id}`;
  if (reason.startsWith('mandate.')) return `surety mandate ls --agent ${agentName}: ${answerableName} can give it another`;
  if (reason.startsWith('organisation.') || reason === 'policy.error') return 'surety policy show';
  if (reason.startsWith('owner.')) return 'surety role ls: an administrator can change what the person may answer for';
  if (reason === 'requester.may_not') return 'surety role ls: an administrator can change what the person may ask agents to do';
  if (/^(?:hop|parent|chain)\./.test(reason)) return `surety task show ${task}`;
  if (reason.startsWith('approval.')) return 'repeat exactly this call to ask anew';
  if (reason === 'agent.not_active') return `surety agent show ${agentName}`;
  if (reason === 'operation.unknown') return `surety system tools ${system}`;
  return '';
}
