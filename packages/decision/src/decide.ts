import type { Decision } from '@surety/contract/decision';
import { becauseOf, sentenceFor } from './because.ts';
import { digestCall } from './call-digest.ts';
import type { CallFacts, GivenApproval } from './call-facts.ts';
import { chainHolds, chainLines, proposerAbove } from './chain-lines.ts';
import { covers } from './cover.ts';
import { explain } from './explain.ts';
import { erred, type Hearing, openHearing, type Said } from './hearing.ts';
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
  const permits: string[] = [];
  for (const line of [mandateLine, ...chainLines(standing), humanLine, organisationLine]) {
    const said = line(hearing);
    if ('reason' in said) return refuse(facts, said);
    for (const id of said.permits.slice(0, maxNamed)) permits.push(id);
  }
  const hold = heldBy(hearing);
  if (hold === undefined) return sayYes({ reason: 'permitted', link: 'mandate', policies: permits });
  if (hold.reason === 'policy.error') return refuse(facts, hold);
  return answerHold(facts, hold);
}

/** What this agent may do: a permission of its own mandate, as far as its autonomy goes. */
function mandateLine({ standing: { mandate, operation, agent, system }, hear }: Hearing): Said {
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
  return { permits: verdict.permits };
}

/**
 * What the human at the root may ask for, or, where the agent there acts on its own trigger, what its owner may answer for:
 * what any of that person's roles permits and none forbids. All roles together are one line, but each is evaluated by itself.
 */
function humanLine({ standing: { roles, isRequested }, hear }: Hearing): Said {
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
  return { permits: all.permits };
}

function organisationLine({ standing: { organisation }, hear }: Hearing): Said {
  if (organisation.policies === undefined) return { reason: 'policy.error', link: 'organisation', policies: ['organisation'] };
  const verdict = hear(organisation.policies.rules, organisation.policies.needs);
  if (verdict.errors.length > 0) return erred('organisation', verdict);
  if (verdict.forbids.length > 0) return { reason: 'organisation.forbidden', link: 'organisation', policies: verdict.forbids };
  if (verdict.permits.length === 0) return { reason: 'organisation.silent', link: 'organisation' };
  return { permits: verdict.permits };
}

/**
 * Who asks for a person: all that do are named; the first of mandate, autonomy, agents above and organisation gives the reason.
 */
function heldBy(hearing: Hearing): Limit | undefined {
  const { mandate, organisation } = hearing.standing;
  const { hear } = hearing;
  const byMandate = hear(mandate.policies.holding, mandate.policies.needs);
  if (byMandate.errors.length > 0) return erred('mandate', byMandate);
  const byOrganisation = organisation.policies && hear(organisation.policies.holding, organisation.policies.needs);
  if (byOrganisation === undefined || byOrganisation.errors.length > 0) return erred('organisation', byOrganisation);
  const byParents = chainHolds(hearing);
  const failed = byParents.find(({ verdict }) => verdict.errors.length > 0);
  if (failed !== undefined) return { ...erred('parent', failed.verdict), at: failed.at };
  const isSilent =
    !asks(byMandate) && !asks(byOrganisation) && byParents.length === 0 && proposes(hearing.standing) === undefined;
  return isSilent ? undefined : firstHold(hearing, { byMandate, byParents, byOrganisation });
}

type Holds = {
  readonly byMandate: Verdict;
  readonly byParents: ReturnType<typeof chainHolds>;
  readonly byOrganisation: Verdict;
};

function firstHold({ standing }: Hearing, { byMandate, byParents, byOrganisation }: Holds): Limit | undefined {
  const parentHolds = byParents.flatMap(({ verdict }) => [...verdict.permits, ...verdict.forbids]);
  const mandateHolds = [...byMandate.permits, ...byMandate.forbids];
  const organisationHolds = [...byOrganisation.permits, ...byOrganisation.forbids];
  const policies = [...mandateHolds, ...parentHolds, ...organisationHolds];
  if (mandateHolds.length > 0) return { reason: 'held.mandate', link: 'mandate', policies };
  const proposer = proposes(standing);
  if (proposer !== undefined) return { reason: 'held.autonomy', link: proposer, policies };
  const holder = byParents.find(({ verdict }) => asks(verdict))?.at;
  const above = holder ?? proposerAbove(standing);
  if (above !== undefined) return { reason: 'held.parent', link: 'parent', policies, at: above };
  return organisationHolds.length > 0 ? { reason: 'held.organisation', link: 'organisation', policies } : undefined;
}

/** Whether a set of holds asks for a person: a match of either effect does. */
function asks({ permits, forbids }: Verdict): boolean {
  return permits.length > 0 || forbids.length > 0;
}

/** Whether the mandate or the agent itself may change things only after a person was asked. */
function proposes({ operation, mandate, agent }: KnownFacts): 'mandate' | 'agent' | undefined {
  if (operation.effect === 'read') return undefined;
  if (mandate.policies.document.autonomy === 'propose') return 'mandate';
  return agent.autonomy === 'propose' ? 'agent' : undefined;
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
  const named = policies.slice(0, 3 * maxNamed);
  return { outcome: 'permit', reason, link, policies: named, because: sentenceFor(reason), conditions: [] };
}

function withConditions(facts: CallFacts, limit: Limit & { outcome: 'deny' | 'hold' }): Decision {
  const { outcome, reason, link } = limit;
  const named = { ...limit, policies: (limit.policies ?? []).slice(0, maxNamed) };
  const conditions = [...explain(facts, named)];
  return { outcome, reason, link, policies: named.policies, because: becauseOf(facts, named, conditions), conditions };
}
