import * as z from 'zod';
import { HistoryRules } from './history.ts';
import { AgentId, CredentialId, DisplayName, HumanId, Instant, MandateId, Name, PlainText, SystemId, TaskId } from './id.ts';
import { Mandate, MandateDocument } from './mandate.ts';
import { route } from './route.ts';
import { CredentialPlace, Effect, System, Upstream } from './system.ts';
import { Task, TaskView } from './task.ts';

const list = <Item extends z.ZodType>(item: Item) => z.strictObject({ items: z.array(item) });
const systemRef = z.union([SystemId, Name]);

export const giveMandate = route({
  name: 'giveMandate', method: 'POST', path: '/v1/mandates', action: 'mandate:give', summary: 'Give an agent a mandate, signed by the person who gives it. Replaces the one before.',
  input: z.strictObject({ document: MandateDocument, signature: z.string().max(4000) }),
  output: Mandate, faults: ['agent.not_found', 'mandate.invalid', 'signature.invalid'],
});
export const readMandate = route({
  name: 'readMandate', method: 'POST', path: '/v1/mandates/read', action: 'mandate:read', summary: 'Say what a mandate document means, and its digest to sign. Changes nothing.',
  input: z.strictObject({ document: MandateDocument }),
  output: z.strictObject({ digest: z.string(), sentences: z.array(z.string()), changes: z.array(z.string()).optional().describe('What it changes against the mandate that is in force, in words. Left out when there is none.'), policies: z.array(z.strictObject({ id: z.string(), text: z.string() })) }), faults: ['mandate.invalid'],
});
export const listMandates = route({
  name: 'listMandates', method: 'GET', path: '/v1/mandates', action: 'mandate:read', summary: 'Mandates, newest first.',
  input: z.strictObject({ agent: z.union([AgentId, Name]).optional(), all: z.stringbool().default(false) }), output: list(Mandate), faults: ['agent.not_found'],
});
export const getMandate = route({
  name: 'getMandate', method: 'GET', path: '/v1/mandates/{mandate}', action: 'mandate:read', summary: 'One mandate.',
  input: z.strictObject({ mandate: MandateId }), output: Mandate, faults: ['mandate.not_found'],
});
export const endMandate = route({
  name: 'endMandate', method: 'POST', path: '/v1/mandates/{mandate}/end', action: 'mandate:end', summary: 'End a mandate now.',
  input: z.strictObject({ mandate: MandateId }), output: Mandate, faults: ['mandate.not_found'],
});

export const addSystem = route({
  name: 'addSystem', method: 'POST', path: '/v1/systems', action: 'system:add', summary: 'Protect an MCP server: by address, or by command.',
  input: z.strictObject({
    name: Name, displayName: DisplayName.optional(), systemOwner: z.union([HumanId, Name]).optional(), upstream: Upstream,
    credential: z.strictObject({ place: CredentialPlace, value: z.string().min(1).max(20_000) }).optional(),
  }),
  output: System, faults: ['name.taken', 'human.not_found', 'human.not_active', 'system.unreachable', 'system.command_refused'],
});
export const listSystems = route({
  name: 'listSystems', method: 'GET', path: '/v1/systems', action: 'system:read', summary: 'Protected systems.',
  input: z.strictObject({}), output: list(System), faults: [],
});
export const getSystem = route({
  name: 'getSystem', method: 'GET', path: '/v1/systems/{system}', action: 'system:read', summary: 'One system, with its operations.',
  input: z.strictObject({ system: systemRef }), output: System, faults: ['system.not_found'],
});
export const refreshSystem = route({
  name: 'refreshSystem', method: 'POST', path: '/v1/systems/{system}/refresh', action: 'system:change', summary: 'Read the operations of a system again.',
  input: z.strictObject({ system: systemRef }), output: System, faults: ['system.not_found', 'system.unreachable'],
});
export const classifyOperation = route({
  name: 'classifyOperation', method: 'POST', path: '/v1/systems/{system}/operations/classify', action: 'system:change', summary: 'Say what an operation does to the world.',
  input: z.strictObject({ system: systemRef, operation: z.string().min(1).max(200), effect: Effect }), output: System, faults: ['system.not_found'],
});
export const removeSystem = route({
  name: 'removeSystem', method: 'DELETE', path: '/v1/systems/{system}', action: 'system:remove', summary: 'Stop protecting a system; nothing passes to it any more.',
  input: z.strictObject({ system: systemRef }), output: System, faults: ['system.not_found'],
});

