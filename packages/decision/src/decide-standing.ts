import type { Decision } from '@surety/contract/decision';
import { sentenceFor } from './because.ts';
import type { Standing } from './call-facts.ts';
import { chainLimit } from './standing.ts';

/**
 * Decides whether an agent may ask for anything at all: the house is fresh; agent, owner and task are live. What a call
 * needs beyond that is decided when there is one.
 */
export function decideStanding(facts: Standing): Decision {
  const { reason, link } = chainLimit(facts) ?? { reason: 'permitted' as const, link: 'task' as const };
  return {
    outcome: reason === 'permitted' ? 'permit' : 'deny',
    reason,
    link,
    policies: [],
    because: sentenceFor(reason),
    conditions: [],
  };
}
