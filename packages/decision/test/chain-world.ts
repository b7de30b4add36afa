import type { AgentAction } from '@surety/contract/delegation';
import type { Effect } from '@surety/contract/system';
import type { MandateDocument, Permission } from '@surety/contract/mandate';

/**
 * Random chains of delegation, small enough to be judged by hand. Everything is drawn from a seed, so that a chain that was
 * found can be drawn again.
 */
export type Draw = {
  /** From 0 up to and without `below`. */
  readonly whole: (below: number) => number;
  /** True once in `oneIn` times. */
  readonly seldom: (oneIn: number) => boolean;
  readonly pick: <One>(from: readonly One[]) => One;
};

/** A small generator of pseudo-random numbers (mulberry32): nothing here is secret. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number): number => Math.floor(next() * below);
  return {
    whole,
    seldom: (oneIn) => whole(oneIn) === 0,
    pick: <One>(from: readonly One[]): One => from[whole(from.length)] as One,
  };
}

export const systems = ['payments', 'crm'] as const;
export const operations = ['refund', 'refund_all', 'list'] as const;
const patterns = ['*', '*', 'refund*', 'refund', 'list', '*_all'] as const;
const limits = [50, 100, 100.5, 200, 1000] as const;
export const amounts = [30, 75, 100, 100.5, 150, 999, '30', undefined] as const;
export const now = Date.parse('2026-06-10T10:00:00Z');
export const places = 9;

/** In turn and not drawn: what lasts how long is mixed by which of them are drawn. */
const lifetimes = [900, 300, 90, 900, 30] as const;

function lifetime(turn: number): number {
  return lifetimes[turn % lifetimes.length] ?? 0;
}

/** One thing that may be done: a permission, a detail of a hop, or a policy. */
export type Rule = {
  readonly system: string;
  readonly pattern: string;
  readonly max: number | undefined;
  readonly hold: number | undefined;
};

export type SmallMandate = {
  readonly permissions: readonly Rule[];
  readonly passOn: readonly Rule[];
  readonly passesOn: boolean;
  readonly maxDepth: number | undefined;
  readonly autonomy: MandateDocument['autonomy'];
  readonly isExpired: boolean;
  /** When it ends, in seconds from the first call, unless it is over already. */
  readonly lastsSeconds: number;
  readonly isSigned: boolean;
};

export type SmallHop = {
  readonly details: readonly Rule[] | null;
  readonly audiences: readonly string[] | null;
  readonly depthLeft: number;
  readonly isExpired: boolean;
  readonly lastsSeconds: number;
};

/** Policies of a role or of the organisation: permits, and forbids of which any wins. */
export type SmallPolicies = { readonly permits: readonly Rule[]; readonly forbids: readonly Rule[] };

export type SmallLink = {
  /** Which of the agents: its id, its task's id and what is drawn for it go with the number. */
  readonly agent: number;
  readonly mandate: number | undefined;
  readonly hop: number | undefined;
  readonly isActive: boolean;
  readonly isOwnerActive: boolean;
  readonly isTaskOpen: boolean;
  /** When the task ends by itself, in seconds from the first call. */
  readonly taskLastsSeconds: number;
  readonly autonomy: MandateDocument['autonomy'];
  /** How the task is stored: as it is, or under another parent, at another depth, of another agent. */
  readonly fault: 'none' | 'parent' | 'depth' | 'agent' | 'root';
};

export type ChainWorld = {
  /** How long after the first call this one is made. */
  readonly elapsedSeconds: number;
  /** The root's link first, the caller's last. */
  readonly links: readonly SmallLink[];
  readonly isRequested: boolean;
  readonly isRequesterActive: boolean;
  readonly roles: readonly number[];
  readonly organisation: number;
  readonly system: string;
  readonly operation: string;
  readonly effect: Effect;
  readonly amount: number | string | undefined;
};

/** What chains are put together from: for each agent some mandates and hops, and some policies. */
export type Pool = {
  readonly mandates: readonly (readonly SmallMandate[])[];
  readonly hops: readonly (readonly SmallHop[])[];
  readonly roles: readonly SmallPolicies[];
  readonly organisations: readonly SmallPolicies[];
};

const perAgent = 8;
const policyKinds = 8;

/** The first of each are wide, so that long chains in which nothing refuses are drawn as well. */
const wideOnes = 3;

export function drawPool(draw: Draw): Pool {
  const times = <One>(count: number, make: (at: number) => One): One[] => Array.from({ length: count }, (_, at) => make(at));
  const some = <One>(count: number, make: (draw: Draw, at: number) => One): One[] =>
    times(count, (at) => make(at < wideOnes ? calmed(draw) : draw, at));
  return {
    mandates: times(places, () => some(perAgent, drawMandate)),
    hops: times(places, () => some(perAgent, drawHop)),
    roles: some(policyKinds, drawPolicies),
    organisations: some(policyKinds, drawPolicies),
  };
}

