import { MandateDocument } from '@surety/contract/mandate';
import type { CallFacts, LinkFacts, MandateFacts, OrganisationFacts, RoleFacts, TaskFacts } from '@surety/decision/call-facts';
import { prepareHop } from '@surety/decision/compile-hop';
import { compileMandate } from '@surety/decision/compile-mandate';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import { prepareMandate, prepareMay, prepareOrganisation, prepareRole, releasePolicies } from '@surety/decision/policy-set';
import { mandateDigest } from '#delegation/mandate-digest';
import { findMandateVersion } from '#delegation/mandate-store';
import type { Tx } from '#kernel/db';
import { documentDigest, policyDigest } from '#policy/document-digest';
import { findPolicyVersion } from '#policy/policy-store';
import { findRoleRevision } from '#policy/role-store';
import type { CallInputs } from './call-inputs.ts';

/** Puts the facts of recorded decisions together again. */
export type KeptDocuments = {
  /**
   * The facts that a decision was made on: what was recorded, and the documents by version, each checked against its digest.
   * Undefined when one is gone or is another.
   */
  factsOf(inputs: CallInputs): Promise<CallFacts | undefined>;
  /** Gives back what was taken in. */
  close(): void;
};

type KeptMandate = Pick<MandateFacts, 'policies'> | undefined;
type KeptLink = NonNullable<CallInputs['chain']>[number];
type Gone = 'gone';

/** Opens the stored documents of past decisions. Each is read and compiled once, and at most `max` are kept at a time. */
export function openKeptDocuments(db: Tx, engine: PolicyEngine, max = 1_000): KeptDocuments {
  const shelf = openShelf(engine, max);
  const read = openReaders(db, engine, shelf);
  return {
    async factsOf(inputs) {
      const [mandate, organisation, task, chain, roles] = await Promise.all([
        read.mandate(inputs),
        read.organisation(inputs.organisation),
        inputs.task === null ? undefined : read.task(inputs.task),
        Promise.all((inputs.chain ?? []).map((link) => readLink(read, link))),
        Promise.all(inputs.roles.map((role) => read.role(role, isAsked(inputs)))),
      ]);
      const whole = chain.filter((link) => link !== 'gone');
      const known = roles.filter((role) => role !== 'gone');
      if (mandate === 'gone' || organisation === 'gone') return undefined;
      if (whole.length < chain.length || known.length < roles.length) return undefined;
      return joinFacts(inputs, { mandate, organisation, task, chain: whole, roles: known });
    },
    close: shelf.close,
  };
}

type Shelf = ReturnType<typeof openShelf>;

/** What was read is kept under its whole name, and given back together. */
function openShelf(engine: PolicyEngine, max: number) {
  const kept = new Map<string, Promise<unknown>>();
  const taken: (() => void)[] = [];
  const once = <One>(key: string, read: () => Promise<One>): Promise<One> => {
    const found = kept.get(key);
    if (found !== undefined) return found as Promise<One>;
    if (kept.size >= max) kept.clear();
    const reading = read();
    kept.set(key, reading);
    return reading;
  };
  const take = <Policies extends Parameters<typeof releasePolicies>[1] | undefined>(policies: Policies): Policies => {
    if (policies !== undefined) taken.push(() => releasePolicies(engine, policies));
    return policies;
  };
  const close = (): void => {
    kept.clear();
    for (const release of taken.splice(0)) release();
  };
  return { once, take, taken, close };
}

type Readers = ReturnType<typeof openReaders>;

