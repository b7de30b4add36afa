import type { Decision } from '@surety/contract/decision';
import type { Obliged } from '@surety/contract/obligations';
import { becauseOf, forModelOf, sentenceFor } from './because.ts';
import { digestCall } from './call-digest.ts';
import type { CallFacts, GivenApproval } from './call-facts.ts';
import { asksFirst } from './asks-first.ts';
import { askerAbove, chainHolds, chainLines } from './chain-lines.ts';
import { countHolds, countLine } from './counts/count-line.ts';
import { covers } from './cover.ts';
import { explain } from './explain.ts';
import { flowLine } from './flow/flow-line.ts';
import { erred, type Hearing, openHearing, type Said } from './hearing.ts';
import { mayOblige } from './obligations/collect-obligations.ts';
import { obligedBy } from './obligations/obliged-by.ts';
import type { Limit } from './live-mandate.ts';
import { type KnownFacts, standingLimit } from './standing.ts';
import type { PolicyEngine, Verdict } from './policy-engine.ts';

/** How many determining policies of one line a decision names. */
const maxNamed = 20;

/**
 * Decides one call: the intersection of everything that limits it (ARCHITECTURE.md), each line evaluated by itself. Pure: no
 * clock, store or network; nothing throws to say no.
 *
 * The order is the security argument. What must be live comes first, so that nothing is read of a principal that has
 * ended. Then each line must permit by itself; sets are never merged, because Cedar joins permits. In every line an
 * evaluation error of any applicable policy denies: Cedar itself skips such a policy, which would silently drop a failing
 * forbid. What asks for a person is heard last, when nothing denies any more, so a yes can only ever lift a hold.
 */
export function decide(facts: CallFacts, engine: PolicyEngine): Decision {
  const standing = standingLimit(facts);
  if ('reason' in standing) return refuse(facts, standing);
  const hearing = openHearing(standing, engine);
  let permits: readonly string[] = none;
  const obliging: string[] | undefined = mayOblige(standing) ? [] : undefined;
  for (const line of linesOf(standing)) {
    const said = line(hearing);
    if ('reason' in said) return refuse(facts, said);
    permits = named(permits, said.permits);
    if (obliging !== undefined) for (const id of said.permits) obliging.push(id);
  }
  const obliged = obliging && obligedBy(standing, obliging);
  if (obliged !== undefined && 'reason' in obliged) return refuse(facts, obliged);
  const flow = flowLine(standing);
  if (flow?.reason === 'flow.forbidden') return refuse(facts, flow);
  const hold = everyHold(hearing, flow);
  if (hold === undefined) return withObligations(sayYes({ reason: 'permitted', link: 'mandate', policies: permits }), obliged);
  if (hold.reason === 'policy.error') return refuse(facts, hold);
  return withObligations(answerHold(facts, hold), obliged);
}

/** Who asks for a person: rules, limits and the flow of information together. */
function everyHold(hearing: Hearing, flow: Limit | undefined): Limit | undefined {
  const held = heldBy(hearing);
  const counted = countHolds(hearing);
  return counted.length === 0 && flow === undefined ? held : joinHolds([held, ...counted, flow]);
}

const none: readonly string[] = [];

/** What a decision names of several lines: some of each. */
function named(before: readonly string[], permits: readonly string[]): readonly string[] {
  if (permits.length === 0) return before;
  const some = permits.length > maxNamed ? permits.slice(0, maxNamed) : permits;
  return before.length === 0 ? some : before.concat(some);
}

type Line = (hearing: Hearing) => Said;

const plainLines: readonly Line[] = [mandateLine, humanLine, organisationLine, countLine];

/** The lines of a call, in their order; what was passed on stands behind the agent's own mandate. */
function linesOf(standing: KnownFacts): readonly Line[] {
  const passed = chainLines(standing);
  return passed.length === 0 ? plainLines : [mandateLine, ...passed, humanLine, organisationLine, countLine];
}

