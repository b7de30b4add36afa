import {
  amounts,
  type ChainWorld,
  type Draw,
  drawWorld,
  operations,
  places,
  type Pool,
  type SmallLink,
  systems,
} from './chain-world.ts';
import { isOver } from './chain-oracle.ts';

/** Something that happens to a chain between two calls. `at`: the place of the link that it happens to. */
export type ChainEvent =
  | { readonly kind: 'mandate'; readonly at: number; readonly to: number | undefined }
  | { readonly kind: 'agent' | 'owner'; readonly at: number; readonly isActive: boolean }
  | { readonly kind: 'task' | 'key'; readonly at: number }
  | { readonly kind: 'requester'; readonly isActive: boolean }
  | { readonly kind: 'roles'; readonly to: readonly number[] }
  | { readonly kind: 'organisation'; readonly to: number }
  | { readonly kind: 'clock'; readonly seconds: number }
  /**
   * The last agent hands its work on. `behind`: how many of the things that happened last were not known yet when the commit of
   * the exchange looked: it was under way at the same time.
   */
  | {
      readonly kind: 'handed on';
      readonly agent: number;
      readonly hop: number;
      readonly mandate: number;
      readonly behind: number;
    };

/** What one call asks for. */
export type SmallCall = Pick<ChainWorld, 'system' | 'operation' | 'effect' | 'amount'>;

/** A chain as it begins, and what happens to it, each followed by one call of whoever is last then. */
export type ChainHistory = {
  readonly start: ChainWorld;
  readonly steps: readonly { readonly event: ChainEvent; readonly call: SmallCall }[];
};

const pieces = 8;

export function drawHistory(draw: Draw): ChainHistory {
  const start = drawWorld(draw);
  const used = new Set(start.links.map(({ agent }) => agent));
  let length = start.links.length;
  const steps = Array.from({ length: 3 + draw.whole(6) }, () => {
    const event = drawEvent(draw, { length, used });
    if (event.kind === 'handed on') {
      used.add(event.agent);
      length++;
    }
    return { event, call: drawCall(draw, start) };
  });
  return { start, steps };
}

/** Most calls are what the chain began with: one that was allowed must be seen to end. */
function drawCall(draw: Draw, start: ChainWorld): SmallCall {
  if (!draw.seldom(3)) return start;
  return {
    system: draw.pick(systems),
    operation: draw.pick(operations),
    effect: draw.pick(['read', 'write', 'money', 'unknown']),
    amount: draw.pick(amounts),
  };
}

type Drawn = { readonly length: number; readonly used: ReadonlySet<number> };

function drawEvent(draw: Draw, { length, used }: Drawn): ChainEvent {
  const at = draw.whole(length);
  const kind = draw.pick([
    'mandate',
    'mandate',
    'agent',
    'agent',
    'owner',
    'task',
    'key',
    'requester',
    'roles',
    'organisation',
    'clock',
    'clock',
    'hop',
  ] as const);
  switch (kind) {
    case 'mandate':
      return { kind, at, to: draw.seldom(3) ? undefined : draw.whole(pieces) };
    case 'agent':
    case 'owner':
      return { kind, at, isActive: draw.seldom(2) };
    case 'task':
    case 'key':
      return draw.seldom(4) ? { kind, at } : { kind: 'mandate', at, to: draw.whole(3) };
    case 'requester':
      return { kind, isActive: !draw.seldom(3) };
    case 'roles':
      return { kind, to: Array.from({ length: 1 + draw.whole(2) }, () => draw.whole(draw.seldom(2) ? 3 : pieces)) };
    case 'organisation':
      return { kind, to: draw.whole(draw.seldom(2) ? 3 : pieces) };
    case 'clock':
      return { kind, seconds: 1 + draw.whole(60) };
    case 'hop': {
      const free = Array.from({ length: places }, (_, agent) => agent).filter((agent) => !used.has(agent));
      if (free.length === 0) return { kind: 'clock', seconds: 1 };
      return { kind: 'handed on', agent: draw.pick(free), hop: draw.whole(3), mandate: draw.whole(3), behind: draw.whole(3) };
    }
  }
}

/**
 * What is so after the first `steps` of a history, read out of the whole of it from the beginning, with nothing kept in
 * between: what the oracle judges by. A link is over when it, or what it was handed on under, ended at any time since it was
 * opened.
 */
