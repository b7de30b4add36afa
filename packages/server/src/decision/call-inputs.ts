import type { Call } from '@surety/contract/call';
import { AgentAction } from '@surety/contract/delegation';
import { type Decision, Link, Outcome, Reason } from '@surety/contract/decision';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import { type ExactRecord, isExactRecord, readExactJson, toPlain, writeExactJson } from '@surety/contract/exact-json';
import { Autonomy, PrincipalState, RiskTier } from '@surety/contract/agent';
import { ApprovalState } from '@surety/contract/approval';
import { Guards } from '@surety/contract/flow';
import { HumanState } from '@surety/contract/human';
import { Effect } from '@surety/contract/system';
import { TaskState } from '@surety/contract/task';
import type { CallFacts, LinkFacts, MandateFacts, TaskFacts } from '@surety/decision/call-facts';
import { type FlowFacts, salientKinds } from '@surety/decision/flow/flow-facts';
import * as z from 'zod';
import type { Gathered } from './gather.ts';

const text = z.string();
const count = z.int();

const AgentInput = z.strictObject({
  id: text,
  name: text,
  state: PrincipalState,
  riskTier: RiskTier,
  autonomy: Autonomy,
  owner: text,
});
const HumanInput = z.strictObject({ id: text, name: text, state: HumanState, roles: z.array(text), groups: z.array(text) });
const MandateInput = z.strictObject({ id: text, version: count, documentDigest: text, signatureHolds: z.boolean() });
const TaskInput = z.strictObject({
  id: text,
  agent: text,
  requester: text,
  trigger: z.enum(['agent', 'schedule', 'event', 'human']),
  state: TaskState,
  expiresAtMs: count,
});
/** Format 2: the place of a task in its tree, and what the hop to it granted. */
const PlacedTask = TaskInput.extend({
  parent: text.nullable(),
  root: text,
  depth: count,
  hop: z
    .strictObject({
      details: z.array(AgentAction).nullable(),
      audiences: z.array(text).nullable(),
      depthLeft: count,
      expiresAtMs: count,
    })
    .nullable(),
});
const LinkInput = z.strictObject({
  agent: AgentInput.nullable(),
  owner: HumanInput.nullable(),
  task: PlacedTask,
  mandate: MandateInput.nullable(),
});

const inputMembers = {
  nowMs: count,
  isFresh: z.boolean(),
  change: count,
  caller: z.strictObject({ principal: text, kind: text, credential: text, task: text.nullable(), tokenId: text }),
  call: z.strictObject({ protocol: text, system: text, operation: text, digest: text, arguments: z.unknown() }),
  agent: AgentInput.nullable(),
  owner: HumanInput.nullable(),
  system: z.strictObject({ id: text, name: text, revision: count }).nullable(),
  operation: z.strictObject({ name: text, effect: Effect, definitionDigest: text }).nullable(),
  mandate: MandateInput.nullable(),
  roles: z.array(z.strictObject({ name: text, revision: count, digest: text })),
  organisation: z.strictObject({ version: count, digest: text }).nullable(),
  approval: z
    .strictObject({
      id: text,
      state: ApprovalState,
      callDigest: text,
      effect: text,
      definition: text,
      mandateVersion: count.nullable(),
      policyVersion: count,
      validUntilMs: count.nullable(),
    })
    .nullable(),
  decision: z.strictObject({ outcome: Outcome, reason: Reason, link: Link, policies: z.array(text), because: text }),
};

/** What was written before chains were decided on: a root task, and nobody above. */
const FirstInputs = z.strictObject({ format: z.literal(1), ...inputMembers, task: TaskInput.nullable() });

const chainMembers = {
  ...inputMembers,
  task: PlacedTask.nullable(),
  chain: z.array(LinkInput).nullable(),
  requester: HumanInput.nullable(),
};

/** What was written before anything was counted. */
const ChainInputs = z.strictObject({ format: z.literal(2), ...chainMembers });

const CountInputs = z.strictObject({
  limits: z.array(z.strictObject({ at: count, limit: count, used: text, known: count.optional() })),
  history: z.array(z.strictObject({ rule: text, found: text, action: text.optional() })),
});

const SourceInput = z.strictObject({ system: text, operation: text, action: text });
const FlowInputs = z.strictObject({
  labels: z.array(z.strictObject({ name: text, source: SourceInput })),
  values: z.array(
    z.strictObject({
      pointer: text,
      kind: z.enum(salientKinds),
      isWhole: z.boolean(),
      found: z.enum(['request', 'directory', 'trusted', 'untrusted', 'nowhere']),
      labels: z.array(text),
      source: SourceInput.optional(),
    }),
  ),
  guards: Guards,
  purpose: z.enum(['asked', 'outside', 'unknown']),
  leaves: z.boolean().optional(),
}) as z.ZodType<FlowFacts>;

/** Format 3: what was counted before the call, and where its information came from, where something was. */
const CountedInputs = z.strictObject({
  format: z.literal(3),
  ...chainMembers,
  counts: CountInputs.optional(),
  flow: FlowInputs.optional(),
});

