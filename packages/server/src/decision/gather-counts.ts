import type { CallFacts } from '@surety/decision/call-facts';
import { type CountPlan, patternedCall, planCounts } from '@surety/decision/counts/plan-counts';
import { type KnownFacts, standingLimit } from '@surety/decision/standing';
import type { AuthorityFacts } from '#delegation/authority-facts';
import type { CommitUnit } from '#ledger/commit-queue';
import type { Deed } from '#ledger/deed';
import { isAskedAbout, type Meters, summedBy } from '#metering/meters';
import type { Gathered } from './gather.ts';

/** Where what was counted is known. */
export type CountRoom = { readonly meters?: Meters | undefined; readonly authority: Pick<AuthorityFacts, 'summed'> };

/** What was counted before a call, and what counts it. */
export type CallCounts = {
  readonly counts: CallFacts['counts'];
  readonly plan: CountPlan | undefined;
  /** The facts, whole; undefined when some link is missing or has ended, so that nothing of it can go. */
  readonly known: KnownFacts | undefined;
};

/** What a permitted call is counted by: what it does, and what must leave room for it. */
export type CountedUnit = {
  /** Under the id of the action. */
  readonly deed: (action: string) => Deed;
  readonly metering: CommitUnit['metering'];
};

/** Counts what limits and rules about the past ask of one call. For a call that none of them concerns it reads nothing. */
export async function gatherCounts({ meters }: CountRoom, facts: CallFacts): Promise<CallCounts> {
  const standing = standingLimit(facts);
  if (meters === undefined || 'reason' in standing) return { counts: undefined, plan: undefined, known: undefined };
  const plan = planCounts(standing);
  return { counts: plan && (await meters.count(plan, facts.nowMs)), plan, known: standing };
}

/** How a permitted call is counted. Undefined for a plain read that nothing counts. */
export async function countUnit(
  { meters, authority }: CountRoom,
  { plan, known }: CallCounts,
  { gathered, isApproved }: { readonly gathered: Gathered; readonly isApproved: boolean },
): Promise<CountedUnit | undefined> {
  if (meters === undefined || known === undefined) return undefined;
  const rules = known.organisation.rules ?? [];
  const call = patternedCall(known);
  if (call.effect === 'read' && plan === undefined && (rules.length === 0 || !isAskedAbout(rules, call))) return undefined;
  const { nowMs, task, agent, owner, chain } = known;
  const summed = [...(await authority.summed()), ...summedBy(rules)];
  const maker = {
    root: chain[0]?.task.id ?? task.id,
    task: task.id,
    agent: agent.id,
    above: chain.map((link) => link.agent.id),
    owners: [...new Set([...chain.map((link) => link.owner.id), owner.id])],
    requester: gathered.requester,
    person: gathered.answerable,
  };
  const deed = meters.deed(maker, { call, plan, nowMs, summed });
  return { deed: (action) => ({ action, ...deed }), metering: meters.meter(plan, { nowMs, isApproved }) };
}
