import { fromPlain, isExactRecord, type ExactRecord } from '@surety/contract/exact-json';
import { MandateDocument } from '@surety/contract/mandate';
import type { CallFacts, TaskFacts } from '@surety/decision/call-facts';
import { callRequest } from '@surety/decision/call-request';
import { openCedar } from '@surety/decision/cedar-engine';
import { openCedarWasm } from '@surety/decision/cedar-wasm-engine';
import { compileMandate } from '@surety/decision/compile-mandate';
import type { PolicyEngine, PolicyRequest, PolicyText, Verdict } from '@surety/decision/policy-engine';
import { type MandatePolicies, prepareMandate, prepareOrganisation, prepareRole } from '@surety/decision/policy-set';
import { defaultOrganisationPolicy, defaultRoles } from '@surety/server/policy/default-policy';

/** Whether a call is within its agent's mandate or asks for more. */
export type Asked = 'within' | 'beyond';

/**
 * Agents, each with a mandate of one permission with limits, an owner with a role, and the policy of a new house. A call comes
 * from a chain of `links` agents: the caller, and above it those that passed it on.
 */
export type DecideWorld = {
  readonly mandates: number;
  readonly links: number;
  readonly engine: PolicyEngine;
  /** What our decision is made on; the same object for the same agent and question. */
  facts(at: number, asked: Asked): CallFacts;
  /** The numbers of the agents of the chain that ends with this one, the caller first. */
  chainOf(at: number): readonly number[];
  /** The same call as a question to Cedar, made before, asked about one agent. */
  request(at: number, asked: Asked): PolicyRequest;
  /** Every mandate in one set. */
  readonly everyone: { evaluate(request: PolicyRequest): Verdict };
  close(): void;
};

const now = Date.parse('2026-06-10T10:00:00Z');
const ownerId = 'hum_00000000000000000000000001';
const amounts: Readonly<Record<Asked, ExactRecord>> = { within: args(20), beyond: args(420) };

/** Mandates that were compiled and taken in once, for chains of any length. */
export type DecideHouse = { readonly mandates: number; world(links: number): DecideWorld; close(): void };

export function openDecideHouse(mandates: number): DecideHouse {
  const engine = openCedar();
  const compiled = Array.from({ length: mandates }, (_, at) => compileOne(at));
  const prepared = compiled.map((mandate) => prepareMandate(engine, mandate));
  const roles = [
    { name: 'owner', revision: 1, policies: prepareRole(engine, { name: 'owner', text: defaultRoles.owner.answersFor }) },
  ];
  const organisation = { version: 1, policies: prepareOrganisation(engine, defaultOrganisationPolicy) };
  const everyone = openSet(compiled.flatMap(({ permits }) => permits));
  return {
    mandates,
    close: () => everyone.close(),
    world: (links) => {
      const chainOf = (at: number) => Array.from({ length: links }, (_, above) => (at + above * 7) % mandates);
      const facts = ofEach((at, asked) => ({ ...chainFacts(chainOf(at), prepared), roles, organisation, call: callOf(asked) }));
      const request = ofEach((at, asked) =>
        requestOf({ ...linkFacts(at, prepared[at]), roles, organisation, call: callOf(asked) }),
      );
      return { mandates, links, engine, facts, chainOf, request, everyone, close: () => undefined };
    },
  };
}

function ofEach<One>(make: (at: number, asked: Asked) => One): (at: number, asked: Asked) => One {
  const made = { within: new Map<number, One>(), beyond: new Map<number, One>() };
  return (at, asked) => {
    const known = made[asked].get(at) ?? make(at, asked);
    made[asked].set(at, known);
    return known;
  };
}

function compileOne(at: number) {
  const document = MandateDocument.parse({
    agent: agentId(at),
    purpose: 'Refunds what customers return',
    autonomy: 'act_within_limits',
    expiresAt: '2026-12-31T00:00:00Z',
    permissions: [
      { system: 'payments', actions: ['refund'], where: { '/amount': { max: '250' }, '/currency': { in: ['EUR', 'USD'] } } },
    ],
  });
  const compilation = compileMandate({ id: `man_${String(at).padStart(26, '0')}`, document });
  if (!compilation.ok) throw new Error('a mandate of our own does not compile');
  return compilation.mandate;
}

