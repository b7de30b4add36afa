import type { RoleDocument } from '@surety/contract/authority-routes';
import type { PolicyChange, PolicyEffect } from '@surety/contract/lab';
import { compileMandate } from '@surety/decision/compile-mandate';
import { decideTests, runPolicyTests, type TestedDocuments } from '@surety/decision/lint/run-policy-tests';
import { listSystems } from '#catalogue/system-store';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { documentDigest } from '#policy/document-digest';
import { checkPolicies } from '#policy/check-policies';
import { listRoles } from '#policy/role-store';
import { lintChange } from './check-offline.ts';
import { comparePairs } from './compare-pairs.ts';
import { openCountAnew } from './count-anew.ts';
import { dateInForce, type InForce, readBaseline, readInForce } from './documents-in-force.ts';
import type { LabRoom } from './lab-room.ts';
import { prepareDocuments } from './prepare-change.ts';
import { replayDecisions } from './replay-decisions.ts';

export type EffectWindow = { readonly days: number; readonly seconds: number };

/** More than this share of the calls that went out needs tests that say so, or a second person. */
export const cutLimit = 0.05;

/** Refuses what the decision point could not read. Faults `policy.invalid`, `mandate.invalid`, with where and why. */
export function checkChange({ policy, roles = {}, mandate }: PolicyChange): void {
  if (policy !== undefined) checkPolicies(policy.text, { path: '/change/policy/text' });
  for (const [name, { answersFor, may }] of Object.entries(roles)) {
    checkPolicies(answersFor, { path: `/change/roles/${name}/answersFor`, holds: false });
    if (may !== undefined) checkPolicies(may, { path: `/change/roles/${name}/may`, holds: false });
  }
  const compiled = mandate && compileMandate({ id: 'proposed', document: mandate });
  if (compiled === undefined || compiled.ok) return;
  const issues = compiled.issues.map(({ path, message }) => ({ path: `/change/mandate${path}`, message }));
  throw new Fault('mandate.invalid', undefined, { issues });
}

/**
 * What a change would do. Changes nothing. Faults `policy.invalid`, `mandate.invalid`; `service.overloaded` when too many ask.
 */
export async function readEffect(room: LabRoom, change: PolicyChange, window: EffectWindow): Promise<PolicyEffect> {
  checkChange(change);
  return room.turns.take(() => workOut(room, change, window));
}

async function workOut(room: LabRoom, given: PolicyChange, { days, seconds }: EffectWindow): Promise<PolicyEffect> {
  const { db, engine, clock } = room;
  const nowMs = clock();
  const change = narrowChange(given, await readInForce(db, given));
  const inForce = await readInForce(db, change);
  const before = await readBaseline(db, change, inForce, nowMs);
  const whole = wholeChange(change, inForce);
  const proposed = prepareDocuments(engine, whole);
  const systems = await listSystems(db);
  const lint = lintChange(change, systems);
  const tested = await testChange(room, change, inForce, before);
  const startedAt = performance.now();
  const pairs = await comparePairs(room, proposed, seconds / 2);
  const replay = await replayDecisions(room, {
    days,
    seconds: Math.max(seconds - (performance.now() - startedAt) / 1000, 0.05),
    proposed,
    current: dateInForce(engine, change, inForce),
    baseline: dateInForce(engine, change, before),
    countAnew: openCountAnew(room.meters, systems),
    isTested: (system, operation) => tested.meant.has(`${system}.${operation}`),
  });
  const why = whySecond(change, replay);
  return { at: instant(nowMs), base: inForce.base, pairs, replay, tests: tested.result, lint, needsSecond: why !== '', why };
}

/** A change without the roles that it leaves as they are. */
export function narrowChange(change: PolicyChange, { roles: now }: Pick<InForce, 'roles'>): PolicyChange {
  const { roles, ...rest } = change;
  const same = new Set(
    now
      .filter((role) => documentDigest(role.document) === documentDigest(roles?.[role.name] ?? {}))
      .map(({ name }) => name as string),
  );
  const other = Object.entries(roles ?? {}).filter(([name]) => !same.has(name));
  return other.length === 0 ? rest : { ...rest, roles: Object.fromEntries(other) };
}

/** A change with the rules about the past that it leaves as they are. */
function wholeChange(change: PolicyChange, { policy: { rules } }: InForce): PolicyChange {
  const { policy } = change;
  return policy === undefined ? change : { ...change, policy: { ...policy, rules: policy.rules ?? [...(rules ?? [])] } };
}

/** A mandate is its owner's to narrow, and signed; policy and roles concern everyone. */
function whySecond({ policy, roles }: PolicyChange, replay: PolicyEffect['replay']): string {
  if (policy === undefined && Object.keys(roles ?? {}).length === 0) return '';
  const { allowed, cutUntested, notReplayable, decisions } = replay;
  if (cutUntested > allowed * cutLimit)
    return `It would cut ${cutUntested} of ${allowed} calls that went out (${percent(cutUntested, allowed)}), and no test says that this is meant.`;
  if (notReplayable > (decisions + notReplayable) * cutLimit)
    return `What it would cut cannot be told: ${notReplayable} of ${decisions + notReplayable} recorded decisions cannot be made again.`;
  return '';
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((part / whole) * 100).toFixed(1)} %`;
}

/**
 * Runs the tests, and says of which operations they mean a cut: a test that passes, and whose call would have gone by itself
 * under what the cut is measured against.
 */
async function testChange({ db, engine }: LabRoom, change: PolicyChange, inForce: InForce, before: InForce) {
  const all = Object.fromEntries((await listRoles(db)).map(({ name, document }): [string, RoleDocument] => [name, document]));
  const then: TestedDocuments = {
    policy: wholeChange(change, inForce).policy ?? inForce.policy,
    roles: { ...all, ...change.roles },
  };
  const earlier = Object.fromEntries(before.roles.map(({ name, document }): [string, RoleDocument] => [name, document]));
  const now: TestedDocuments = { policy: before.policy, roles: { ...all, ...earlier } };
  const result = runPolicyTests(then, change.tests, engine);
  const cuts = result.passed < result.total ? [] : change.tests.filter(({ expect }) => expect !== 'permit');
  const decided = decideTests(now, cuts, engine);
  const wouldGo = cuts.filter((_, at) => isPermit(decided[at]));
  const meant = wouldGo.map(({ call }) => `${call.system}.${call.operation}`);
  return { result, meant: new Set(meant) };
}

function isPermit(decided: ReturnType<typeof decideTests>[number] | undefined): boolean {
  return typeof decided === 'object' && decided.outcome === 'permit';
}
