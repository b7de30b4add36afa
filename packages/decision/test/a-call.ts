import { type ExactRecord, fromPlain, isExactRecord, readExactJson } from '@surety/contract/exact-json';
import { MandateDocument } from '@surety/contract/mandate';
import type * as z from 'zod';
import type { CallFacts, MandateFacts, OperationFacts, TaskFacts } from '../src/call-facts.ts';
import { compileMandate } from '../src/compile-mandate.ts';
import type { PolicyEngine } from '../src/policy-engine.ts';
import { prepareMandate, prepareOrganisation, prepareRole } from '../src/policy-set.ts';

export const agentId = 'agt_00000000000000000000000001';
export const otherAgentId = 'agt_00000000000000000000000002';
export const ownerId = 'hum_00000000000000000000000001';
export const now = Date.parse('2026-06-10T10:00:00Z');

type DocumentInput = z.input<typeof MandateDocument>;

export function aDocument(changes: Partial<DocumentInput> = {}): MandateDocument {
  return MandateDocument.parse({
    agent: agentId,
    purpose: 'Refunds what customers return',
    autonomy: 'act',
    expiresAt: '2026-12-31T00:00:00Z',
    permissions: [{ system: 'payments', actions: ['refund'] }],
    ...changes,
  });
}

/** Arguments as a client would send them: JSON text keeps its digits, a plain value is taken as it is. */
export function args(value: string | object): ExactRecord {
  const read = typeof value === 'string' ? readExactJson(value) : fromPlain(value);
  if (!isExactRecord(read)) throw new TypeError('arguments are an object');
  return read;
}

/** A signed mandate with this document. */
export function aMandate(engine: PolicyEngine, document: MandateDocument, id = 'man_1'): MandateFacts {
  const compiled = compileMandate({ id, document });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return {
    id,
    version: 3,
    documentDigest: 'd',
    signatureHolds: true,
    policies: prepareMandate(engine, compiled.mandate),
  };
}

/** An open root task on the agent's own trigger, with these changes. */
export function aTask(changes: Partial<TaskFacts> = {}): TaskFacts {
  return {
    id: 'tsk_1',
    agent: agentId,
    requester: agentId,
    trigger: 'agent',
    state: 'open',
    expiresAtMs: now + 60_000,
    parent: null,
    root: 'tsk_1',
    depth: 0,
    hop: null,
    ...changes,
  };
}

export const permitAll = 'permit (principal, action, resource);';

export type CallChanges = {
  readonly document?: MandateDocument;
  readonly arguments?: string | object;
  readonly operation?: Partial<OperationFacts>;
  readonly systemName?: string;
  /** Cedar text of each of the owner's roles, by name. */
  readonly roles?: Readonly<Record<string, string>>;
  readonly organisation?: string;
  readonly facts?: Partial<CallFacts>;
};

/** A call that everything permits, with these changes. */
export function aCall(engine: PolicyEngine, changes: CallChanges = {}): CallFacts {
  const {
    document = aDocument(),
    operation,
    systemName = 'payments',
    roles = { owner: permitAll },
    organisation = permitAll,
    facts,
  } = changes;
  const called = { name: 'refund', effect: 'money' as const, definitionDigest: 'definition-1', ...operation };
  return {
    nowMs: now,
    isFresh: true,
    agent: { id: agentId, name: 'refund-desk', state: 'active', riskTier: 'medium', autonomy: 'act', owner: ownerId },
    owner: { id: ownerId, name: 'maya', state: 'active', roles: Object.keys(roles), groups: ['support'] },
    task: aTask(),
    system: { id: 'sys_1', name: systemName, revision: 1 },
    operation: called,
    mandate: aMandate(engine, document),
    chain: [],
    requester: undefined,
    roles: Object.entries(roles).map(([name, text]) => ({ name, revision: 1, policies: prepareRole(engine, { name, text }) })),
    organisation: { version: 7, policies: prepareOrganisation(engine, organisation) },
    call: { systemName, operationName: called.name, arguments: args(changes.arguments ?? {}) },
    approval: undefined,
    ...facts,
  };
}
