import * as z from 'zod';
import { Agent, Autonomy, Credential, Manifest, PrincipalState, RiskTier, Workload } from './agent.ts';
import { Human, HumanState } from './human.ts';
import { AgentId, CredentialId, DisplayName, HumanId, Instant, Name, PlainText, PrincipalId, WorkloadId } from './id.ts';
import { PublicJwk } from './jwk.ts';
import { route } from './route.ts';

const reason = PlainText.min(1).max(500);
const list = <Item extends z.ZodType>(item: Item) => z.strictObject({ items: z.array(item) });

export const claimServer = route({
  name: 'claimServer', method: 'POST', path: '/v1/claim', action: 'server:claim', door: 'code',
  summary: 'Take ownership of a new server: the first person and their key.',
  input: z.strictObject({ code: z.string().min(20).max(100), name: Name, displayName: DisplayName, title: PlainText.max(120).default(''), jwk: PublicJwk }),
  output: z.strictObject({ human: Human, credential: Credential }),
  faults: ['claim.refused', 'claim.done', 'key.refused'],
});

export const whoAmI = route({
  name: 'whoAmI', method: 'GET', path: '/v1/whoami', action: 'self:read',
  summary: 'Who is asking.',
  input: z.strictObject({}),
  output: z.strictObject({ principal: PrincipalId, kind: z.enum(['human', 'workload', 'agent']), name: Name, displayName: DisplayName, credential: CredentialId }),
  faults: [],
});

export const addHuman = route({
  name: 'addHuman', method: 'POST', path: '/v1/humans', action: 'human:add', summary: 'Add a person.',
  input: z.strictObject({ name: Name, displayName: DisplayName, title: PlainText.max(120).default(''), groups: z.array(Name).max(100).default([]), roles: z.array(Name).max(20).default([]) }),
  output: Human, faults: ['name.taken'],
});
export const listHumans = route({
  name: 'listHumans', method: 'GET', path: '/v1/humans', action: 'human:read', summary: 'People.',
  input: z.strictObject({}), output: list(Human), faults: [],
});
export const getHuman = route({
  name: 'getHuman', method: 'GET', path: '/v1/humans/{human}', action: 'human:read', summary: 'One person, by id or name, with what they answer for.',
  input: z.strictObject({ human: z.union([HumanId, Name]) }),
  output: z.strictObject({ human: Human, answersFor: z.array(Agent), deputyOf: z.array(Agent) }), faults: ['human.not_found'],
});
export const changeHuman = route({
  name: 'changeHuman', method: 'POST', path: '/v1/humans/{human}', action: 'human:change', summary: 'Change groups, roles or state of a person.',
  input: z.strictObject({ human: z.union([HumanId, Name]), groups: z.array(Name).max(100).optional(), roles: z.array(Name).max(20).optional(), state: HumanState.optional() }),
  output: Human, faults: ['human.not_found', 'human.not_active', 'human.last_administrator'],
});

const answeredFor = { owner: z.union([HumanId, Name]), deputies: z.array(z.union([HumanId, Name])).max(10).default([]) };

export const registerWorkload = route({
  name: 'registerWorkload', method: 'POST', path: '/v1/workloads', action: 'workload:register', summary: 'Register a workload.',
  input: z.strictObject({ name: Name, displayName: DisplayName, ...answeredFor }),
  output: Workload, faults: ['name.taken', 'human.not_found', 'human.not_active'],
});
export const listWorkloads = route({
  name: 'listWorkloads', method: 'GET', path: '/v1/workloads', action: 'workload:read', summary: 'Workloads.',
  input: z.strictObject({}), output: list(Workload), faults: [],
});
export const moveWorkload = route({
  name: 'moveWorkload', method: 'POST', path: '/v1/workloads/{workload}/state', action: 'workload:move', summary: 'Activate, suspend or retire a workload.',
  input: z.strictObject({ workload: z.union([WorkloadId, Name]), to: PrincipalState, reason }),
  output: Workload, faults: ['workload.not_found', 'agent.move_refused'],
});