/**
 * Everything that one decision was made from and what it came to: facts as they stood, documents by version and digest,
 * the arguments with every digit. Sealed beside the ledger entry; the decision can be computed again from it.
 */
export const CallInputs = z.union([
  CountedInputs,
  ChainInputs.transform((inputs): z.infer<typeof CountedInputs> => ({ ...inputs, format: 3 })),
  FirstInputs.transform(withoutChain),
]);

function withoutChain({ task, ...rest }: z.infer<typeof FirstInputs>): z.infer<typeof CountedInputs> {
  const placed = task && { ...task, parent: null, root: task.id, depth: 0, hop: null };
  return { ...rest, format: 3, task: placed, chain: [], requester: null };
}

export type CallInputs = Omit<z.infer<typeof CallInputs>, 'call'> & {
  readonly call: Omit<z.infer<typeof CallInputs>['call'], 'arguments'> & { readonly arguments: ExactRecord };
};

type Decided = {
  readonly caller: AuthenticatedCaller;
  readonly call: Call;
  readonly facts: CallFacts;
  readonly gathered: Pick<Gathered, 'fence' | 'digests'>;
  readonly decision: Decision;
};

/** The record, before it is sealed: JSON in UTF-8, numbers of the arguments as they were written. */
export function writeInputs({ caller, call, facts, gathered, decision }: Decided): Buffer {
  const { agent, owner, task, system, operation, mandate, chain, requester, roles, organisation, approval } = facts;
  const { principal, kind, credential, tokenId } = caller;
  const { outcome, reason, link, policies, because } = decision;
  const rest = {
    format: 3,
    nowMs: facts.nowMs,
    isFresh: facts.isFresh,
    change: gathered.fence.change,
    caller: { principal, kind, credential, task: caller.task ?? null, tokenId },
    agent: agent ?? null,
    owner: owner ?? null,
    task: task === undefined ? null : placedTask(task),
    chain: chain?.map(linkInput) ?? null,
    requester: requester ?? null,
    system: system ?? null,
    operation: operation === undefined ? null : pick(operation, ['name', 'effect', 'definitionDigest']),
    mandate: mandateInput(mandate),
    roles: roles.map(({ name, revision }, at) => ({ name, revision, digest: gathered.digests.roles[at] ?? '' })),
    organisation: organisation === undefined ? null : { version: organisation.version, digest: gathered.digests.organisation },
    approval: approval === undefined ? null : pick(approval, approvalMembers),
    ...(facts.counts === undefined ? {} : { counts: facts.counts }),
    ...(facts.flow === undefined ? {} : { flow: facts.flow }),
    decision: { outcome, reason, link, policies, because },
  };
  const { protocol, system: systemName, operation: operationName, digest } = call;
  const called = JSON.stringify({ protocol, system: systemName, operation: operationName, digest });
  const args = writeExactJson(call.arguments);
  // Only the arguments can hold numbers that JavaScript's own JSON would change.
  return Buffer.from(`{"call":${called.slice(0, -1)},"arguments":${args}},${JSON.stringify(rest).slice(1)}`);
}

function mandateInput(mandate: MandateFacts | undefined): z.infer<typeof MandateInput> | null {
  return mandate === undefined ? null : pick(mandate, ['id', 'version', 'documentDigest', 'signatureHolds']);
}

function linkInput({ agent, owner, task, mandate }: LinkFacts) {
  return { agent: agent ?? null, owner: owner ?? null, task: placedTask(task), mandate: mandateInput(mandate) };
}

/** A task with what the hop to it granted as it was stored, and not as it was compiled. */
function placedTask({ hop, ...task }: TaskFacts) {
  return { ...task, hop: hop && pick(hop, ['details', 'audiences', 'depthLeft', 'expiresAtMs']) };
}

const approvalMembers = [
  'id',
  'state',
  'callDigest',
  'effect',
  'definition',
  'mandateVersion',
  'policyVersion',
  'validUntilMs',
] as const;

function pick<One, Key extends keyof One>(one: One, keys: readonly Key[]): Pick<One, Key> {
  return Object.fromEntries(keys.map((key) => [key, one[key]])) as Pick<One, Key>;
}

/** Deeper and larger than any arguments that a guard takes. */
const limits = { depth: 200, nodes: 300_000 } as const;

/** Reads a record that was opened. Undefined when it is not one of this format: then nothing can be said from it. */
export function readInputs(inputs: Uint8Array): CallInputs | undefined {
  try {
    const exact = readExactJson(inputs, limits);
    const call = isExactRecord(exact) ? exact['call'] : undefined;
    const args = isExactRecord(call) ? call['arguments'] : undefined;
    const read = CallInputs.safeParse(toPlain(exact));
    return read.success && isExactRecord(args) ? { ...read.data, call: { ...read.data.call, arguments: args } } : undefined;
  } catch {
    return undefined;
  }
}
