import type { CallOutcome } from '@surety/contract/enforcement';
import type { Settlement } from '#ledger/deed';

/** Ends after which nothing was done: it was never sent, or the system itself says that it failed. */
const undone: ReadonlySet<string> = new Set([
  'upstream_unreachable',
  'credential_unusable',
  'obligation_unfulfilled',
  'tool_error',
]);

/**
 * What the outcome of a call changes about its deed; undefined when nothing. Only what surely was not done counts no more: a call
 * that was cut, or whose answer cannot be read or did not come, may have taken effect, so it stays counted until somebody says
 * otherwise. So does one whose outcome was never written, because the node was lost.
 */
export function settlementOf(action: string, { state, problem = '', rows }: CallOutcome): Settlement | undefined {
  if (state === 'failed' && undone.has(problem)) return { action, isReleased: true };
  return state === 'completed' && rows !== undefined ? { action, isReleased: false, rows } : undefined;
}
