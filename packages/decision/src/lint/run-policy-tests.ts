import type { RoleDocument } from '@surety/contract/authority-routes';
import type { Decision } from '@surety/contract/decision';
import type { PolicyTest, TestResult } from '@surety/contract/lab';
import type { HistoryRule } from '@surety/contract/history';
import type { Permission } from '@surety/contract/mandate';
import { fromPlain, isExactRecord } from '@surety/contract/exact-json';
import type { AgentFacts, CallFacts, HumanFacts, RoleFacts, TaskFacts } from '../call-facts.ts';
import { compileMandate } from '../compile-mandate.ts';
import type { CountFacts } from '../counts/count-facts.ts';
import { decide } from '../decide.ts';
import type { FlowFacts, FlowSource } from '../flow/flow-facts.ts';
import type { PolicyEngine } from '../policy-engine.ts';
import { type PolicySet, prepareMandate, prepareMay, prepareOrganisation, prepareRole } from '../policy-set.ts';

/** What tests are run against: the policy, and the roles that tests may name. */
export type TestedDocuments = {
  readonly policy: { readonly text: string; readonly rules?: readonly HistoryRule[] | undefined };
  readonly roles: Readonly<Record<string, RoleDocument>>;
};

/** How many failures are told. */
const maxFailures = 100;

/** Runs tests beside a policy, each as one decision of the decision point itself. */
export function runPolicyTests(documents: TestedDocuments, tests: readonly PolicyTest[], engine: PolicyEngine): TestResult {
  const decided = decideTests(documents, tests, engine);
  const failures = tests.flatMap((one, at) => failureOf(one, decided[at] ?? 'not decided') ?? []);
  return { total: tests.length, passed: tests.length - failures.length, failures: failures.slice(0, maxFailures) };
}

/** What the calls of tests come to; a sentence for a test that cannot be put together. */
export function decideTests(
  documents: TestedDocuments,
  tests: readonly PolicyTest[],
  engine: PolicyEngine,
): (Decision | string)[] {
  const prepared = prepareDocuments(documents, engine);
  return tests.map((one) => decideTest(one, prepared, engine));
}

type Prepared = {
  readonly organisation: PolicySet | undefined;
  readonly rules: readonly HistoryRule[];
  readonly role: (name: string, asks: boolean) => PolicySet | undefined;
};

function prepareDocuments({ policy, roles }: TestedDocuments, engine: PolicyEngine): Prepared {
  const kept = new Map<string, PolicySet | undefined>();
  return {
    organisation: prepareOrganisation(engine, policy.text),
    rules: policy.rules ?? [],
    role: (name, asks) => {
      const key = `${name}/${String(asks)}`;
      if (!kept.has(key)) kept.set(key, prepare(name, asks));
      return kept.get(key);
    },
  };

  function prepare(name: string, asks: boolean): PolicySet | undefined {
    const document = Object.hasOwn(roles, name) ? roles[name] : undefined;
    if (document === undefined) return undefined;
    return asks
      ? prepareMay(engine, { name, text: document.may ?? '' })
      : prepareRole(engine, { name, text: document.answersFor });
  }
}

function decideTest(test: PolicyTest, prepared: Prepared, engine: PolicyEngine): Decision | string {
  const facts = factsOf(test, prepared, engine);
  return typeof facts === 'string' ? facts : decide(facts, engine);
}

const ids = { agent: 'agt_tested', owner: 'hum_owner', requester: 'hum_requester', task: 'tsk_tested', system: 'sys_tested' };
const everything = `@id("everything") permit (principal is Agent, action, resource);`;
/** Noon of a Wednesday: inside the working hours of most of the world. */
const noon = Date.parse('2026-01-07T12:00:00Z');

function factsOf({ given, call }: PolicyTest, prepared: Prepared, engine: PolicyEngine): CallFacts | string {
  const args = argumentsOf(call.arguments);
  if (args === undefined) return 'its arguments hold what JSON cannot';
  const asks = given.requester !== undefined;
  const roles = rolesOf(given.roles, asks, prepared, engine);
  if (typeof roles === 'string') return roles;
  const { permissions = [{ system: call.system, actions: ['*'] }], autonomy = 'act' } = given.mandate ?? {};
  const mandate = mandateOf(permissions, autonomy, engine);
  if (mandate === undefined) return 'its mandate cannot be compiled';
  const nowMs = given.at === undefined ? noon : Date.parse(given.at);
  return {
    nowMs,
    isFresh: true,
    agent: agentOf(given.agent),
    owner: personOf(ids.owner, given.owner),
    task: taskOf(given, nowMs),
    system: { id: ids.system, name: call.system, revision: 1 },
    operation: { name: call.operation, effect: call.effect, definitionDigest: 'tested' },
    mandate,
    chain: [],
    requester: asks ? personOf(ids.requester, given.requester) : undefined,
    roles,
    organisation: { version: 1, policies: prepared.organisation, rules: prepared.rules },
    counts: countsOf(given.past ?? {}, prepared.rules),
    flow: flowOf(given),
    call: { systemName: call.system, operationName: call.operation, arguments: args },
    approval: undefined,
  };
}

