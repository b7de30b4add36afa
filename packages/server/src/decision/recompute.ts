import type { Condition, Decision } from '@surety/contract/decision';
import { MandateDocument } from '@surety/contract/mandate';
import type { CallFacts, LinkFacts, MandateFacts, OrganisationFacts, RoleFacts, TaskFacts } from '@surety/decision/call-facts';
import { prepareHop } from '@surety/decision/compile-hop';
import { compileMandate } from '@surety/decision/compile-mandate';
import { decide } from '@surety/decision/decide';
import { explain } from '@surety/decision/explain';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import { prepareMandate, prepareMay, prepareOrganisation, prepareRole, releasePolicies } from '@surety/decision/policy-set';
import { mandateDigest } from '#delegation/mandate-digest';
import { findMandateVersion } from '#delegation/mandate-store';
import type { Tx } from '#kernel/db';
import { documentDigest } from '#policy/document-digest';
import { findPolicyVersion } from '#policy/policy-store';
import { findRoleRevision } from '#policy/role-store';
import { type CallInputs, readInputs } from './call-inputs.ts';

/** What the ledger entry says was decided. */
export type RecordedDecision = Pick<Decision, 'reason' | 'link' | 'policies'>;

/** The pieces of an explanation, from the kept inputs alone. */
export type Recomputation = {
  /**
   * `same`: the kept inputs lead to what the entry says. `different`: they do not. `not_possible`: the record or one of the
   * documents is missing or is no longer what was decided on.
   */
  readonly recomputed: 'same' | 'different' | 'not_possible';
  /** Undefined when it is not possible. */
  readonly inputs: CallInputs | undefined;
  readonly conditions: Condition[];
  readonly policies: string[];
  readonly because: string;
  readonly mandateVersion: number | null;
};

/** Reasons that are found after the decision, while it is committed: it stood as it was, and the call failed for this. */
const afterwards: readonly string[] = [
  'proof.replayed',
  'house.not_ready',
  'approval.refused',
  'approval.used',
  'approval.expired',
  'operation.unknown',
];

/** Computes a decision again from its opened record and the stored versions of the documents that it names. */
export async function recompute(
  { db, engine }: { readonly db: Tx; readonly engine: PolicyEngine },
  record: Uint8Array,
  recorded: RecordedDecision,
): Promise<Recomputation> {
  const inputs = readInputs(record);
  if (inputs === undefined) return notPossible(undefined);
  const documents = await readDocuments(db, engine, inputs);
  if (documents === undefined) return notPossible(inputs);
  const facts = factsOf(inputs, engine, documents);
  try {
    const decision = decide(facts, engine);
    const asKept = isSame(decision, inputs.decision) && decision.outcome === inputs.decision.outcome;
    const asRecorded = isSame(inputs.decision, recorded) || afterwards.includes(recorded.reason);
    return {
      recomputed: asKept && asRecorded ? 'same' : 'different',
      inputs,
      conditions: decision.conditions.length > 0 ? decision.conditions : [...explain(facts, decision)],
      policies: decision.policies,
      because: decision.because,
      mandateVersion: inputs.mandate?.version ?? null,
    };
  } finally {
    for (const policies of documents.all) releasePolicies(engine, policies);
    releaseHops(engine, facts);
  }
}

function notPossible(inputs: CallInputs | undefined): Recomputation {
  return {
    recomputed: 'not_possible',
    inputs,
    conditions: [],
    policies: inputs?.decision.policies ?? [],
    because: inputs?.decision.because ?? '',
    mandateVersion: inputs?.mandate?.version ?? null,
  };
}

function isSame(one: RecordedDecision, other: RecordedDecision): boolean {
  return one.reason === other.reason && one.link === other.link && one.policies.join('\n') === other.policies.join('\n');
}

type Documents = {
  readonly mandate: MandateFacts['policies'];
  /** The mandate of each agent above, the root's first. */
  readonly above: readonly MandateFacts['policies'][];
  readonly roles: readonly RoleFacts[];
  readonly organisation: OrganisationFacts | undefined;
  readonly all: readonly Parameters<typeof releasePolicies>[1][];
};

