import type { Decision, Reason } from '@surety/contract/decision';
import { cut, quoteOdd } from './constraint-words.ts';

/** The longest text that a model gets to read about a call that did not go through, in characters. */
export const longestForModel = 400;

const askOwner = 'The person who answers for this agent can change that.';
const askAdministrator = 'An administrator can change that.';
const askAnew = 'Whoever passed this on must pass it on anew.';
const askParent = 'Hand it back to whoever passed it on.';
const tryLater = 'Nothing was sent. Try again in a moment.';

/** What would be needed and who could do it, by the reason of a refusal. Names no person. */
export const whereToAsk: Readonly<Record<Reason, string>> = {
  permitted: '',
  approved: '',
  'agent.not_active': 'The person who answers for this agent must make it active first.',
  'owner.not_active': askAdministrator,
  'owner.may_not_answer': askAdministrator,
  'task.ended': 'Get a new token, which opens a new task.',
  'requester.not_active': askAdministrator,
  'requester.may_not': askAdministrator,
  'chain.broken': askAnew,
  'chain.too_deep': askAnew,
  'parent.not_active': askAnew,
  'parent.owner_not_active': askAnew,
  'parent.task_ended': askAnew,
  'parent.no_mandate': askAnew,
  'parent.may_not_pass_on': askParent,
  'parent.constraint': askParent,
  'parent.autonomy': askParent,
  'hop.expired': askAnew,
  'hop.invalid': askAnew,
  'hop.silent': askParent,
  'hop.constraint': askParent,
  'system.unknown': askAdministrator,
  'operation.unknown': 'List the tools again and call one of those.',
  'mandate.none': 'The person who answers for this agent must give it a mandate first.',
  'mandate.expired': 'The person who answers for this agent must give it a new mandate.',
  'mandate.invalid': 'The person who answers for this agent must sign its mandate again.',
  'mandate.silent': askOwner,
  'mandate.constraint': askOwner,
  'mandate.autonomy': askOwner,
  'organisation.silent': askAdministrator,
  'organisation.forbidden': askAdministrator,
  'limit.reached': askOwner,
  'limit.unit': 'Give the amount in the unit that the mandate names.',
  'history.forbidden': askAdministrator,
  'flow.forbidden': askAdministrator,
  'obligation.unfit': askOwner,
  'policy.error': 'An administrator must correct the policy first.',
  'proof.replayed': 'Make a fresh proof for every request.',
  'house.stale': tryLater,
  'house.not_ready': tryLater,
  'held.mandate': '',
  'held.autonomy': '',
  'held.parent': '',
  'held.organisation': '',
  'held.limit': '',
  'held.history': '',
  'held.flow': '',
  'approval.refused': 'Ask the person who answers for this agent before you try something else.',
  'approval.used': 'Call again to ask for a new yes.',
  'approval.expired': 'Call again to ask once more.',
};

/**
 * What a model is told of a call that was decided: a code, the right that was missing, and where to ask. At most 400
 * characters. Never what a rule of the organisation measures, which would teach how to stay below it; what the agent's own
 * mandate says, it may know.
 */
export function tellModel(
  { outcome, reason, because, forModel = because }: Pick<Decision, 'outcome' | 'reason' | 'because' | 'forModel'>,
  called: string,
): string {
  const first = `${outcome === 'permit' ? 'Allowed' : outcome === 'hold' ? 'Held' : 'Denied'} (${reason}): ${cut(quoteOdd(called), 80)}.`;
  const ask = outcome === 'hold' ? 'A person is asked. Repeat exactly this call once it is approved.' : whereToAsk[reason];
  const end = outcome === 'permit' ? '' : 'Do not retry with other arguments to get around this.';
  const room = longestForModel - [first, ask, end].join('  ').length - 2;
  return [first, outcome === 'permit' ? '' : cut(forModel.trim(), Math.max(1, room)), ask, end]
    .filter((part) => part !== '')
    .join(' ');
}
