import type { RoleDocument } from '@surety/contract/authority-routes';
import type { PolicyChange } from '@surety/contract/lab';
import type { HistoryRule } from '@surety/contract/history';
import type { MandateDocument } from '@surety/contract/mandate';
import type { CallFacts, HumanFacts, LinkFacts, RoleFacts, Standing } from '@surety/decision/call-facts';
import { compileMandate } from '@surety/decision/compile-mandate';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import {
  type MandatePolicies,
  type PolicySet,
  prepareMandate,
  prepareMay,
  prepareOrganisation,
  prepareRole,
} from '@surety/decision/policy-set';

/** Documents that stand in for those that are in force, as an engine has taken them in. */
export type Substitute = {
  /** The organisation's policy; `policies` is undefined when the text cannot be read. */
  readonly organisation: { readonly policies: PolicySet | undefined; readonly rules: readonly HistoryRule[] } | undefined;
  readonly roles: ReadonlyMap<string, RoleSubstitute>;
  readonly mandate: { readonly agent: string; readonly policies: MandatePolicies | undefined } | undefined;
};

type RoleSubstitute = { readonly answersFor: PolicySet | undefined; readonly may: PolicySet | undefined };

/** The documents of a change, or of what is in force in its place. */
export type Documents = {
  readonly policy?: { readonly text: string; readonly rules?: readonly HistoryRule[] | undefined } | undefined;
  readonly roles?: Readonly<Record<string, RoleDocument>> | undefined;
  readonly mandate?: MandateDocument | undefined;
};

export function prepareDocuments(engine: PolicyEngine, { policy, roles = {}, mandate }: Documents | PolicyChange): Substitute {
  const entries = Object.entries(roles).map(([name, { answersFor, may = '' }]): [string, RoleSubstitute] => [
    name,
    { answersFor: prepareRole(engine, { name, text: answersFor }), may: prepareMay(engine, { name, text: may }) },
  ]);
  return {
    organisation: policy && { policies: prepareOrganisation(engine, policy.text), rules: policy.rules ?? [] },
    roles: new Map(entries),
    mandate: mandate && { agent: mandate.agent, policies: compiled(engine, mandate) },
  };
}

function compiled(engine: PolicyEngine, document: MandateDocument): MandatePolicies | undefined {
  const result = compileMandate({ id: 'proposed', document });
  return result.ok ? prepareMandate(engine, result.mandate) : undefined;
}

/**
 * The facts of a call with other documents in the place of those that it was decided on. Versions stay as they were: a yes that a
 * person gave still counts, so that what differs is what the documents say. The same object when nothing of it is concerned.
 */
export function substitute<Facts extends Standing & Counted>(facts: Facts, { organisation, roles, mandate }: Substitute): Facts {
  const changed = {
    ...(organisation === undefined || facts.organisation === undefined
      ? {}
      : { organisation: { ...facts.organisation, ...organisation } }),
    ...(roles.size === 0 ? {} : changedRoles(facts, roles)),
    ...(mandate === undefined ? {} : changedMandates(facts, mandate)),
  };
  if (Object.keys(changed).length === 0) return facts;
  const other = { ...facts, ...changed };
  return { ...other, ...stillCounted(facts, other) };
}

/** Of the roles that the person at the root holds, those that have another document, and those that there would be now. */
function changedRoles(facts: Standing, roles: Substitute['roles']): { roles?: readonly RoleFacts[] } {
  const root = facts.chain?.[0]?.task ?? facts.task;
  const isRequested = root !== undefined && root.requester !== root.agent;
  const held = humanAtRoot(facts, isRequested)?.roles ?? [];
  if (!held.some((name) => roles.has(name))) return {};
  const known = new Map(facts.roles.map((role) => [role.name, role]));
  const heard = held.flatMap((name): readonly RoleFacts[] => {
    const other = roles.get(name);
    const now = known.get(name);
    if (other === undefined) return now === undefined ? [] : [now];
    return [{ name, revision: now?.revision ?? 0, policies: isRequested ? other.may : other.answersFor }];
  });
  return { roles: heard };
}

function humanAtRoot({ requester, chain, owner }: Standing, isRequested: boolean): HumanFacts | undefined {
  return isRequested ? requester : (chain?.[0]?.owner ?? owner);
}

/** The mandate of the agent itself, and of the same agent above. */
function changedMandates(facts: Standing, { agent, policies }: NonNullable<Substitute['mandate']>): Partial<Standing> {
  const proposed = { signatureHolds: true, policies };
  const put = <One extends Pick<LinkFacts, 'mandate'>>(mandate: One['mandate']) => ({
    ...(mandate ?? { id: 'proposed', version: 0, documentDigest: '' }),
    ...proposed,
  });
  const isOwn = facts.agent?.id === agent;
  const isAbove = facts.chain?.some((link) => link.agent?.id === agent) ?? false;
  return {
    ...(isOwn ? { mandate: put(facts.mandate) } : {}),
    ...(isAbove
      ? { chain: facts.chain?.map((link) => (link.agent?.id === agent ? { ...link, mandate: put(link.mandate) } : link)) }
      : {}),
  };
}

/**
 * What was counted for rules and limits that are as they were. What others would have counted is not known: where one of them
 * concerns the call, the decision point says `house.not_ready`.
 */
function stillCounted(before: Standing & Counted, after: Standing): Counted {
  const { counts } = before;
  if (counts === undefined) return {};
  const was = new Map((before.organisation?.rules ?? []).map((rule) => [rule.id, JSON.stringify(rule)]));
  const now = new Map((after.organisation?.rules ?? []).map((rule) => [rule.id, JSON.stringify(rule)]));
  const links = (facts: Standing) =>
    [...(facts.chain ?? []), facts].map(({ mandate }) => JSON.stringify(mandate?.policies?.document.limits));
  const [limitsBefore, limitsAfter] = [links(before), links(after)];
  return {
    counts: {
      limits: counts.limits.filter(({ at }) => limitsBefore[at] === limitsAfter[at]),
      history: counts.history.filter(({ rule }) => was.get(rule) === now.get(rule)),
    },
  };
}

type Counted = Pick<CallFacts, 'counts'>;

/** What of a recorded decision a change is about, to know whether it was made on these very documents. */
export type DocumentVersions = {
  readonly policy?: number | undefined;
  readonly roles: ReadonlyMap<string, number>;
  /** The id of the agent's mandate. */
  readonly mandate?: { readonly agent: string; readonly id: string | undefined } | undefined;
};

/** Whether a decision was made on these versions: then what was recorded is what they say. */
export function wasMadeOn({ organisation, roles, agent, mandate, chain }: CallFacts, versions: DocumentVersions): boolean {
  if (versions.policy !== undefined && organisation?.version !== versions.policy) return false;
  if (versions.roles.size > 0 && !roles.every(({ name, revision }) => (versions.roles.get(name) ?? revision) === revision))
    return false;
  if (versions.mandate === undefined) return true;
  const links = [{ agent, mandate }, ...(chain ?? [])];
  return links.every((link) => link.agent?.id !== versions.mandate?.agent || link.mandate?.id === versions.mandate?.id);
}
