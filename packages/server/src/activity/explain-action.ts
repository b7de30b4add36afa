import type { Action, Explanation } from '@surety/contract/activity';
import type { Link, Reason } from '@surety/contract/decision';
import { isExactList } from '@surety/contract/exact-json';
import type { Decider } from '#decision/decide-call';
import type { Sealer } from '#keys/seal';
import { type ActionTrail, textOf } from './action.ts';
import { openInputs } from './tell-action.ts';

/** Why an action was allowed, denied or held: decided again from the inputs that were kept beside its last decision. */
export async function explainAction(
  room: { readonly sealer: Sealer; readonly decider: Pick<Decider, 'recompute'> },
  trail: ActionTrail,
  action: Action,
): Promise<Explanation> {
  const { data } = trail.last;
  const named = data['policies'];
  const policies = isExactList(named) ? named.filter((id) => typeof id === 'string') : [];
  const recorded = { reason: textOf(data, 'reason') as Reason, link: textOf(data, 'link') as Link, policies };
  const opened = openInputs(room.sealer, trail.last);
  const again = await room.decider.recompute(opened ?? Buffer.alloc(0), recorded);
  return {
    action,
    conditions: again.conditions,
    policies: again.policies.length > 0 ? again.policies : policies,
    mandateVersion: again.mandateVersion,
    recomputed: again.recomputed,
    next: nextFor(action, textOf(data, 'approval')),
  };
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