/** What this agent may do: a permission of its own mandate, as far as its autonomy goes. */
export function mandateLine({ standing: { mandate, operation, agent, system }, hear }: Hearing): Said {
  const verdict = hear(mandate.policies.rules, mandate.policies.needs);
  if (verdict.errors.length > 0) return erred('mandate', verdict);
  if (verdict.permits.length === 0) {
    const covered = mandate.policies.document.permissions.some((permission) => covers(permission, system.name, operation.name));
    return { reason: covered ? 'mandate.constraint' : 'mandate.silent', link: 'mandate' };
  }
  if (operation.effect !== 'read') {
    if (mandate.policies.document.autonomy === 'observe') return { reason: 'mandate.autonomy', link: 'mandate' };
    if (agent.autonomy === 'observe') return { reason: 'mandate.autonomy', link: 'agent' };
  }
  return verdict;
}

/**
 * What the human at the root may ask for, or, where the agent there acts on its own trigger, what its owner may answer for:
 * what any of that person's roles permits and none forbids. All roles together are one line, but each is evaluated by itself.
 */
export function humanLine({ standing: { roles, isRequested }, hear }: Hearing): Said {
  const link = isRequested ? 'requester' : 'owner';
  const verdicts: Verdict[] = [];
  for (const { name, policies } of roles) {
    if (policies === undefined) return { reason: 'policy.error', link, policies: [`role:${name}`] };
    verdicts.push(hear(policies.rules, policies.needs));
  }
  const all = joinVerdicts(verdicts);
  if (all.errors.length > 0) return erred(link, all);
  if (all.forbids.length > 0 || all.permits.length === 0)
    return { reason: isRequested ? 'requester.may_not' : 'owner.may_not_answer', link, policies: all.forbids };
  return all;
}

export function organisationLine({ standing: { organisation }, hear }: Hearing): Said {
  if (organisation.policies === undefined) return { reason: 'policy.error', link: 'organisation', policies: ['organisation'] };
  const verdict = hear(organisation.policies.rules, organisation.policies.needs);
  if (verdict.errors.length > 0) return erred('organisation', verdict);
  if (verdict.forbids.length > 0) return { reason: 'organisation.forbidden', link: 'organisation', policies: verdict.forbids };
  if (verdict.permits.length === 0) return { reason: 'organisation.silent', link: 'organisation' };
  return verdict;
}

/**
 * Who asks for a person: all that do are named; the first of mandate, autonomy, agents above and organisation gives the reason.
 */
export function heldBy(hearing: Hearing): Limit | undefined {
  const { mandate, organisation } = hearing.standing;
  const { hear } = hearing;
  const byMandate = hear(mandate.policies.holding, mandate.policies.needs);
  if (byMandate.errors.length > 0) return erred('mandate', byMandate);
  const byOrganisation = organisation.policies && hear(organisation.policies.holding, organisation.policies.needs);
  if (byOrganisation === undefined || byOrganisation.errors.length > 0) return erred('organisation', byOrganisation);
  const byParents = chainHolds(hearing);
  const failed = byParents.find(({ verdict }) => verdict.errors.length > 0);
  if (failed !== undefined) return { ...erred('parent', failed.verdict), at: failed.at };
  const isAsked = asks(byMandate) || asks(byOrganisation) || byParents.length > 0;
  const isSilent = !isAsked && asksFirst(hearing, hearing.standing) === undefined && askerAbove(hearing) === undefined;
  return isSilent ? undefined : firstHold(hearing, { byMandate, byParents, byOrganisation });
}

/** The first that asks for a person gives the reason; all that do are named. */
export function joinHolds(holds: readonly (Limit | undefined)[]): Limit | undefined {
  const asking = holds.filter((one) => one !== undefined);
  const first = asking.find(({ reason }) => reason === 'policy.error') ?? asking[0];
  return asking.length < 2 ? first : first && { ...first, policies: asking.flatMap(({ policies = [] }) => policies) };
}

type Holds = {
  readonly byMandate: Verdict;
  readonly byParents: ReturnType<typeof chainHolds>;
  readonly byOrganisation: Verdict;
};

