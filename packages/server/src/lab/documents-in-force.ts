import type { Role } from '@surety/contract/authority-routes';
import type { PolicyBase, PolicyChange } from '@surety/contract/lab';
import { MandateDocument } from '@surety/contract/mandate';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import { findNewestMandate } from '#delegation/mandate-store';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { PolicyFact } from '#policy/policy-facts';
import { findPolicy, findPolicyAt, findPolicyVersion } from '#policy/policy-store';
import { findRole, findRoleAt, findRoleRevision } from '#policy/role-store';
import { type Documents, prepareDocuments } from './prepare-change.ts';
import type { Dated } from './replay-decisions.ts';
import { findVetted } from './vetted-document-store.ts';

/** The documents that a change would take the place of, with their versions. */
export type InForce = {
  readonly base: PolicyBase;
  readonly policy: PolicyFact;
  /** Of the roles that the change names, those that there are. */
  readonly roles: readonly Role[];
  readonly mandate: { readonly id: string; readonly document: MandateDocument } | undefined;
};

export async function readInForce(tx: Tx, change: Pick<PolicyChange, 'roles' | 'mandate'>): Promise<InForce> {
  const policy = await findPolicy(tx);
  if (policy === undefined) throw new Fault('service.not_ready', 'the house has no organisation policy');
  const roles: Role[] = [];
  const revisions: Record<string, number> = {};
  for (const name of Object.keys(change.roles ?? {})) {
    const role = await findRole(tx, name);
    revisions[name] = role?.revision ?? 0;
    if (role !== undefined) roles.push(role);
  }
  const base = { policy: policy.version, roles: revisions };
  return { base, policy, roles, mandate: await mandateOf(tx, change.mandate?.agent) };
}

async function mandateOf(tx: Tx, agent: string | undefined): Promise<InForce['mandate']> {
  const newest = agent === undefined ? undefined : await findNewestMandate(tx, agent);
  const document = MandateDocument.safeParse(newest?.document);
  return newest?.state === 'active' && document.success ? { id: newest.id, document: document.data } : undefined;
}

/** What is in force in the place of the documents of a change, and no other documents. */
export function dateInForce(engine: PolicyEngine, change: PolicyChange, inForce: InForce): Dated {
  const documents: Documents = {
    policy: change.policy && inForce.policy,
    roles: Object.fromEntries(inForce.roles.map(({ name, document }) => [name, document])),
    mandate: change.mandate && inForce.mandate?.document,
  };
  return {
    documents: prepareDocuments(engine, documents),
    versions: {
      policy: change.policy && inForce.policy.version,
      roles: new Map(inForce.roles.map(({ name, revision }) => [name, revision])),
      mandate: change.mandate && { agent: change.mandate.agent, id: inForce.mandate?.id },
    },
  };
}

const week = 7 * 24 * 3600 * 1000;

/**
 * What a cut is measured against: of each document the version that was in force a week ago, or a later one that tests or a
 * second person vouched for. Several small cuts that nobody looked at count together.
 */
export async function readBaseline(tx: Tx, change: PolicyChange, inForce: InForce, nowMs: number): Promise<InForce> {
  const then = new Date(nowMs - week);
  const policyThen = await findPolicyAt(tx, then);
  const version = Math.max(policyThen?.version ?? 0, await findVetted(tx, 'policy'));
  const policy = change.policy === undefined ? undefined : await findPolicyVersion(tx, version);
  const roles: Role[] = [];
  for (const { name } of inForce.roles) {
    const revision = Math.max((await findRoleAt(tx, name, then))?.revision ?? 0, await findVetted(tx, `role:${name}`));
    const role = await findRoleRevision(tx, name, revision);
    if (role !== undefined) roles.push(role);
  }
  return { ...inForce, policy: policy ?? inForce.policy, roles };
}
