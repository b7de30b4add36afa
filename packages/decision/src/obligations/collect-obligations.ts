import type { Obliged } from '@surety/contract/obligations';
import type { KnownFacts } from '../standing.ts';
import type { ObligationsById } from './obligations-by-id.ts';

/** Every list of a call's standing that can oblige to something; none of them, for nearly every call. */
function listsOf({ mandate, chain, roles, organisation }: KnownFacts): readonly ObligationsById[] {
  const lists: ObligationsById[] = [];
  if (mandate.policies.obligations !== undefined) lists.push(mandate.policies.obligations);
  for (const { mandate: above } of chain) if (above.policies.obligations !== undefined) lists.push(above.policies.obligations);
  for (const { policies } of roles) if (policies?.obligations !== undefined) lists.push(policies.obligations);
  if (organisation.policies?.obligations !== undefined) lists.push(organisation.policies.obligations);
  return lists;
}

/** Whether anything that stands behind a call obliges to anything at all. */
export function mayOblige({ mandate, chain, roles, organisation }: KnownFacts): boolean {
  return (
    mandate.policies.obligations !== undefined ||
    organisation.policies?.obligations !== undefined ||
    chain.some((link) => link.mandate.policies.obligations !== undefined) ||
    roles.some(({ policies }) => policies?.obligations !== undefined)
  );
}

/**
 * What the policies that let a call pass oblige to. All of them count, of every line: one permission without an obligation
 * takes nothing away from another with one, and no agent can pass on the right to skip its own.
 */
export function collectObligations(standing: KnownFacts, permits: readonly string[]): Obliged | undefined {
  const lists = listsOf(standing);
  const found = permits.flatMap((id) => lists.flatMap((list) => list.get(id) ?? []));
  if (found.length === 0) return undefined;
  const clamp: Record<string, number> = {};
  for (const one of found) {
    for (const [pointer, most] of Object.entries(one.clamp ?? {})) clamp[pointer] = Math.min(clamp[pointer] ?? most, most);
  }
  return {
    mask: [...new Set(found.flatMap(({ mask = [] }) => mask))],
    clamp,
    notify: [...new Set(found.flatMap(({ notify }) => notify ?? []))],
    record: found.some(({ record }) => record === true),
  };
}
