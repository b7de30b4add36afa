import type { Call } from '@surety/contract/call';
import { type Decision, Link, Outcome, Reason } from '@surety/contract/decision';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import { type ExactRecord, fromPlain, isExactRecord, readExactJson, toPlain, writeExactJson } from '@surety/contract/exact-json';
import { Autonomy, PrincipalState, RiskTier } from '@surety/contract/agent';
import { ApprovalState } from '@surety/contract/approval';
import { HumanState } from '@surety/contract/human';
import { Effect } from '@surety/contract/system';
import { TaskState } from '@surety/contract/task';
import type { CallFacts } from '@surety/decision/call-facts';
import * as z from 'zod';
import type { Gathered } from './gather.ts';

const text = z.string();
const count = z.int();

/**
 * Everything that one decision was made from and what it came to: facts as they stood, documents by version and digest,
 * the arguments with every digit. Sealed beside the ledger entry; the decision can be computed again from it.
 */
export const CallInputs = z.strictObject({
  format: z.literal(1),
  nowMs: count,
  isFresh: z.boolean(),
  change: count,
  caller: z.strictObject({ principal: text, kind: text, credential: text, task: text.nullable(), tokenId: text }),
  call: z.strictObject({ protocol: text, system: text, operation: text, digest: text, arguments: z.unknown() }),
  agent: z
    .strictObject({ id: text, name: text, state: PrincipalState, riskTier: RiskTier, autonomy: Autonomy, owner: text })
    .nullable(),
  owner: z.strictObject({ id: text, name: text, state: HumanState, roles: z.array(text), groups: z.array(text) }).nullable(),
  task: z
    .strictObject({
      id: text,
      agent: text,
      requester: text,
      trigger: z.enum(['agent', 'schedule', 'event', 'human']),
      state: TaskState,
      expiresAtMs: count,
    })
    .nullable(),
  system: z.strictObject({ id: text, name: text, revision: count }).nullable(),
  operation: z.strictObject({ name: text, effect: Effect, definitionDigest: text }).nullable(),
  mandate: z.strictObject({ id: text, version: count, documentDigest: text, signatureHolds: z.boolean() }).nullable(),
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
});
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
  const { agent, owner, task, system, operation, mandate, roles, organisation, approval } = facts;
  const { principal, kind, credential, tokenId } = caller;
  const { outcome, reason, link, policies, because } = decision;
  const rest = {
    format: 1,
    nowMs: facts.nowMs,
    isFresh: facts.isFresh,
    change: gathered.fence.change,
    caller: { principal, kind, credential, task: caller.task ?? null, tokenId },
    agent: agent ?? null,
    owner: owner ?? null,
    task: task ?? null,
    system: system ?? null,
    operation: operation === undefined ? null : pick(operation, ['name', 'effect', 'definitionDigest']),
    mandate: mandate === undefined ? null : pick(mandate, ['id', 'version', 'documentDigest', 'signatureHolds']),
    roles: roles.map(({ name, revision }, at) => ({ name, revision, digest: gathered.digests.roles[at] ?? '' })),
    organisation: organisation === undefined ? null : { version: organisation.version, digest: gathered.digests.organisation },
    approval: approval === undefined ? null : pick(approval, approvalMembers),
    decision: { outcome, reason, link, policies, because },
  };
  const { protocol, system: systemName, operation: operationName, digest } = call;
  const called = { protocol, system: systemName, operation: operationName, digest, arguments: call.arguments };
  return Buffer.from(writeExactJson({ call: called, ...exactRecord(rest) }));
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

function exactRecord(plain: object): ExactRecord {
  const exact = fromPlain(plain);
  return isExactRecord(exact) ? exact : {};
}

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
