import * as z from 'zod';
import { Action, ActionState, Explanation, Responsibility } from './activity.ts';
import { Approval, ApprovalState } from './approval.ts';
import { ActionId, AgentId, ApprovalId, Instant, Name, PlainText, StopId } from './id.ts';
import { CheckpointView, ConsistencyProofView, InclusionProofView, LedgerEntry } from './ledger.ts';
import { route } from './route.ts';
import { Stop } from './stop.ts';

const list = <Item extends z.ZodType>(item: Item) => z.strictObject({ items: z.array(item) });
const count = z.coerce.number().int().min(1).max(1000);
const index = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const agentRef = z.union([AgentId, Name]);

export const listApprovals = route({
  name: 'listApprovals', method: 'GET', path: '/v1/requests', action: 'request:read', summary: 'Calls that wait, or waited, for a person.',
  input: z.strictObject({ state: ApprovalState.optional(), mine: z.stringbool().default(false) }), output: list(Approval), faults: [],
});
export const getApproval = route({
  name: 'getApproval', method: 'GET', path: '/v1/requests/{approval}', action: 'request:read', summary: 'One request: exactly what will happen.',
  input: z.strictObject({ approval: ApprovalId }), output: Approval, faults: ['approval.not_found'],
});
export const answerApproval = route({
  name: 'answerApproval', method: 'POST', path: '/v1/requests/{approval}/answer', action: 'request:answer', summary: 'Say yes or no to exactly this call, signed.',
  input: z.strictObject({ approval: ApprovalId, signature: z.string().max(4000).describe('Compact JWS over the answer claims, by the key of the person who answers.') }),
  output: Approval, faults: ['approval.not_found', 'approval.not_open', 'approval.not_yours', 'approval.own_request', 'signature.invalid'],
});

export const orderStop = route({
  name: 'orderStop', method: 'POST', path: '/v1/stops', action: 'agent:stop', summary: 'Stop an agent and everything below it, now.',
  input: z.strictObject({ agent: agentRef, reason: PlainText.min(1).max(500) }), output: Stop, faults: ['agent.not_found', 'agent.move_refused'],
});
export const getStop = route({
  name: 'getStop', method: 'GET', path: '/v1/stops/{stop}', action: 'agent:read', summary: 'One stop, with what each enforcement point confirmed.',
  input: z.strictObject({ stop: StopId }), output: Stop, faults: ['stop.not_found'],
});
export const liftStop = route({
  name: 'liftStop', method: 'POST', path: '/v1/agents/{agent}/start', action: 'agent:start', summary: 'Let a stopped agent start again. Nothing it held before comes back.',
  input: z.strictObject({ agent: agentRef, reason: PlainText.min(1).max(500) }), output: Stop, faults: ['agent.not_found', 'stop.not_found', 'agent.move_refused'],
});

export const listActions = route({
  name: 'listActions', method: 'GET', path: '/v1/actions', action: 'action:read', summary: 'What agents did, newest first.',
  input: z.strictObject({ agent: agentRef.optional(), system: Name.optional(), state: ActionState.optional(), limit: count.default(50), before: ActionId.optional(), after: ActionId.optional() }),
  output: list(Action), faults: ['agent.not_found', 'action.not_found'],
});
export const getAction = route({
  name: 'getAction', method: 'GET', path: '/v1/actions/{action}', action: 'action:read', summary: 'One action.',
  input: z.strictObject({ action: ActionId }), output: Action, faults: ['action.not_found'],
});
export const explainAction = route({
  name: 'explainAction', method: 'GET', path: '/v1/actions/{action}/why', action: 'action:read', summary: 'Why it was allowed, denied or held: computed again from the inputs that were kept.',
  input: z.strictObject({ action: ActionId }), output: Explanation, faults: ['action.not_found'],
});
export const getPayload = route({
  name: 'getPayload', method: 'GET', path: '/v1/actions/{action}/payload', action: 'payload:read', summary: 'What came back from a system, where an obligation has it kept.',
  input: z.strictObject({ action: ActionId }), output: z.strictObject({ action: ActionId, payload: z.string().describe('As it came, before anything was masked; without the credential of the system.') }), faults: ['action.not_found', 'payload.not_kept'],
});
export const responsibleFor = route({
  name: 'responsibleFor', method: 'GET', path: '/v1/actions/{action}/who', action: 'action:read', summary: 'Who answered for it at the time, and the proof.',
  input: z.strictObject({ action: ActionId }), output: Responsibility, faults: ['action.not_found'],
});

