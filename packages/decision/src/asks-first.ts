import type { Permission } from '@surety/contract/mandate';
import type { AgentFacts } from './call-facts.ts';
import { meansCall } from './counts/call-pattern.ts';
import { patternedCall } from './counts/plan-counts.ts';
import type { Hearing } from './hearing.ts';
import type { LiveMandate } from './live-mandate.ts';

type Link = { readonly agent: AgentFacts; readonly mandate: LiveMandate };

/** What cannot be taken back, leaves the organisation or is not known: what nothing bounds of it, an agent does not do alone. */
const grave: ReadonlySet<string> = new Set(['money', 'destructive', 'external', 'unknown']);

/**
 * Whether an agent asks a person before this call because of how far it may go by itself, and where that is said: by its mandate,
 * or by the registry of the agent itself. `propose`, on either, asks before every change. A mandate of `act_within_limits` asks
 * before what is money, destructive, external or unknown, unless something bounds it: a condition on arguments in a permission
 * that lets it pass, or a limit that counts it. One of `act`, which a person has signed as such, never asks. On the agent itself
 * both leave it to the mandate: that is what somebody signs.
 */
export function asksFirst(hearing: Hearing, link: Link): 'mandate' | 'agent' | undefined {
  const { effect } = hearing.standing.operation;
  if (effect === 'read') return undefined;
  const byMandate = link.mandate.policies.document.autonomy;
  const byAgent = link.agent.autonomy;
  if (byMandate === 'propose') return 'mandate';
  if (byAgent === 'propose') return 'agent';
  if (!grave.has(effect) || byMandate !== 'act_within_limits' || isBounded(hearing, link)) return undefined;
  return 'mandate';
}

function isBounded({ standing, hear }: Hearing, { agent, mandate }: Link): boolean {
  const { document, rules, needs, passing } = mandate.policies;
  if (document.limits?.some(({ of }) => of.some((pattern) => meansCall(pattern, patternedCall(standing)))) === true) return true;
  const asked = agent.id === standing.agent.id ? undefined : agent.id;
  // Something lets it pass; where everything that could is bounded, nobody needs to hear which it was.
  if (document.permissions.every(isNarrow) && (asked === undefined || document.passOn?.every(isNarrow) !== false)) return true;
  const own = hear(rules, needs, asked).permits.map((id) => permissionAt(document.permissions, id));
  const passed = asked === undefined ? [] : hear(passing.rules, passing.needs, asked).permits;
  return [...own, ...passed.map((id) => permissionAt(document.passOn ?? [], id))].some(isNarrow);
}

/** Whether a permission has a condition on arguments. */
function isNarrow(permission: Permission | undefined): boolean {
  for (const _ in permission?.where) return true;
  return false;
}

/** The permission that a policy was compiled from: `mandate:man_…/p2` is the second. */
function permissionAt(permissions: readonly Permission[], id: string): Permission | undefined {
  return permissions[Number(/(\d+)$/.exec(id)?.[1] ?? 0) - 1];
}