function agentId(at: number): string {
  return `agt_${String(at).padStart(26, '0')}`;
}

type LinkFacts = Omit<CallFacts, 'roles' | 'organisation' | 'call'>;

/** The facts of an agent that acts by itself. */
function linkFacts(at: number, policies: MandatePolicies | undefined): LinkFacts {
  const agent = agentId(at);
  return {
    nowMs: now,
    isFresh: true,
    agent: { id: agent, name: `agent-${at}`, state: 'active', riskTier: 'medium', autonomy: 'act', owner: ownerId },
    owner: { id: ownerId, name: 'maya', state: 'active', roles: ['owner'], groups: ['support'] },
    task: rootTask(taskId(at), agent),
    chain: [],
    requester: undefined,
    system: { id: 'sys_1', name: 'payments', revision: 1 },
    operation: { name: 'refund', effect: 'money', definitionDigest: 'definition-1' },
    mandate: { id: `man_${at}`, version: 1, documentDigest: 'digest', signatureHolds: true, policies },
    approval: undefined,
  };
}

/** The caller first: what hangs below the last of them, which began by itself. */
function chainFacts(chain: readonly number[], prepared: readonly MandatePolicies[]): LinkFacts {
  const links = chain.toReversed().map((at) => linkFacts(at, prepared[at]));
  const tasks = links.map(({ task, agent }, depth): TaskFacts => {
    const above = links[depth - 1];
    if (task === undefined || agent === undefined) throw new Error('a link of our own lacks something');
    if (above === undefined) return task;
    const hop = { details: null, audiences: null, depthLeft: 4, expiresAtMs: now + 60_000, policies: null };
    const [root] = links;
    return {
      ...task,
      requester: above.agent?.id ?? '',
      parent: above.task?.id ?? '',
      root: root?.task?.id ?? '',
      depth,
      hop,
    };
  });
  const own = links.at(-1);
  if (own === undefined) throw new Error('a chain has a link');
  const above = links
    .slice(0, -1)
    .map(({ agent, owner, mandate }, depth) => ({ agent, owner, mandate, task: placed(tasks, depth) }));
  return { ...own, task: placed(tasks, tasks.length - 1), chain: above };
}

function placed(tasks: readonly TaskFacts[], depth: number): TaskFacts {
  const task = tasks[depth];
  if (task === undefined) throw new Error('every link has a task');
  return task;
}

function taskId(at: number): string {
  return `tsk_${String(at).padStart(26, '0')}`;
}

function rootTask(id: string, agent: string): TaskFacts {
  const expiresAtMs = now + 60_000;
  return {
    id,
    agent,
    requester: agent,
    trigger: 'agent',
    state: 'open',
    expiresAtMs,
    parent: null,
    root: id,
    depth: 0,
    hop: null,
  };
}

function callOf(asked: Asked): CallFacts['call'] {
  return { systemName: 'payments', operationName: 'refund', arguments: amounts[asked] };
}

function args(amount: number): ExactRecord {
  const value = fromPlain({ amount, currency: 'EUR', charge: 'ch_10293', reason: 'The customer returned the goods unopened.' });
  if (!isExactRecord(value)) throw new TypeError('arguments are an object');
  return value;
}

/** With what the mandates look at and no more. */
function requestOf(facts: CallFacts): PolicyRequest {
  const { nowMs, agent, owner, task, system, operation, mandate } = facts;
  const needs = mandate?.policies?.needs;
  if (
    agent === undefined ||
    owner === undefined ||
    task === undefined ||
    system === undefined ||
    operation === undefined ||
    needs === undefined
  ) {
    throw new Error('a call of our own lacks something');
  }
  return callRequest(
    { nowMs, agent, owner, task, chain: [], human: owner, system, operation, arguments: facts.call.arguments },
    needs,
  );
}

/** The official engine, stateful: parsed once, and a question is converted once, the first time it is asked. */
function openSet(policies: readonly PolicyText[]) {
  const engine = openCedarWasm({ maxSets: 1, maxPolicies: 1_000_000 });
  const handle = engine.prepare('everyone', policies);
  return { evaluate: (request: PolicyRequest) => engine.evaluate(handle, request), close: () => engine.release(handle) };
}
