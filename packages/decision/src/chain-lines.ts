import type { OperationFacts, SystemFacts } from './call-facts.ts';
import { covers } from './cover.ts';
import { erred, type Hearing, type Said, silence } from './hearing.ts';
import type { Verdict } from './policy-engine.ts';
import type { LiveLink, LiveStanding } from './standing.ts';

/**
 * What was passed on and what may be passed on, from the root down to the caller: each hop as it was granted, and each
 * agent above as its mandate is now. Every hop and every agent is a line of its own that must permit by itself.
 */
export function chainLines({ chain, task }: LiveStanding): readonly ((hearing: Hearing) => Said)[] {
  if (chain.length === 0 && task.hop === null) return [];
  const hops = [...chain.map((link) => link.task), task].map((_, at) => (hearing: Hearing) => hopLine(hearing, at));
  const parents = chain.map((link, at) => (hearing: Hearing) => parentLine(hearing, link, at));
  return hops.flatMap((hop, at) => [hop, parents[at] ?? []].flat());
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
  const errors = [...own.errors, ...passed.errors];
  if (errors.length > 0) return { ...erred('parent', { ...silence, errors }), at };
  const permits = [...own.permits, ...passed.permits];
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
export function chainHolds({ standing, hear }: Hearing): { readonly verdict: Verdict; readonly at: number }[] {
  return standing.chain.map(({ agent, mandate: { policies } }, at) => {
    const own = hear(policies.holding, policies.needs, agent.id);
    const passed = hear(policies.passing.holding, policies.passing.needs, agent.id);
    return {
      at,
      verdict: {
        permits: [...own.permits, ...passed.permits],
        forbids: [...own.forbids, ...passed.forbids],
        errors: [...own.errors, ...passed.errors],
      },
    };
  });
}

/** The first agent above that may change things only after it has asked a person. */
export function proposerAbove({ chain, operation }: Hearing['standing']): number | undefined {
  if (operation.effect === 'read') return undefined;
  const at = chain.findIndex(
    ({ agent, mandate }) => agent.autonomy === 'propose' || mandate.policies.document.autonomy === 'propose',
  );
  return at < 0 ? undefined : at;
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