export function readHistory(history: ChainHistory, steps: number, pool: Pool): ChainWorld {
  const { start } = history;
  const events = history.steps.slice(0, steps).map(({ event }) => event);
  const call = history.steps[steps - 1]?.call ?? start;
  const links = start.links.map((link) => ({ link, opened: 0 }));
  for (const [at, event] of events.entries())
    if (event.kind === 'handed on') links.push({ link: newLink(event), opened: Math.max(0, at - event.behind) });
  const read = { start, events, pool };
  return {
    ...start,
    system: call.system,
    operation: call.operation,
    effect: call.effect,
    amount: call.amount,
    elapsedSeconds: elapsedAt(events, events.length),
    links: links.map(({ link, opened }, at) => ({
      ...link,
      mandate: mandateAt(read, { link, at }, events.length),
      isActive: newest(events, (event) => event.kind === 'agent' && event.at === at && [event.isActive]) ?? link.isActive,
      isOwnerActive:
        newest(events, (event) => event.kind === 'owner' && event.at === at && [event.isActive]) ?? link.isOwnerActive,
      isTaskOpen: link.isTaskOpen && !hasEnded(read, { at, opened, above: links[at - 1]?.link }),
    })),
    isRequesterActive: newest(events, (event) => event.kind === 'requester' && [event.isActive]) ?? start.isRequesterActive,
    roles: newest(events, (event) => event.kind === 'roles' && [event.to]) ?? start.roles,
    organisation: newest(events, (event) => event.kind === 'organisation' && [event.to]) ?? start.organisation,
  };
}

type Read = { readonly start: ChainWorld; readonly events: readonly ChainEvent[]; readonly pool: Pool };

export function newLink({ agent, hop, mandate }: Extract<ChainEvent, { kind: 'handed on' }>): SmallLink {
  return {
    agent,
    mandate,
    hop,
    isActive: true,
    isOwnerActive: true,
    isTaskOpen: true,
    taskLastsSeconds: 900,
    autonomy: 'act',
    fault: 'none',
  };
}

function newest<Value>(events: readonly ChainEvent[], read: (event: ChainEvent) => false | readonly [Value]): Value | undefined {
  return events.flatMap((event) => read(event) || []).at(-1);
}

function elapsedAt(events: readonly ChainEvent[], count: number): number {
  return events.slice(0, count).reduce((sum, event) => sum + (event.kind === 'clock' ? event.seconds : 0), 0);
}

type Placed = { readonly link: SmallLink; readonly at: number };

/** The mandate in force after `count` events. */
function mandateAt({ events }: Read, { link, at }: Placed, count: number): number | undefined {
  const given = events
    .slice(0, count)
    .flatMap((event) => (event.kind === 'mandate' && event.at === at ? [event] : []))
    .at(-1);
  return given === undefined ? link.mandate : given.to;
}

/** Whether anything since it was opened has ended a link for good. */
function hasEnded(read: Read, { at, opened, above }: { at: number; opened: number; above: SmallLink | undefined }): boolean {
  const since = read.events.slice(opened);
  const isEnded = since.some(
    (event) =>
      ((event.kind === 'task' || event.kind === 'key') && event.at === at) ||
      ((event.kind === 'agent' || event.kind === 'owner') && !event.isActive && (event.at === at || event.at === at - 1)) ||
      (at === 0 && read.start.isRequested && event.kind === 'requester' && !event.isActive),
  );
  return isEnded || (above !== undefined && lostSince(read, { link: above, at: at - 1 }, opened));
}

/** Whether an agent was without a mandate at any time since then, and had one before it: ended, or over by itself. */
function lostSince(read: Read, placed: Placed, opened: number): boolean {
  const { events, pool } = read;
  const isLostAfter = (count: number): boolean => {
    const had = Array.from({ length: count + 1 }, (_, before) => mandateAt(read, placed, before)).some(
      (one) => one !== undefined,
    );
    const index = mandateAt(read, placed, count);
    const mandate = index === undefined ? undefined : pool.mandates[placed.link.agent]?.[index];
    return had && (mandate === undefined || isOver(mandate, { elapsedSeconds: elapsedAt(events, count) }));
  };
  for (let count = opened; count <= events.length; count++) if (isLostAfter(count)) return true;
  return false;
}
