import type { AgentAction } from '@surety/contract/delegation';
import { firstWider } from '@surety/decision/narrows';
import { Fault } from '#kernel/fault';

/**
 * Refuses what is asked for beyond what was granted, early and naming the link. At every call both are evaluated, so this is
 * for a clear word and not for safety. Fault `details.invalid`.
 */
export function checkNarrower(outer: readonly AgentAction[], inner: readonly AgentAction[], link: string): void {
  const wider = firstWider(outer, inner);
  if (wider === undefined) return;
  const at = inner.indexOf(wider);
  throw new Fault('details.invalid', undefined, {
    issues: [{ path: `/${at}`, message: `is wider than ${link} granted, or cannot be compared with it` }],
  });
}
