import type { Link } from '@surety/contract/decision';
import type { Obliged } from '@surety/contract/obligations';
import type { Limit } from '../live-mandate.ts';
import type { KnownFacts } from '../standing.ts';
import { clampArguments } from './clamp-arguments.ts';
import { collectObligations } from './collect-obligations.ts';

/**
 * What must be done with a call that every line lets pass; or the limit, where that cannot be done: a clamp goes with reads
 * only, and with whole numbers.
 */
export function obligedBy(standing: KnownFacts, permits: readonly string[]): Limit | Obliged | undefined {
  const obliged = collectObligations(standing, permits);
  if (obliged === undefined || Object.keys(obliged.clamp).length === 0) return obliged;
  const isFit = standing.operation.effect === 'read' && clampArguments(standing.arguments, obliged.clamp) !== undefined;
  return isFit ? obliged : { reason: 'obligation.unfit', ...sourceOf(standing, permits) };
}

/** Whose clamp it is: the line of the first policy that has one. */
function sourceOf(standing: KnownFacts, permits: readonly string[]): { link: Link; policies: readonly string[]; at?: number } {
  const { mandate, chain, roles, organisation } = standing;
  const clamps = (id: string, list: typeof mandate.policies.obligations): boolean => list?.get(id)?.clamp !== undefined;
  for (const id of permits) {
    if (clamps(id, mandate.policies.obligations)) return { link: 'mandate', policies: [id] };
    const at = chain.findIndex((link) => clamps(id, link.mandate.policies.obligations));
    if (at >= 0) return { link: 'parent', policies: [id], at };
    if (roles.some(({ policies }) => clamps(id, policies?.obligations)))
      return { link: standing.isRequested ? 'requester' : 'owner', policies: [id] };
    if (clamps(id, organisation.policies?.obligations)) return { link: 'organisation', policies: [id] };
  }
  return { link: 'organisation', policies: [] };
}
