import { asksFirst } from './asks-first.ts';
import type { OperationFacts, SystemFacts } from './call-facts.ts';
import { covers } from './cover.ts';
import { erred, type Hearing, type Said, silence } from './hearing.ts';
import type { Verdict } from './policy-engine.ts';
import type { LiveLink, LiveStanding } from './standing.ts';

const none: readonly never[] = [];

/**
 * What was passed on and what may be passed on, from the root down to the caller: each hop as it was granted, and each
 * agent above as its mandate is now. Every hop and every agent is a line of its own that must permit by itself.
 */
export function chainLines({ chain, task }: LiveStanding): readonly ((hearing: Hearing) => Said)[] {
  if (chain.length === 0 && task.hop === null) return none;
  const lines: ((hearing: Hearing) => Said)[] = [];
  for (const [at, link] of chain.entries()) {
    lines.push(
      (hearing) => hopLine(hearing, at),
      (hearing) => parentLine(hearing, link, at),
    );
  }
  lines.push((hearing) => hopLine(hearing, chain.length));
  return lines;
}

/** The hop to the agent at a place of the chain. The root's, when nobody passed anything on to it, limits nothing. */
function hopLine({ standing, hear }: Hearing, at: number): Said {
  const { system, operation } = standing;
  const { hop, agent } = standing.chain[at]?.task ?? standing.task;
  if (hop === null) return { permits: [] };
  if (hop.audiences !== null && !hop.audiences.includes(system.name)) return { reason: 'hop.silent', link: 'hop', at };
  if (hop.policies === null) return { permits: [] };
  if (hop.policies === undefined) return { reason: 'hop.invalid', link: 'hop', at };
  const verdict = hear(hop.policies.rules, hop.policies.needs, agent);
  if (verdict.errors.length > 0) return { ...erred('hop', verdict), at };
  if (verdict.permits.length > 0) return { permits: verdict.permits };
  const isAbout = hop.policies.permissions.some((one) => covers(one, system.name, operation.name));
  return { reason: isAbout ? 'hop.constraint' : 'hop.silent', link: 'hop', at };
}

/**
 * What an agent above may pass on now: what it may do itself, unless its mandate says otherwise, and what it may only pass on.
 */
function parentLine({ standing, hear }: Hearing, { agent, mandate }: LiveLink, at: number): Said {
  const { document, rules, needs, passing } = mandate.policies;
  const own = document.passesOn === false ? silence : hear(rules, needs, agent.id);
  const passed = hear(passing.rules, passing.needs, agent.id);
  if (own.errors.length > 0 || passed.errors.length > 0)
    return { ...erred('parent', { ...silence, errors: [...own.errors, ...passed.errors] }), at };
  const permits = passed.permits.length === 0 ? own.permits : [...own.permits, ...passed.permits];
  if (permits.length === 0) {
    const isAbout = passable(mandate).some((one) => covers(one, standing.system.name, standing.operation.name));
    return { reason: isAbout ? 'parent.constraint' : 'parent.may_not_pass_on', link: 'parent', at };
  }
  return mayChange({ agent, mandate }, standing.operation) ? { permits } : { reason: 'parent.autonomy', link: 'parent', at };
}

/** The permissions that an agent may pass on. */
export function passable({
  policies: { document },
}: LiveLink['mandate']): LiveLink['mandate']['policies']['document']['permissions'] {
  return [...(document.passesOn === false ? [] : document.permissions), ...(document.passOn ?? [])];
}

/** An agent that may only read cannot have others change things for it. */
function mayChange({ agent, mandate }: Pick<LiveLink, 'agent' | 'mandate'>, { effect }: OperationFacts): boolean {
  return effect === 'read' || (agent.autonomy !== 'observe' && mandate.policies.document.autonomy !== 'observe');
}

/**
 * What an agent above would have to ask a person about, its child has to ask about too: no agent can pass on the right to
 * skip its own holds, whether it may pass on its own permissions or not.
 */
export function chainHolds({ standing: { chain }, hear }: Hearing): readonly AskedAbove[] {
  let asked: AskedAbove[] | undefined;
  for (let at = 0; at < chain.length; at++) {
    const link = chain[at];
    if (link === undefined) continue;
    const { agent, mandate } = link;
    const { holding, needs, passing } = mandate.policies;
    const own = hear(holding, needs, agent.id);
    const passed = hear(passing.holding, passing.needs, agent.id);
    if (own === silence && passed === silence) continue;
    const permits = [...own.permits, ...passed.permits];
    const forbids = [...own.forbids, ...passed.forbids];
    (asked ??= []).push({ at, verdict: { permits, forbids, errors: [...own.errors, ...passed.errors] } });
  }
  return asked ?? none;
}

/** What the holds of one agent above say. */
export type AskedAbove = { readonly verdict: Verdict; readonly at: number };

/** The first agent above that would ask a person first, because of how far it may go by itself. */
export function askerAbove(hearing: Hearing): number | undefined {
  const { chain, operation } = hearing.standing;
  if (operation.effect === 'read') return undefined;
  for (let at = 0; at < chain.length; at++) {
    const link = chain[at];
    if (link !== undefined && asksFirst(hearing, link) !== undefined) return at;
  }
  return undefined;
}

/** Whether the chain leaves it possible at all that some arguments are permitted. */
export function chainCouldPermit(standing: LiveStanding, operation: OperationFacts): boolean {
  const { chain, task, system } = standing;
  return (
    [...chain.map((link) => link.task), task].every(({ hop }) => hopCovers(hop, system, operation)) &&
    chain.every(
      (link) => passable(link.mandate).some((one) => covers(one, system.name, operation.name)) && mayChange(link, operation),
    )
  );
}

function hopCovers(hop: LiveStanding['task']['hop'], system: SystemFacts, operation: OperationFacts): boolean {
  if (hop === null) return true;
  if (hop.audiences !== null && !hop.audiences.includes(system.name)) return false;
  return hop.policies === null || (hop.policies?.permissions.some((one) => covers(one, system.name, operation.name)) ?? false);
}
