import type { RoleDocument } from '@surety/contract/authority-routes';
import { toPlain } from '@surety/contract/exact-json';
import { PolicyTest } from '@surety/contract/lab';
import { MandateDocument } from '@surety/contract/mandate';
import { runPolicyTests } from '@surety/decision/lint/run-policy-tests';
import { type CallInputs, readInputs } from '#decision/call-inputs';
import { inputsPlace } from '#decision/inputs-place';
import { findMandateVersion } from '#delegation/mandate-store';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { openLogReader } from '#ledger/log-reader';
import { findPolicy } from '#policy/policy-store';
import { listRoles } from '#policy/role-store';
import type { LabRoom } from './lab-room.ts';

const decisionTypes = ['call.intended', 'call.denied', 'call.held'] as const;

/**
 * A recorded action as a test: who stood behind the call, the call, and what came out; with whether the test passes on what is
 * in force now. What a test cannot say (agents above, limits, a yes that was given) is not in it. Fault `action.not_found`, also
 * when its record cannot be read.
 */
export async function readActionTest(room: LabRoom, action: string): Promise<{ test: PolicyTest; passes: boolean }> {
  const inputs = await findInputs(room, action);
  const test = PolicyTest.parse({
    name: `as ${action}`,
    given: await givenOf(room.db, inputs),
    call: {
      system: inputs.call.system,
      operation: inputs.call.operation,
      effect: inputs.operation?.effect ?? 'unknown',
      arguments: toPlain(inputs.call.arguments),
    },
    expect: inputs.decision.outcome,
    reason: inputs.decision.reason,
  });
  return { test, passes: await passes(room, test) };
}

/** What the newest decision about an action was made on. */
async function findInputs({ db, sealer }: LabRoom, action: string): Promise<CallInputs> {
  const [entry] = await openLogReader(db).newest({ about: [action], types: decisionTypes, limit: 1 }, { sealed: true });
  try {
    const inputs = entry?.sealed ? readInputs(sealer.open(inputsPlace(entry.about, entry.type), entry.sealed)) : undefined;
    if (inputs !== undefined) return inputs;
  } catch {
    throw new Fault('action.not_found', 'what is sealed beside its record does not open');
  }
  throw new Fault('action.not_found');
}

async function givenOf(db: Tx, { agent, owner, requester, mandate, task, roles, nowMs, flow }: CallInputs) {
  const stored = agent === null || mandate === null ? undefined : await findMandateVersion(db, agent.id, mandate.version);
  const document = MandateDocument.safeParse(stored?.document);
  const person = (one: CallInputs['owner']) => one && { name: one.name, roles: one.roles, groups: one.groups };
  return {
    ...(agent === null ? {} : { agent: { name: agent.name, riskTier: agent.riskTier, autonomy: agent.autonomy } }),
    ...(owner === null ? {} : { owner: person(owner) }),
    ...(requester === null ? {} : { requester: person(requester) }),
    roles: roles.map(({ name }) => name),
    ...(document.success ? { mandate: { autonomy: document.data.autonomy, permissions: document.data.permissions } } : {}),
    at: new Date(nowMs).toISOString(),
    ...(task === null ? {} : { trigger: task.trigger }),
    ...(flow === undefined || flow.labels.length === 0 ? {} : { labels: flow.labels.map(({ name }) => name) }),
    ...(flow === undefined || flow.values.length === 0
      ? {}
      : { from: Object.fromEntries(flow.values.map(({ pointer, found }) => [pointer, found])) }),
  };
}

async function passes({ db, engine }: LabRoom, test: PolicyTest): Promise<boolean> {
  const policy = await findPolicy(db);
  const roles = Object.fromEntries((await listRoles(db)).map(({ name, document }): [string, RoleDocument] => [name, document]));
  return runPolicyTests({ policy: policy ?? { text: '' }, roles }, [test], engine).passed === 1;
}
