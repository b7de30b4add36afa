import type { PolicyView } from '@surety/contract/authority-routes';
import type { PolicyChange, PolicyEffect } from '@surety/contract/lab';
import { type Clock, instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { documentDigest, policyDigest } from '#policy/document-digest';
import { endStage, findStage } from '#policy/policy-stage-store';
import { findPolicy, nextPolicyVersion } from '#policy/policy-store';
import { addPolicyRecorded } from '#policy/publish-policy';
import { findRole } from '#policy/role-store';
import { addRoleRecorded } from '#policy/set-role';
import { readInForce } from './documents-in-force.ts';
import { addPolicyTests, listPolicyTests } from './policy-test-set-store.ts';
import { changedSince, isSameBase } from './propose.ts';
import { endProposalOf } from './proposal-store.ts';
import { saveVetted } from './vetted-document-store.ts';

type Putting = {
  readonly actor: string;
  readonly change: PolicyChange;
  /** The effect that it was looked at with: on what is in force now, or this is refused. */
  readonly effect: Pick<PolicyEffect, 'base' | 'replay'>;
  /** Whether a second person said yes. */
  readonly isConfirmed: boolean;
};

/** What was put in force: the version of the policy that is then, and what has to be announced. */
export type Put = { readonly version: number; readonly keys: readonly string[] };

/**
 * Puts the documents of a change in force for everyone, within a transaction that holds the lock of policies. What stays the same
 * gets no new version. A new policy ends a stage. The caller announces. Fault `policy.changed`.
 */
export async function putChange(tx: Tx, clock: Clock, { actor, change, effect, isConfirmed }: Putting): Promise<Put> {
  await checkBase(tx, change, effect);
  const at = instant(clock());
  const keys: string[] = [];
  const before = await findPolicy(tx);
  let version = before?.version ?? 0;
  if (change.policy !== undefined && !isAsItIs(change.policy, before)) {
    await endStageNow(tx, clock, actor);
    version = await nextPolicyVersion(tx);
    await addPolicyRecorded(tx, clock, { version, ...change.policy, actor });
    keys.push('policy');
  }
  if (change.policy !== undefined) await keepTests(tx, { version, tests: change.tests, at });
  for (const [name, document] of Object.entries(change.roles ?? {})) {
    const role = await findRole(tx, name);
    if (role !== undefined && documentDigest(role.document) === documentDigest(document)) continue;
    await addRoleRecorded(tx, clock, { name, revision: (role?.revision ?? 0) + 1, document, actor });
    keys.push(`role:${name}`);
  }
  if (isConfirmed || effect.replay.cutUntested === 0) await vouchFor(tx, { change, version, at });
  return { version, keys };
}

/** Whether a policy says what is in force. Rules that it does not speak of stay. */
export function isAsItIs(policy: NonNullable<PolicyChange['policy']>, before: PolicyView | undefined): boolean {
  return before !== undefined && policyDigest({ ...before, ...policy }) === policyDigest(before);
}

/** Refuses a change whose effect was worked out on something else than what is in force. Fault `policy.changed`. */
export async function checkBase(tx: Tx, change: PolicyChange, effect: Pick<PolicyEffect, 'base'>): Promise<void> {
  const { base } = await readInForce(tx, change);
  if (!isSameBase(effect.base, base)) throw new Fault('policy.changed', changedSince(effect.base, base));
}

/** Keeps tests beside a version, unless they are those that are there. */
export async function keepTests(
  tx: Tx,
  { version, tests, at }: { readonly version: number; readonly tests: PolicyChange['tests']; readonly at: string },
): Promise<void> {
  if (documentDigest(await listPolicyTests(tx, version)) === documentDigest(tests)) return;
  await addPolicyTests(tx, { version, tests, at });
}

/**
 * Ends a stage, if there is one: its version is in force for nobody then. Whether there was one. The caller announces `policy`.
 */
export async function endStageNow(tx: Tx, clock: Clock, actor: string): Promise<boolean> {
  const stage = await findStage(tx);
  if (stage === undefined) return false;
  const at = instant(clock());
  await endStage(tx, stage.version, at);
  const proposal = (await endProposalOf(tx, stage.version, at)) ?? '';
  await record(tx, clock, { type: 'policy.unstaged', actor, about: 'policy', data: { version: stage.version, proposal } });
  return true;
}

/** What cuts are measured against from now on: nothing was cut that no test speaks of, or a second person said yes. */
export async function vouchFor(
  tx: Tx,
  { change, version, at }: { readonly change: PolicyChange; readonly version: number; readonly at: string },
): Promise<void> {
  if (change.policy !== undefined) await saveVetted(tx, { name: 'policy', version, at });
  for (const name of Object.keys(change.roles ?? {})) {
    const role = await findRole(tx, name);
    if (role !== undefined) await saveVetted(tx, { name: `role:${name}`, version: role.revision, at });
  }
}