function firstHold(hearing: Hearing, { byMandate, byParents, byOrganisation }: Holds): Limit | undefined {
  const parentHolds = byParents.flatMap(({ verdict }) => [...verdict.permits, ...verdict.forbids]);
  const mandateHolds = [...byMandate.permits, ...byMandate.forbids];
  const organisationHolds = [...byOrganisation.permits, ...byOrganisation.forbids];
  const policies = [...mandateHolds, ...parentHolds, ...organisationHolds];
  if (mandateHolds.length > 0) return { reason: 'held.mandate', link: 'mandate', policies };
  const proposer = asksFirst(hearing, hearing.standing);
  if (proposer !== undefined) return { reason: 'held.autonomy', link: proposer, policies };
  const holder = byParents.find(({ verdict }) => asks(verdict))?.at;
  const above = holder ?? askerAbove(hearing);
  if (above !== undefined) return { reason: 'held.parent', link: 'parent', policies, at: above };
  return organisationHolds.length > 0 ? { reason: 'held.organisation', link: 'organisation', policies } : undefined;
}

/** Whether a set of holds asks for a person: a match of either effect does. */
function asks({ permits, forbids }: Verdict): boolean {
  return permits.length > 0 || forbids.length > 0;
}

/** What a question about exactly this call has come to. One about anything else counts for nothing, yes or no. */
function answerHold(facts: CallFacts, hold: Limit): Decision {
  const { approval } = facts;
  if (approval === undefined || approval.state === 'pending' || !isAboutThisCall(approval, facts)) {
    return withConditions(facts, { outcome: 'hold', ...hold });
  }
  const policies = hold.policies ?? [];
  if (approval.state === 'refused') return refuse(facts, { reason: 'approval.refused', link: 'approval', policies });
  if (approval.state === 'used') return refuse(facts, { reason: 'approval.used', link: 'approval', policies });
  const isLive = approval.state === 'approved' && approval.validUntilMs !== null && approval.validUntilMs > facts.nowMs;
  if (!isLive) return refuse(facts, { reason: 'approval.expired', link: 'approval', policies });
  return sayYes({ reason: 'approved', link: 'approval', policies });
}

/** What the person saw is what is asked now: the same call, operation, effect, mandate and policy (P6, I17). */
function isAboutThisCall(approval: GivenApproval, { agent, call, operation, mandate, organisation }: CallFacts): boolean {
  return (
    approval.definition === operation?.definitionDigest &&
    approval.effect === operation.effect &&
    approval.mandateVersion === mandate?.version &&
    approval.policyVersion === organisation?.version &&
    agent !== undefined &&
    approval.callDigest ===
      digestCall({ agent: agent.id, system: call.systemName, operation: call.operationName, arguments: call.arguments })
  );
}

function joinVerdicts(verdicts: readonly Verdict[]): Verdict {
  const [only] = verdicts;
  if (only !== undefined && verdicts.length === 1) return only;
  return {
    permits: verdicts.flatMap(({ permits }) => permits),
    forbids: verdicts.flatMap(({ forbids }) => forbids),
    errors: verdicts.flatMap(({ errors }) => errors),
  };
}

function refuse(facts: CallFacts, limit: Limit): Decision {
  return withConditions(facts, { outcome: 'deny', ...limit });
}

/** Why is not worked out for a yes; `explain` does it for whoever asks. */
function sayYes({ reason, link, policies = [] }: Limit): Decision {
  return {
    outcome: 'permit',
    reason,
    link,
    policies: policies.slice(0, 3 * maxNamed),
    because: sentenceFor(reason),
    conditions: [],
  };
}

/** What has to be done with a call goes with the yes, and with nothing else. */
function withObligations(decision: Decision, obliged: Obliged | undefined): Decision {
  return obliged === undefined || decision.outcome !== 'permit' ? decision : { ...decision, obligations: obliged };
}

function withConditions(facts: CallFacts, limit: Limit & { outcome: 'deny' | 'hold' }): Decision {
  const { outcome, reason, link } = limit;
  const named = { ...limit, policies: (limit.policies ?? []).slice(0, maxNamed) };
  const conditions = [...explain(facts, named)];
  const because = becauseOf(facts, named, conditions);
  const forModel = forModelOf(facts, named, conditions);
  return { outcome, reason, link, policies: named.policies, because, ...(forModel === because ? {} : { forModel }), conditions };
}
