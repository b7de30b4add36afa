import type { CallFacts } from './call-facts.ts';
import { hopReason, parentMandateReason, parentReason, treeLimit } from './chain-limit.ts';
import { chainLines } from './chain-lines.ts';
import { hearCounts } from './counts/count-line.ts';
import { heldBy, humanLine, joinHolds, mandateLine, organisationLine } from './decide.ts';
import { flowLine } from './flow/flow-line.ts';
import { openHearing, type Hearing, type Said } from './hearing.ts';
import { type Limit, liveMandate } from './live-mandate.ts';
import { looseStanding } from './loose-standing.ts';
import type { PolicyEngine } from './policy-engine.ts';
import { requesterLimit, taskLimit } from './standing.ts';

/** A line of the intersection judged by itself. `place` says which, `at` which agent of the chain it is about. */
export type Weighed = {
  readonly place: Place;
  readonly at?: number;
  /** Why it denies or holds; nothing, when it permits. */
  readonly limit?: Limit;
  /** The policies that permit. Undefined when nothing could be asked, because something before it is missing. */
  readonly permits?: readonly string[];
};

export type Place =
  | 'house'
  | 'agent'
  | 'owner'
  | 'task'
  | 'system'
  | 'mandate'
  | 'chain'
  | 'hop'
  | 'parent'
  | 'human'
  | 'organisation'
  | 'counts'
  | 'flow'
  | 'person';

/**
 * Every line of the intersection in its order, each judged by itself with the very functions that decide, also those that
 * come after one that denies: for whoever wants to know everything that stood in the way. Decides nothing.
 */
export function weighLines(facts: CallFacts, engine: PolicyEngine): readonly Weighed[] {
  const standing = looseStanding(facts, engine);
  const hearing = standing && openHearing(standing, engine);
  return [
    ...(facts.isFresh ? [] : [{ place: 'house', limit: { reason: 'house.stale', link: 'house' } } as const]),
    ...principalLines(facts),
    systemLine(facts),
    heard(hearing, { place: 'mandate', ended: endedMandate(facts), line: mandateLine }),
    ...linkLines(facts, hearing),
    heard(hearing, { place: 'human', ended: requesterLimit(facts), line: humanLine }),
    heard(hearing, { place: 'organisation', ended: silentOrganisation(facts), line: organisationLine }),
    ...countsLine(hearing),
    ...flowsLine(hearing),
    ...personLine(hearing),
  ];
}

function principalLines({ agent, owner, nowMs, task }: CallFacts): readonly Weighed[] {
  const isOwned = agent !== undefined && owner?.id === agent.owner;
  return [
    live('agent', agent?.state === 'active' ? undefined : { reason: 'agent.not_active', link: 'agent' }),
    live('owner', isOwned && owner.state === 'active' ? undefined : { reason: 'owner.not_active', link: 'owner' }),
    live('task', taskLimit({ nowMs, agent, task })),
  ];
}

function live(place: Place, limit: Limit | undefined, at?: number): Weighed {
  const where = at === undefined ? { place } : { place, at };
  return limit === undefined ? { ...where, permits: [] } : { ...where, limit };
}

function systemLine({ system, operation, call }: CallFacts): Weighed {
  if (system === undefined || system.name !== call.systemName)
    return live('system', { reason: 'system.unknown', link: 'system' });
  const isKnown = operation !== undefined && operation.name === call.operationName;
  return live('system', isKnown ? undefined : { reason: 'operation.unknown', link: 'system' });
}

function endedMandate(facts: CallFacts): Limit | undefined {
  const mandate = liveMandate(facts);
  return 'reason' in mandate ? mandate : undefined;
}

function silentOrganisation({ organisation }: CallFacts): Limit | undefined {
  return organisation === undefined ? { reason: 'organisation.silent', link: 'organisation' } : undefined;
}

type Asked = {
  readonly place: Place;
  readonly at?: number;
  /** Why it denies before any policy is heard. */
  readonly ended: Limit | undefined;
  readonly line: ((hearing: Hearing) => Said) | undefined;
};

function heard(hearing: Hearing | undefined, { place, at, ended, line }: Asked): Weighed {
  const where = at === undefined ? { place } : { place, at };
  if (ended !== undefined) return { ...where, limit: ended };
  if (hearing === undefined || line === undefined) return where;
  const said = line(hearing);
  return 'reason' in said ? { ...where, limit: said } : { ...where, permits: said.permits };
}

/** Each hop and each agent above, from the root down: `chainLines` gives a hop, then the agent that it went to, and so on. */
function linkLines(facts: CallFacts, hearing: Hearing | undefined): readonly Weighed[] {
  const { nowMs, chain = [], task } = facts;
  const broken = treeLimit(facts);
  if (broken?.reason === 'chain.broken' || (broken?.reason === 'chain.too_deep' && broken.at === undefined))
    return task === undefined ? [] : [{ place: 'chain', limit: broken }];
  if (task === undefined || (chain.length === 0 && task.hop === null)) return [];
  const lines = hearing === undefined ? [] : chainLines(hearing.standing);
  return [...chain.map((link) => link.task), task].flatMap(({ hop }, at) => {
    const ended = hopReason(hop, chain.length - at, nowMs);
    const granted = heard(hearing, {
      place: 'hop',
      at,
      ended: ended && { reason: ended, link: 'hop', at },
      line: lines[2 * at],
    });
    const link = chain[at];
    if (link === undefined) return [granted];
    const over = parentReason(link, nowMs) ?? parentMandateReason(link, chain.length - at, nowMs);
    const above = heard(hearing, {
      place: 'parent',
      at,
      ended: over && { reason: over, link: 'parent', at },
      line: lines[2 * at + 1],
    });
    return hop === null ? [above] : [granted, above];
  });
}

function holdOf(limit: Limit | undefined): Limit | undefined {
  return limit?.reason.startsWith('held.') === true ? limit : undefined;
}

/** Limits and rules about the past, where one of them concerns this call. */
function countsLine(hearing: Hearing | undefined): readonly Weighed[] {
  if (hearing === undefined) return [];
  const { limit, holds } = hearCounts(hearing);
  const said = limit ?? holds[0];
  if (said !== undefined) return [{ place: 'counts', limit: said }];
  return hearing.standing.counts === undefined ? [] : [{ place: 'counts', permits: [] }];
}

/** Where the information came from, where a rule asks. */
function flowsLine(hearing: Hearing | undefined): readonly Weighed[] {
  if (hearing?.standing.flow === undefined) return [];
  const limit = flowLine(hearing.standing);
  return [limit === undefined ? { place: 'flow', permits: [] } : { place: 'flow', limit }];
}

/** Whether somebody asks for a person, whatever else stands in the way. */
function personLine(hearing: Hearing | undefined): readonly Weighed[] {
  if (hearing === undefined) return [];
  const hold = joinHolds([heldBy(hearing), ...hearCounts(hearing).holds, holdOf(flowLine(hearing.standing))]);
  return hold === undefined ? [] : [{ place: 'person', limit: hold }];
}