function agentOf({ name = 'tested', riskTier = 'medium', autonomy = 'act' }: PolicyTest['given']['agent'] = {}): AgentFacts {
  return { id: ids.agent, name, state: 'active', riskTier, autonomy, owner: ids.owner };
}

/** A task at the root, for whoever asks. */
function taskOf({ requester, trigger }: PolicyTest['given'], nowMs: number): TaskFacts {
  const asked = requester !== undefined;
  return {
    id: ids.task,
    agent: ids.agent,
    requester: asked ? ids.requester : ids.agent,
    trigger: trigger ?? (asked ? 'human' : 'agent'),
    state: 'open',
    expiresAtMs: nowMs + 60_000,
    parent: null,
    root: ids.task,
    depth: 0,
    hop: null,
  };
}

/** What rules have found, as a test says it. */
function countsOf(past: Readonly<Record<string, number | string>>, rules: readonly HistoryRule[]): CountFacts | undefined {
  if (rules.length === 0) return undefined;
  return { limits: [], history: rules.map(({ id }) => ({ rule: id, found: String(past[id] ?? 0) })) };
}

const nowhere: FlowSource = { system: 'elsewhere', operation: 'tested', action: 'tested' };

function flowOf({ labels = [], from = {} }: PolicyTest['given']): FlowFacts {
  const values = Object.entries(from).map(([pointer, found]) => ({
    pointer,
    kind: 'text' as const,
    isWhole: true,
    found,
    labels: [],
  }));
  return { labels: labels.map((name) => ({ name, source: nowhere })), values, guards: [], purpose: 'unknown' };
}

function argumentsOf(given: Readonly<Record<string, unknown>>) {
  try {
    const exact = fromPlain(given);
    return isExactRecord(exact) ? exact : undefined;
  } catch {
    return undefined;
  }
}

type Person = {
  readonly name?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
};

function personOf(id: string, { name = 'somebody', roles = [], groups = [] }: Person = {}): HumanFacts {
  return { id, name, state: 'active', roles, groups };
}

/** Roles by name; without any, one that permits everything. */
function rolesOf(
  names: readonly string[] | undefined,
  asks: boolean,
  prepared: Prepared,
  engine: PolicyEngine,
): readonly RoleFacts[] | string {
  if (names === undefined)
    return [{ name: 'anyone', revision: 1, policies: prepareRole(engine, { name: 'anyone', text: everything }) }];
  const roles = names.map((name) => ({ name, revision: 1, policies: prepared.role(name, asks) }));
  const missing = roles.find(({ policies }) => policies === undefined);
  return missing === undefined ? roles : `there is no role ${missing.name} here that can be read`;
}

function mandateOf(
  permissions: readonly Permission[],
  autonomy: 'observe' | 'propose' | 'act_within_limits' | 'act',
  engine: PolicyEngine,
) {
  const document = {
    agent: ids.agent as never,
    purpose: 'tested',
    autonomy,
    expiresAt: '9999-01-01T00:00:00Z',
    permissions: [...permissions],
  };
  const compiled = compileMandate({ id: 'man_tested', document });
  if (!compiled.ok) return undefined;
  return {
    id: 'man_tested',
    version: 1,
    documentDigest: 'tested',
    signatureHolds: true,
    policies: prepareMandate(engine, compiled.mandate),
  };
}

/** What is not as the test says it has to be; undefined when all is. */
function failureOf(test: PolicyTest, decision: Decision | string): TestResult['failures'][number] | undefined {
  const { name, expect, reason, policy } = test;
  const expected = [expect, reason, policy].filter((one) => one !== undefined).join(', ');
  if (typeof decision === 'string') return { name, expected, found: 'not decided', because: decision };
  const named = decision.policies.map((id) => id.slice(id.indexOf('/') + 1));
  const isAsSaid =
    decision.outcome === expect &&
    (reason === undefined || decision.reason === reason) &&
    (policy === undefined || named.includes(policy) || decision.policies.includes(policy));
  if (isAsSaid) return undefined;
  return { name, expected, found: [decision.outcome, decision.reason, ...named].join(', '), because: decision.because };
}
