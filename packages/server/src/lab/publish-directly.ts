import type { PolicyView, Role, RoleDocument } from '@surety/contract/authority-routes';
import type { HistoryRule } from '@surety/contract/history';
import type { PolicyChange } from '@surety/contract/lab';
import type { PolicyVersion } from '@surety/contract/lab-routes';
import { announce } from '#change/announce';
import type { Caller } from '#kernel/answer';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { checkPolicies } from '#policy/check-policies';
import { findStage } from '#policy/policy-stage-store';
import {
  findPolicy,
  findPolicyBefore,
  findPolicyVersion,
  isReturn,
  lockPolicies,
  markReturn,
  wasInForce,
} from '#policy/policy-store';
import { findRole } from '#policy/role-store';
import { personBehind } from './author.ts';
import { checkTests, deployWindow } from './deploy-proposal.ts';
import { readInForce } from './documents-in-force.ts';
import type { LabRoom } from './lab-room.ts';
import { listPolicyTests } from './policy-test-set-store.ts';
import { labKey } from './proposal-life.ts';
import { endProposalOf } from './proposal-store.ts';
import { checkBase, endStageNow, isAsItIs, type Put, putChange } from './put-change.ts';
import { readEffect } from './read-effect.ts';
import { checkSecond } from './second-person.ts';

/**
 * Publishes the organisation's policy without a proposal: the tests that are kept with the present version must pass on it, and a
 * cut that needs a second person is refused. Faults `policy.invalid`, `policy.tests_failed`, `policy.needs_second`,
 * `policy.changed` when another version came meanwhile.
 */
export async function publishDirectly(room: LabRoom, caller: Caller, { text }: { readonly text: string }): Promise<PolicyView> {
  checkPolicies(text, { path: '/text' });
  return putPolicy(room, caller, { text });
}

/** Publishes the rules about what happened before, beside the policy as it is, without a proposal. The same faults. */
export async function publishRulesDirectly(
  room: LabRoom,
  caller: Caller,
  { rules }: { readonly rules: HistoryRule[] },
): Promise<PolicyView> {
  return putPolicy(room, caller, { text: (await inForce(room.db)).text, rules });
}

async function putPolicy(room: LabRoom, caller: Caller, policy: NonNullable<PolicyChange['policy']>): Promise<PolicyView> {
  const before = await inForce(room.db);
  if (isAsItIs(policy, before)) return before;
  const change = { policy, tests: await listPolicyTests(room.db, before.version) };
  await putDirectly(room, caller, change);
  return inForce(room.db);
}

/** Says what holders of a role may answer for and ask, without a proposal. The same faults. */
export async function setRoleDirectly(
  room: LabRoom,
  caller: Caller,
  { role: name, document }: { readonly role: string; readonly document: RoleDocument },
): Promise<Role> {
  checkPolicies(document.answersFor, { path: '/document/answersFor', holds: false });
  if (document.may !== undefined) checkPolicies(document.may, { path: '/document/may', holds: false });
  await putDirectly(room, caller, { roles: { [name]: document }, tests: [] });
  const role = await findRole(room.db, name);
  if (role === undefined) throw new Fault('internal', 'a role that was set is not there');
  return role;
}

/** How long after a version came into force it can be undone without further questions. */
const undoMs = 24 * 3600 * 1000;

/**
 * Puts what an earlier version said in force again. Without a number: ends the stage if there is one; else returns to the
 * version before the present one. To undo what was published within a day needs nobody else; any other return, and a return from
 * a return, obeys the same rules as a new policy. Faults `policy.version_not_found`, `policy.needs_second`, `policy.changed`.
 */
export async function rollBackPolicy(
  room: LabRoom,
  caller: Caller,
  { to }: { readonly to?: number | undefined },
): Promise<PolicyVersion> {
  const { db, clock } = room;
  if (to === undefined && (await findStage(db)) !== undefined) return endStageAlone(room, caller);
  const now = await inForce(db);
  const previous = await findPolicyBefore(db, now.version);
  const target = to === undefined ? previous : await findPolicyVersion(db, to);
  if (target === undefined) throw new Fault('policy.version_not_found');
  const isNew = clock() - Date.parse(now.publishedAt) < undoMs && !(await isReturn(db, now.version));
  const isUndo = isNew && target.version === previous?.version;
  const change = { policy: { text: target.text, rules: target.rules ?? [] }, tests: await listPolicyTests(db, target.version) };
  await putDirectly(room, caller, change, {
    isUndo,
    also: async (tx, { version }) => {
      await markReturn(tx, version, now.version);
      const data = { from: now.version, to: target.version, version };
      await record(tx, clock, { type: 'policy.rolled_back', actor: caller.principal, about: 'policy', data });
      await endProposalOf(tx, now.version, new Date(clock()).toISOString());
    },
  });
  return viewVersion(db, (await inForce(db)).version);
}

async function endStageAlone({ db, clock }: LabRoom, caller: Caller): Promise<PolicyVersion> {
  await db.transaction(async (tx) => {
    await lockPolicies(tx);
    await personBehind(tx, caller);
    await endStageNow(tx, clock, caller.principal);
    await announce(tx, [
      { what: 'changed', key: 'policy' },
      { what: 'changed', key: labKey },
    ]);
  });
  return viewVersion(db, (await inForce(db)).version);
}

type Extra = { readonly isUndo?: boolean; readonly also?: (tx: Tx, put: Put) => Promise<void> };

async function putDirectly(
  room: LabRoom,
  caller: Caller,
  change: PolicyChange,
  { isUndo = false, also }: Extra = {},
): Promise<void> {
  const { db, clock } = room;
  // What is in force when it is asked for, and not when its turn has come, is what it takes the place of.
  const asked = await readInForce(db, change);
  const effect = await readEffect(room, change, deployWindow);
  if (!isUndo) checkTests(effect);
  await db.transaction(async (tx) => {
    await lockPolicies(tx);
    await personBehind(tx, caller);
    await checkBase(tx, change, asked);
    if (!isUndo) await checkSecond(tx, { confirmedBy: null, confirmedCut: null }, effect);
    const put = await putChange(tx, clock, { actor: caller.principal, change, effect, isConfirmed: false });
    if (put.keys.length === 0) return;
    await also?.(tx, put);
    await announce(
      tx,
      [...put.keys, labKey].map((key) => ({ what: 'changed' as const, key })),
    );
  });
}

async function inForce(tx: Tx): Promise<PolicyView> {
  const policy = await findPolicy(tx);
  if (policy === undefined) throw new Fault('service.not_ready', 'the house has no organisation policy');
  return policy;
}

/** One version with its tests. Fault `policy.version_not_found`. */
export async function viewVersion(tx: Tx, version: number): Promise<PolicyVersion> {
  const found = await findPolicyVersion(tx, version);
  if (found === undefined) throw new Fault('policy.version_not_found');
  return { ...found, inForce: await wasInForce(tx, version), tests: await listPolicyTests(tx, version) };
}