/** The same draw, in which what is seldom is ten times as seldom. */
function calmed(draw: Draw): Draw {
  return { ...draw, seldom: (oneIn) => draw.seldom(10 * oneIn) };
}

function drawRule(draw: Draw): Rule {
  return {
    system: draw.pick(systems),
    pattern: draw.pick(patterns),
    max: draw.seldom(2) ? undefined : draw.pick(limits),
    hold: draw.seldom(8) ? draw.pick(limits) : undefined,
  };
}

function drawRules(draw: Draw, atMost: number): Rule[] {
  const rules = Array.from({ length: draw.whole(atMost + 1) }, () => drawRule(draw));
  const wide = systems.map((system): Rule => ({
    system,
    pattern: '*',
    max: draw.seldom(3) ? draw.pick(limits) : undefined,
    hold: undefined,
  }));
  return draw.seldom(5) ? rules : [...rules, ...wide];
}

function drawMandate(draw: Draw, at: number): SmallMandate {
  return {
    permissions: drawRules(draw, 2),
    passOn: draw.seldom(2) ? drawRules(draw, 1) : [],
    passesOn: !draw.seldom(5),
    maxDepth: draw.seldom(2) ? undefined : draw.seldom(6) ? draw.whole(3) : 8,
    autonomy: draw.seldom(8) ? draw.pick(['observe', 'propose']) : 'act',
    isExpired: draw.seldom(40),
    lastsSeconds: lifetime(at),
    isSigned: !draw.seldom(60),
  };
}

function drawHop(draw: Draw, at: number): SmallHop {
  return {
    details: draw.seldom(2) ? null : drawRules(draw, 2),
    audiences: draw.seldom(4) ? [draw.pick(systems), ...(draw.seldom(2) ? systems : [])] : null,
    depthLeft: draw.seldom(8) ? draw.whole(3) : 8,
    isExpired: draw.seldom(50),
    lastsSeconds: lifetime(at + 1),
  };
}

function drawPolicies(draw: Draw): SmallPolicies {
  const forbids = draw.seldom(4) ? [drawRule(draw)] : [];
  return { permits: drawRules(draw, 2), forbids };
}

export function drawWorld(anyDraw: Draw): ChainWorld {
  const isCalm = anyDraw.seldom(2);
  const draw = isCalm ? calmed(anyDraw) : anyDraw;
  const among = (count: number): number => draw.whole(isCalm && !draw.seldom(2) ? wideOnes : count);
  const agents = Array.from({ length: places }, (_, at) => at);
  const length = 1 + (anyDraw.seldom(3) ? draw.whole(places) : draw.whole(4));
  const links = Array.from({ length }, (_, at): SmallLink => {
    const agent = agents.splice(draw.whole(agents.length), 1)[0] ?? 0;
    return {
      agent: at > 0 && draw.seldom(120) ? draw.whole(places) : agent,
      mandate: draw.seldom(60) ? undefined : among(perAgent),
      hop: at === 0 || draw.seldom(200) ? undefined : among(perAgent),
      isActive: !draw.seldom(60),
      isOwnerActive: !draw.seldom(60),
      isTaskOpen: !draw.seldom(60),
      taskLastsSeconds: lifetime(agent + 2),
      autonomy: draw.seldom(25) ? draw.pick(['observe', 'propose']) : 'act',
      fault: draw.seldom(150) ? draw.pick(['parent', 'depth', 'agent', 'root']) : 'none',
    };
  });
  return {
    elapsedSeconds: 0,
    links,
    isRequested: anyDraw.seldom(2),
    isRequesterActive: !draw.seldom(40),
    roles: Array.from({ length: draw.seldom(20) ? 0 : 1 + draw.whole(2) }, () => among(policyKinds)),
    organisation: among(policyKinds),
    system: draw.pick(systems),
    operation: draw.pick(operations),
    effect: draw.pick(['read', 'read', 'write', 'money', 'unknown']),
    amount: draw.pick(amounts),
  };
}

export function toPermission({ system, pattern, max, hold }: Rule): Permission {
  return {
    system,
    actions: [pattern],
    ...(max === undefined ? {} : { where: { '/amount': { max: String(max) } } }),
    ...(hold === undefined ? {} : { hold: [{ when: { '/amount': { over: String(hold) } }, because: 'asked' }] }),
  };
}

export function toDetail({ system, pattern, max }: Rule): AgentAction {
  return {
    type: 'agent_action',
    locations: [`https://gateway.example/mcp/${system}`],
    actions: ['invoke'],
    identifier: pattern,
    ...(max === undefined ? {} : { constraints: { '/amount': { max: String(max) } } }),
  };
}