/** A role: Cedar text that says what its holders may do in the API, and what they may answer for. */
export const RoleDocument = z.strictObject({
  answersFor: z.string().max(50_000).describe('Cedar policies over the actions of agents that holders of this role may answer for.'),
  may: z.string().max(50_000).optional().describe('Cedar policies over what agents may do at the request of holders of this role. Nothing, when left out.'),
  description: PlainText.max(500).default(''),
}).meta({ id: 'RoleDocument' });
export type RoleDocument = z.infer<typeof RoleDocument>;
export const Role = z.strictObject({ name: Name, document: RoleDocument, revision: z.int(), setAt: Instant }).meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;

export const setRole = route({
  name: 'setRole', method: 'PUT', path: '/v1/roles/{role}', action: 'role:set', summary: 'Say what holders of a role may answer for.',
  input: z.strictObject({ role: Name, document: RoleDocument }), output: Role, faults: ['policy.invalid', 'policy.needs_second', 'policy.changed'],
});
export const listRoles = route({
  name: 'listRoles', method: 'GET', path: '/v1/roles', action: 'role:read', summary: 'Roles.',
  input: z.strictObject({}), output: list(Role), faults: [],
});

export const PolicyView = z.strictObject({ version: z.int(), text: z.string(), rules: HistoryRules.optional().describe('Rules about what happened before.'), publishedBy: z.string(), publishedAt: Instant }).meta({ id: 'Policy' });
export type PolicyView = z.infer<typeof PolicyView>;
export const getPolicy = route({
  name: 'getPolicy', method: 'GET', path: '/v1/policy', action: 'policy:read', summary: "The organisation's policy.",
  input: z.strictObject({}), output: PolicyView, faults: [],
});
export const checkPolicy = route({
  name: 'checkPolicy', method: 'POST', path: '/v1/policy/check', action: 'policy:read', summary: "Say whether a text can be the organisation's policy. Changes nothing.",
  input: z.strictObject({ text: z.string().max(500_000) }), output: z.strictObject({ policies: z.int().describe('How many policies it holds.') }), faults: ['policy.invalid'],
});
export const publishRules = route({
  name: 'publishRules', method: 'PUT', path: '/v1/policy/rules', action: 'policy:publish', summary: "Publish the organisation's rules about what happened before, beside its policy as it is.",
  input: z.strictObject({ rules: HistoryRules }), output: PolicyView, faults: ['policy.needs_second', 'policy.tests_failed', 'policy.changed'],
});
export const publishPolicy = route({
  name: 'publishPolicy', method: 'PUT', path: '/v1/policy', action: 'policy:publish', summary: "Publish the organisation's policy (Cedar).",
  input: z.strictObject({ text: z.string().max(500_000) }), output: PolicyView, faults: ['policy.invalid', 'policy.needs_second', 'policy.tests_failed', 'policy.changed'],
});

export const listTasks = route({
  name: 'listTasks', method: 'GET', path: '/v1/tasks', action: 'task:read', summary: 'Tasks, newest first; or the whole tree of one, from the top, in the order in which it hangs.',
  input: z.strictObject({
    agent: z.union([AgentId, Name]).optional(), instance: CredentialId.optional().describe('Opened by the instance with this key.'),
    tree: TaskId.optional().describe('The tree that this task is in, ended tasks too.'), all: z.stringbool().default(false).describe('Also what has ended.'),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
  }),
  output: list(TaskView), faults: ['agent.not_found', 'task.not_found'],
});
export const getTask = route({
  name: 'getTask', method: 'GET', path: '/v1/tasks/{task}', action: 'task:read', summary: 'One task.',
  input: z.strictObject({ task: TaskId }), output: Task, faults: ['task.not_found'],
});
export const endTask = route({
  name: 'endTask', method: 'POST', path: '/v1/tasks/{task}/end', action: 'task:end', summary: 'End a task and every token for it.',
  input: z.strictObject({ task: TaskId }), output: Task, faults: ['task.not_found'],
});
