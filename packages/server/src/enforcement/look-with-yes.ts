import type { Call } from '@surety/contract/call';
import type { Decision } from '@surety/contract/decision';
import type { GuardedOperation, Look } from '@surety/contract/enforcement';
import { carriedCandidates } from '@surety/decision/flow/carried-values';
import { flowRulePrefix } from '@surety/decision/flow/flow-line';
import { coversNext, yesValues } from '@surety/decision/flow/given-yes';

/**
 * What was seen, and, where a person said yes to a call that the flow of information had held, what that yes covers: under the
 * same task the same action is not asked about twice for the same destination, unless it moves money or cannot be put back. Other
 * rules that hold a call ask again.
 */
export function lookWithYes(
  look: Look | undefined,
  { call, decision }: { readonly call: Call; readonly decision: Decision },
  operation: Pick<GuardedOperation, 'guards' | 'effect'> | undefined,
): Look | undefined {
  const isFlow = decision.reason === 'approved' && decision.policies.some((id) => id.startsWith(flowRulePrefix));
  if (look === undefined || operation === undefined || !isFlow || !coversNext(operation.effect)) return look;
  const marks = yesValues(`${call.system}.${call.operation}`, carriedCandidates(call.arguments), operation.guards);
  return { labels: look.labels, values: [...look.values, ...marks.map((mark) => ({ ...mark, isUntrusted: false, labels: [] }))] };
}