/** The documents by version, each checked against its digest. Undefined when one is gone or is another. */
async function readDocuments(db: Tx, engine: PolicyEngine, inputs: CallInputs): Promise<Documents | undefined> {
  const mandate = await readMandate(db, engine, inputs);
  const above = await Promise.all((inputs.chain ?? []).map((link) => readMandate(db, engine, link)));
  const root = inputs.chain?.[0]?.task ?? inputs.task;
  const asks = root !== null && root.requester !== root.agent;
  const roles = await Promise.all(inputs.roles.map((role) => readRole(db, engine, { ...role, asks })));
  const organisation = await readOrganisation(db, engine, inputs.organisation);
  const all = [mandate, ...above, organisation, ...roles].flatMap((one) =>
    one === 'gone' || one === undefined ? [] : (one.policies ?? []),
  );
  if (mandate === 'gone' || organisation === 'gone' || roles.includes('gone') || above.includes('gone')) {
    for (const policies of all) releasePolicies(engine, policies);
    return undefined;
  }
  return {
    mandate: mandate?.policies,
    above: above.map((one) => (one === 'gone' ? undefined : one?.policies)),
    roles: roles.filter((role) => role !== 'gone'),
    organisation,
    all,
  };
}

async function readMandate(
  db: Tx,
  engine: PolicyEngine,
  { agent, mandate }: Pick<CallInputs, 'agent' | 'mandate'>,
): Promise<Pick<MandateFacts, 'policies'> | 'gone' | undefined> {
  if (mandate === null) return undefined;
  if (!mandate.signatureHolds) return { policies: undefined };
  const stored = agent === null ? undefined : await findMandateVersion(db, agent.id, mandate.version);
  const document = MandateDocument.safeParse(stored?.document);
  const isIt = stored?.id === mandate.id && document.success && mandateDigest(document.data) === mandate.documentDigest;
  if (!isIt) return 'gone';
  const compiled = compileMandate({ id: mandate.id, document: document.data });
  return { policies: compiled.ok ? prepareMandate(engine, compiled.mandate) : undefined };
}

async function readRole(
  db: Tx,
  engine: PolicyEngine,
  { name, revision, digest, asks }: CallInputs['roles'][number] & { readonly asks: boolean },
): Promise<RoleFacts | 'gone'> {
  const role = await findRoleRevision(db, name, revision);
  if (role === undefined || documentDigest(role.document) !== digest) return 'gone';
  const { answersFor, may = '' } = role.document;
  return {
    name,
    revision,
    policies: asks ? prepareMay(engine, { name, text: may }) : prepareRole(engine, { name, text: answersFor }),
  };
}

async function readOrganisation(
  db: Tx,
  engine: PolicyEngine,
  kept: CallInputs['organisation'],
): Promise<OrganisationFacts | 'gone' | undefined> {
  if (kept === null) return undefined;
  const policy = await findPolicyVersion(db, kept.version);
  if (policy === undefined || documentDigest(policy.text) !== kept.digest) return 'gone';
  return { version: kept.version, policies: prepareOrganisation(engine, policy.text) };
}

function factsOf(inputs: CallInputs, engine: PolicyEngine, { mandate, above, roles, organisation }: Documents): CallFacts {
  const { nowMs, isFresh, agent, owner, task, system, operation, call, approval } = inputs;
  return {
    nowMs,
    isFresh,
    agent: agent ?? undefined,
    owner: owner ?? undefined,
    task: task === null ? undefined : taskFacts(engine, task),
    chain: inputs.chain?.map((link, at) => linkFacts(engine, link, above[at])),
    requester: inputs.requester ?? undefined,
    system: system ?? undefined,
    operation: operation ?? undefined,
    mandate: inputs.mandate === null ? undefined : { ...inputs.mandate, policies: mandate },
    roles,
    organisation,
    call: { systemName: call.system, operationName: call.operation, arguments: call.arguments },
    approval: approval ?? undefined,
  };
}

type KeptLink = NonNullable<CallInputs['chain']>[number];

function linkFacts(engine: PolicyEngine, link: KeptLink, policies: MandateFacts['policies']): LinkFacts {
  return {
    agent: link.agent ?? undefined,
    owner: link.owner ?? undefined,
    task: taskFacts(engine, link.task),
    mandate: link.mandate === null ? undefined : { ...link.mandate, policies },
  };
}

/** A hop is compiled anew from what it granted, which is kept whole. */
function taskFacts(engine: PolicyEngine, { hop, ...task }: KeptLink['task']): TaskFacts {
  if (hop === null) return { ...task, hop };
  const policies = prepareHop(engine, { task: task.id, agent: task.agent, details: hop.details });
  return { ...task, hop: { ...hop, policies } };
}

function releaseHops(engine: PolicyEngine, { chain = [], task }: CallFacts): void {
  for (const one of [...chain.map((link) => link.task), task]) if (one?.hop?.policies) engine.release(one.hop.policies.rules);
}
