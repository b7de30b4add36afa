import type { Condition } from '@surety/contract/decision';
import type { HoldRule, Permission } from '@surety/contract/mandate';
import type { CallFacts, HopFacts, LinkFacts } from './call-facts.ts';
import { passable } from './chain-lines.ts';
import { quoteOdd } from './constraint-words.ts';
import type { Limit } from './live-mandate.ts';
import { dateWords } from './mandate-sentences.ts';
import { rootTask } from './standing.ts';

/** The agent at a place of the chain, as sentences name it: `agent refund-desk`. People are never named. */
export function agentWords({ chain = [], agent }: CallFacts, at: number | undefined): string {
  const one = at === undefined || at >= chain.length ? agent : chain[at]?.agent;
  return one === undefined ? 'an agent that is not known here' : `agent ${quoteOdd(one.name)}`;
}

/** Who passed something on to the agent at a place of the chain. */
export function passerWords(facts: CallFacts, at: number | undefined): string {
  return at === undefined || at === 0 ? 'the person who asked' : agentWords(facts, at - 1);
}

/** What the hop to the agent at a place of the chain granted. */
export function hopAt({ chain = [], task }: CallFacts, at: number | undefined): HopFacts | undefined {
  return (at === undefined || at >= chain.length ? task : chain[at]?.task)?.hop ?? undefined;
}

export function linkAt({ chain = [] }: CallFacts, at: number | undefined): LinkFacts | undefined {
  return at === undefined ? undefined : chain[at];
}

/** The permissions that a limit of the chain was looked for in. */
export function permissionsAt(facts: CallFacts, { link, at }: Limit): readonly Permission[] {
  if (link === 'hop') return hopAt(facts, at)?.policies?.permissions ?? [];
  const mandate = linkAt(facts, at)?.mandate;
  return mandate?.policies === undefined ? [] : passable({ ...mandate, policies: mandate.policies });
}

/** A permission or hold rule that the id of a policy names, and whose it is. */
export type Rule = {
  readonly permission: Permission;
  readonly hold: HoldRule | undefined;
  readonly link: 'mandate' | 'parent' | 'hop';
};

/** What an id such as `mandate:man_…/p2/h1`, `mandate:man_…/pass1` or `hop:tsk_…/p1` names. */
export function findRule(facts: CallFacts, id: string): Rule | undefined {
  const [, owner, kind, number, rule] = /^((?:mandate|hop):[^/]+)\/(p|pass)(\d+)(?:\/h(\d+))?$/.exec(id) ?? [];
  if (owner === undefined) return undefined;
  const found = ruleLists(facts).find((one) => one.owner === owner && one.kind === kind);
  const permission = found?.permissions[Number(number) - 1];
  if (found === undefined || permission === undefined) return undefined;
  return { permission, hold: rule === undefined ? undefined : permission.hold?.[Number(rule) - 1], link: found.link };
}

type RuleList = {
  readonly owner: string;
  readonly kind: string;
  readonly permissions: readonly Permission[];
  readonly link: Rule['link'];
};

function ruleLists({ mandate, chain = [], task }: CallFacts): readonly RuleList[] {
  const mandates = [
    { one: mandate, link: 'mandate' as const },
    ...chain.map((above) => ({ one: above.mandate, link: 'parent' as const })),
  ];
  const tasks = [...chain.map((above) => above.task), ...(task === undefined ? [] : [task])];
  return [
    ...mandates.flatMap(({ one, link }) => {
      if (one?.policies === undefined) return [];
      const { permissions, passOn = [] } = one.policies.document;
      const owner = `mandate:${one.id}`;
      return [
        { owner, kind: 'p', permissions, link },
        { owner, kind: 'pass', permissions: passOn, link },
      ];
    }),
    ...tasks.map(({ id, hop }) => ({
      owner: `hop:${id}`,
      kind: 'p',
      permissions: hop?.policies?.permissions ?? [],
      link: 'hop' as const,
    })),
  ];
}

type Line = Omit<Condition, 'found'> & { readonly at: number; readonly found: string };

/** One line for everybody and every hop of the chain, with what was found; none when nobody passed anything on. */
export function chainConditions(facts: CallFacts): readonly Line[] {
  const { chain = [], requester, task, nowMs } = facts;
  const root = rootTask(facts);
  const asked = root !== undefined && root.requester !== root.agent;
  const person: Line[] = asked
    ? [{ at: 0, link: 'requester', ...stateOf('the person who asked for this', requester?.state) }]
    : [];
  const hops = [...chain.map((link) => link.task), ...(task === undefined ? [] : [task])].map(({ hop }, at): Line[] => {
    if (hop === null) return [];
    const text = `what ${passerWords(facts, at)} passed on to ${agentWords(facts, at)} is good at this time`;
    return [{ at, link: 'hop', holds: hop.expiresAtMs > nowMs, text, found: `until ${untilWords(hop.expiresAtMs)}` }];
  });
  const parents = chain.map((link, at): Line => ({ at, link: 'parent', ...stateOf(agentWords(facts, at), link.agent?.state) }));
  return [...person, ...hops.flatMap((hop, at) => [...hop, parents[at] ?? []].flat())];
}

function stateOf(who: string, state: string | undefined): Pick<Line, 'holds' | 'text' | 'found'> {
  return { holds: state === 'active', text: `${who} is active`, found: state ?? 'not known here' };
}

export function untilWords(ms: number): string {
  return Number.isFinite(ms) ? dateWords(new Date(ms).toISOString()) : 'no time that can be read';
}