export const registerAgent = route({
  name: 'registerAgent', method: 'POST', path: '/v1/agents', action: 'agent:register', summary: 'Register an agent: its purpose and who answers for it.',
  input: z.strictObject({ name: Name, displayName: DisplayName, purpose: PlainText.min(1).max(500), ...answeredFor, riskTier: RiskTier.default('medium'), autonomy: Autonomy.default('act_within_limits'), manifest: Manifest.default({}) }),
  output: Agent, faults: ['name.taken', 'human.not_found', 'human.not_active'],
});
export const listAgents = route({
  name: 'listAgents', method: 'GET', path: '/v1/agents', action: 'agent:read', summary: 'Agents.',
  input: z.strictObject({ state: PrincipalState.optional() }), output: list(Agent), faults: [],
});
export const getAgent = route({
  name: 'getAgent', method: 'GET', path: '/v1/agents/{agent}', action: 'agent:read', summary: 'One agent, by id or name, with its keys and who answers for it.',
  input: z.strictObject({ agent: z.union([AgentId, Name]) }),
  output: z.strictObject({ agent: Agent, owner: Human, credentials: z.array(Credential) }), faults: ['agent.not_found'],
});
export const changeAgent = route({
  name: 'changeAgent', method: 'POST', path: '/v1/agents/{agent}', action: 'agent:change', summary: 'Change what is said of an agent, or who answers for it.',
  input: z.strictObject({
    agent: z.union([AgentId, Name]), displayName: DisplayName.optional(), purpose: PlainText.min(1).max(500).optional(), owner: z.union([HumanId, Name]).optional(),
    deputies: z.array(z.union([HumanId, Name])).max(10).optional(), riskTier: RiskTier.optional(), autonomy: Autonomy.optional(), manifest: Manifest.optional(),
  }),
  output: Agent, faults: ['agent.not_found', 'human.not_found', 'human.not_active'],
});
export const moveAgent = route({
  name: 'moveAgent', method: 'POST', path: '/v1/agents/{agent}/state', action: 'agent:move', summary: 'Activate, suspend or retire an agent.',
  input: z.strictObject({ agent: z.union([AgentId, Name]), to: PrincipalState, reason }),
  output: Agent, faults: ['agent.not_found', 'agent.move_refused'],
});

export const openEnrolment = route({
  name: 'openEnrolment', method: 'POST', path: '/v1/enrolments', action: 'enrolment:open', summary: 'Make a single-use code with which a principal enrols a key.',
  input: z.strictObject({ principal: z.union([PrincipalId, Name]), seconds: z.int().min(30).max(3600).default(900) }),
  output: z.strictObject({ principal: PrincipalId, code: z.string(), expiresAt: Instant }), faults: ['agent.not_found', 'human.not_found'],
});
export const openRegistration = route({
  name: 'openRegistration', method: 'POST', path: '/v1/registrations', action: 'agent:register', summary: 'Make the initial access token with which one client registers itself as a draft (RFC 7591).',
  input: z.strictObject({ owner: z.union([HumanId, Name]), seconds: z.int().min(60).max(604_800).default(3_600) }),
  output: z.strictObject({ owner: HumanId, token: z.string(), expiresAt: Instant }), faults: ['human.not_found', 'human.not_active'],
});
export const enrolKey = route({
  name: 'enrolKey', method: 'POST', path: '/v1/enrol', action: 'key:enrol', door: 'code',
  summary: 'Enrol a public key with a single-use code. The private key stays where it was made.',
  input: z.strictObject({ code: z.string().min(20).max(100), jwk: PublicJwk, label: DisplayName.default('instance') }),
  output: z.strictObject({ principal: PrincipalId, name: Name, credential: Credential, issuer: z.string(), gateway: z.string().describe('Public address of the gateway: systems are at <gateway>/mcp/<system>.') }),
  faults: ['enrolment.refused', 'key.refused'],
});
export const revokeCredential = route({
  name: 'revokeCredential', method: 'POST', path: '/v1/credentials/{credential}/revoke', action: 'credential:revoke', summary: 'End a key, and every token that is bound to it.',
  input: z.strictObject({ credential: CredentialId }), output: Credential, faults: ['client.unknown'],
});