function openReaders(db: Tx, engine: PolicyEngine, { once, take, taken }: Shelf) {
  const readMandate = async ({ agent, mandate }: Pick<CallInputs, 'agent' | 'mandate'>): Promise<KeptMandate | Gone> => {
    if (mandate === null) return undefined;
    if (!mandate.signatureHolds) return { policies: undefined };
    const stored = agent === null ? undefined : await findMandateVersion(db, agent.id, mandate.version);
    const document = MandateDocument.safeParse(stored?.document);
    const isIt = stored?.id === mandate.id && document.success && mandateDigest(document.data) === mandate.documentDigest;
    if (!isIt) return 'gone';
    const compiled = compileMandate({ id: mandate.id, document: document.data });
    return { policies: compiled.ok ? take(prepareMandate(engine, compiled.mandate)) : undefined };
  };
  const mandateOf = (link: Pick<CallInputs, 'agent' | 'mandate'>): Promise<KeptMandate | Gone> =>
    once(`mandate|${JSON.stringify([link.agent?.id, link.mandate])}`, () => readMandate(link));

  const roleOf = (role: CallInputs['roles'][number], asks: boolean): Promise<RoleFacts | Gone> =>
    once(`role|${JSON.stringify([role, asks])}`, async () => {
      const { name, revision, digest } = role;
      const stored = await findRoleRevision(db, name, revision);
      if (stored === undefined || documentDigest(stored.document) !== digest) return 'gone';
      const { answersFor, may = '' } = stored.document;
      const policies = asks ? prepareMay(engine, { name, text: may }) : prepareRole(engine, { name, text: answersFor });
      return { name, revision, policies: take(policies) };
    });

  const organisationOf = async (named: CallInputs['organisation']): Promise<OrganisationFacts | Gone | undefined> => {
    if (named === null) return undefined;
    return once(`organisation|${JSON.stringify(named)}`, async () => {
      const policy = await findPolicyVersion(db, named.version);
      if (policy === undefined || policyDigest(policy) !== named.digest) return 'gone';
      const policies = take(prepareOrganisation(engine, policy.text));
      return { version: named.version, policies, rules: policy.rules ?? [] };
    });
  };

  /** A hop is compiled anew from what it granted, which is kept whole. */
  const taskOf = async ({ hop, ...task }: KeptLink['task']): Promise<TaskFacts> => {
    if (hop === null) return { ...task, hop };
    const policies = await once(`hop|${JSON.stringify([task.id, task.agent, hop.details])}`, async () => {
      const made = prepareHop(engine, { task: task.id, agent: task.agent, details: hop.details });
      if (made) taken.push(() => engine.release(made.rules));
      return made;
    });
    return { ...task, hop: { ...hop, policies } };
  };

  return { mandate: mandateOf, role: roleOf, organisation: organisationOf, task: taskOf };
}

async function readLink(read: Readers, link: KeptLink): Promise<LinkFacts | Gone> {
  const [mandate, task] = await Promise.all([read.mandate(link), read.task(link.task)]);
  if (mandate === 'gone') return 'gone';
  return {
    agent: link.agent ?? undefined,
    owner: link.owner ?? undefined,
    task,
    mandate: link.mandate === null ? undefined : { ...link.mandate, policies: mandate?.policies },
  };
}

/** Whether a person, or another agent, asked at the root: then roles say what the person may ask for. */
function isAsked({ chain, task }: CallInputs): boolean {
  const root = chain?.[0]?.task ?? task;
  return root !== null && root !== undefined && root.requester !== root.agent;
}

type Documents = Pick<CallFacts, 'organisation' | 'task' | 'roles'> & {
  readonly mandate: KeptMandate;
  readonly chain: readonly LinkFacts[];
};

function joinFacts(inputs: CallInputs, { mandate, chain, ...documents }: Documents): CallFacts {
  const { nowMs, isFresh, agent, owner, system, operation, call, approval } = inputs;
  return {
    ...documents,
    nowMs,
    isFresh,
    agent: agent ?? undefined,
    owner: owner ?? undefined,
    chain: inputs.chain === null ? undefined : chain,
    requester: inputs.requester ?? undefined,
    system: system ?? undefined,
    operation: operation ?? undefined,
    mandate: inputs.mandate === null ? undefined : { ...inputs.mandate, policies: mandate?.policies },
    call: { systemName: call.system, operationName: call.operation, arguments: call.arguments },
    approval: approval ?? undefined,
    counts: inputs.counts,
    flow: inputs.flow,
  };
}