export const getSchema = route({
  name: 'getSchema', method: 'GET', path: '/v1/policy/schema', action: 'policy:read', summary: 'What policies may name, as a Cedar schema: the operations that are protected now, and the arguments that policies look at.',
  input: z.strictObject({}), output: z.strictObject({ schema: z.string().describe('In Cedar syntax.'), actions: z.int() }), faults: [],
});

export const getCheckpoint = route({
  name: 'getCheckpoint', method: 'GET', path: '/v1/log/checkpoint', action: 'log:read', summary: 'The newest signed checkpoint of the ledger.',
  input: z.strictObject({}), output: CheckpointView, faults: [],
});
export const listEntries = route({
  name: 'listEntries', method: 'GET', path: '/v1/log/entries', action: 'log:read', summary: 'Entries of the ledger in order, exactly as they were hashed.',
  input: z.strictObject({ from: index.default(0), limit: count.default(500) }), output: list(LedgerEntry), faults: [],
});
export const proveInclusion = route({
  name: 'proveInclusion', method: 'GET', path: '/v1/log/entries/{index}/proof', action: 'log:read', summary: 'Proof that an entry is under the newest checkpoint.',
  input: z.strictObject({ index }), output: InclusionProofView, faults: ['entry.not_found'],
});
export const proveConsistency = route({
  name: 'proveConsistency', method: 'GET', path: '/v1/log/consistency', action: 'log:read', summary: 'Proof that one size of the tree begins with another.',
  input: z.strictObject({ from: index, to: index.optional() }), output: ConsistencyProofView, faults: ['entry.not_found'],
});

export const SigningKeyView = z
  .strictObject({
    kid: z.string().describe('RFC 7638 thumbprint of the public half.'),
    purpose: z.enum(['token', 'log']),
    state: z.enum(['next', 'current', 'retiring']),
    madeAt: Instant,
    retireAt: Instant.nullable().describe('When it stops verifying.'),
  })
  .meta({ id: 'SigningKey' });
export type SigningKeyView = z.infer<typeof SigningKeyView>;

export const listSigningKeys = route({
  name: 'listSigningKeys', method: 'GET', path: '/v1/keys', action: 'key:read', summary: 'The keys that this house signs with, and which of them count now.',
  input: z.strictObject({}), output: list(SigningKeyView), faults: [],
});
export const rotateSigningKey = route({
  name: 'rotateSigningKey', method: 'POST', path: '/v1/keys/rotate', action: 'key:rotate', summary: 'Let the next key sign tokens from now on. A compromised one ends at once, with every token that it signed.',
  input: z.strictObject({ compromised: z.boolean().default(false) }), output: list(SigningKeyView), faults: ['key.too_soon'],
});

export const Check = z.strictObject({ group: z.string(), check: z.string(), state: z.enum(['ok', 'warning', 'problem']), fact: z.string(), next: z.string().optional() });
export const getStatus = route({
  name: 'getStatus', method: 'GET', path: '/v1/status', action: 'status:read', summary: 'What runs, and whether it is well.',
  input: z.strictObject({}),
  output: z.strictObject({
    version: z.string(), issuer: z.string(), gateway: z.string(), claimed: z.boolean(), agents: z.int(), systems: z.int(), waiting: z.int(),
    points: z.array(z.strictObject({ id: z.string(), name: z.string(), change: z.int(), seenMsAgo: z.number() })), log: z.strictObject({ size: z.int(), unsequenced: z.int() }), checks: z.array(Check),
  }).meta({ id: 'Status' }),
  faults: [],
});
