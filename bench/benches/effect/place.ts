import type { GuardedOperation } from '@surety/contract/enforcement';
import { MandateDocument } from '@surety/contract/mandate';
import type { CallFacts } from '@surety/decision/call-facts';
import { compileMandate } from '@surety/decision/compile-mandate';
import { definitionDigest } from '@surety/decision/definition-digest';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import { prepareMandate, prepareOrganisation, prepareRole } from '@surety/decision/policy-set';
import { classifyEffect } from '@surety/server/catalogue/classify-effect';
import { classifyFlow } from '@surety/server/catalogue/classify-flow';
import { classifySystem } from '@surety/server/catalogue/classify-labels';
import { defaultOrganisationPolicy, defaultRoles } from '@surety/server/policy/default-policy';
import { AgentDefinition } from './agent-definition.ts';
import type { TraceTool } from './trace.ts';

/** A system of an agent, as a guard sees it, with the documentation of its tools. */
export type PlaceSystem = {
  readonly name: string;
  readonly inside: boolean;
  readonly labels: readonly string[];
  readonly operations: ReadonlyMap<string, GuardedOperation>;
  readonly tools: readonly TraceTool[];
};

/** One agent with its systems, and all that a decision about its calls stands on but the call. */
export type Place = {
  readonly definition: AgentDefinition;
  readonly systems: readonly PlaceSystem[];
  /** The system that has an operation; the first for one that none has. */
  systemOf(tool: string): PlaceSystem;
  readonly standing: Omit<CallFacts, 'system' | 'operation' | 'call' | 'approval'>;
};

const now = Date.parse('2026-06-10T10:00:00Z');
const person = 'hum_00000000000000000000000001';
const agent = 'agt_00000000000000000000000001';

/** The mandate of an agent: every operation of its own systems. What it is for is kept by the flow of information. */
export function permissionsOf({ systems }: Pick<AgentDefinition, 'systems'>): MandateDocument['permissions'] {
  return systems.map(({ name }) => ({ system: name, actions: ['*'] }));
}

/**
 * Sets up an agent from its definition and the documentation of its tools: by the product's own rules, and a person's word
 * after them.
 */
export function openPlace(engine: PolicyEngine, given: AgentDefinition, tools: readonly TraceTool[]): Place {
  const definition = AgentDefinition.parse(given);
  const named = new Set(definition.systems.flatMap(({ operations = [] }) => operations));
  const systems = definition.systems.map(({ name, inside, operations }): PlaceSystem => {
    const own = tools.filter((tool) => operations?.includes(tool.name) ?? !named.has(tool.name));
    const upstream = { kind: 'mcp-http', url: 'http://127.0.0.1/mcp', inside } as const;
    const guarded = own.map((tool) => [tool.name, operationOf(tool, definition)] as const);
    return { name, inside, labels: classifySystem(upstream), operations: new Map(guarded), tools: own };
  });
  const [first] = systems;
  if (first === undefined) throw new Error('an agent has a system');
  return {
    definition,
    systems,
    systemOf: (tool) => systems.find(({ operations }) => operations.has(tool)) ?? first,
    standing: standingOf(engine, definition),
  };
}

function operationOf(tool: TraceTool, { operations = {} }: AgentDefinition): GuardedOperation {
  const word = Object.hasOwn(operations, tool.name) ? operations[tool.name] : undefined;
  const definition = { name: tool.name, inputSchema: tool.inputSchema };
  const effect = word?.effect ?? classifyEffect(tool.name);
  const flow = classifyFlow(tool, effect);
  const { labels = flow.labels, fields = flow.fields, guards = flow.guards } = word ?? {};
  return { name: tool.name, effect, definitionDigest: definitionDigest(definition), classified: true, labels, fields, guards };
}

function standingOf(engine: PolicyEngine, definition: AgentDefinition): Place['standing'] {
  const document = MandateDocument.parse({
    agent,
    purpose: definition.purpose,
    // Nothing is asked about for its effect alone: what is asked is what the flow of information asks.
    autonomy: 'act',
    expiresAt: '2026-12-31T00:00:00Z',
    permissions: permissionsOf(definition),
  });
  const compilation = compileMandate({ id: 'man_00000000000000000000000001', document });
  if (!compilation.ok) throw new Error('a mandate of our own does not compile');
  const policies = prepareMandate(engine, compilation.mandate);
  const human = { id: person, name: 'maya', state: 'active', roles: ['owner'], groups: [] } as const;
  return {
    nowMs: now,
    isFresh: true,
    agent: { id: agent, name: 'agent', state: 'active', riskTier: 'medium', autonomy: 'act', owner: person },
    owner: human,
    task: {
      id: 'tsk_1',
      agent,
      requester: agent,
      trigger: 'agent',
      state: 'open',
      expiresAtMs: now + 60_000,
      parent: null,
      root: 'tsk_1',
      depth: 0,
      hop: null,
    },
    chain: [],
    requester: undefined,
    roles: [
      { name: 'owner', revision: 1, policies: prepareRole(engine, { name: 'owner', text: defaultRoles.owner.answersFor }) },
    ],
    organisation: { version: 1, policies: prepareOrganisation(engine, defaultOrganisationPolicy) },
    mandate: { id: 'man_1', version: 1, documentDigest: 'digest', signatureHolds: true, policies },
  };
}
