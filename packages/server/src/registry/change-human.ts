import type { Human, HumanState } from '@surety/contract/human';
import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { listAgentsOf } from './agent-store.ts';
import { listActiveCredentials } from './credential-store.ts';
import { voidEnrolments } from './enrolment-store.ts';
import { resolveOf } from './find-principal.ts';
import { countActiveHolders, lockHuman, saveHuman } from './human-store.ts';
import { moveHumanTo } from './lifecycle.ts';
import { administratorRole, type RegistryHouse } from './registry-house.ts';
import { revokeCredentialRecorded } from './revoke-credential.ts';
import { listWorkloadsOf } from './workload-store.ts';

export type ChangeHuman = {
  readonly human: string;
  readonly groups?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly state?: HumanState | undefined;
};

type Change = Parameters<typeof announce>[1][number];

/**
 * Changes groups, roles or state of a person, by id or name. When the person is no longer active, everything that was
 * issued to them or to any agent or workload they answer for is dead at once, and their open codes are void; when they
 * left, their keys are revoked. Faults `human.not_found`, `human.not_active` for a move that cannot be made, and
 * `human.last_administrator`: the house always keeps an active administrator.
 */
export async function changeHuman(house: RegistryHouse, actor: string, input: ChangeHuman): Promise<Human> {
  return house.db.transaction(async (tx) => {
    await lockAdministrators(tx);
    const before = await lockHuman(tx, await resolveOf(tx, 'human', input.human));
    const after = changed(before, input);
    if (after === before) return before;
    await saveHuman(tx, after);
    if (isAdministrator(before) && !isAdministrator(after) && (await countActiveHolders(tx, administratorRole)) === 0) {
      throw new Fault('human.last_administrator');
    }
    await record(tx, house.clock, {
      type: 'human.changed',
      actor,
      about: after.id,
      data: { roles: after.roles, groups: after.groups, state: after.state },
    });
    await announce(tx, [{ what: 'changed', key: after.id }, ...(await endings(tx, house.clock, { before, after, actor }))]);
    return after;
  });
}

/** Two administrators who suspend each other at the same time would each see the other: one at a time, then. */
async function lockAdministrators(tx: Tx): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('surety administrators', 0))`);
}

function isAdministrator(human: Human): boolean {
  return human.state === 'active' && human.roles.includes(administratorRole);
}

function changed(before: Human, input: ChangeHuman): Human {
  const groups = input.groups === undefined ? before.groups : [...new Set(input.groups)];
  const roles = input.roles === undefined ? before.roles : [...new Set(input.roles)];
  const state = input.state === undefined ? before.state : moveHumanTo(before.state, input.state);
  const isSame = state === before.state && sameNames(groups, before.groups) && sameNames(roles, before.roles);
  return isSame ? before : { ...before, groups, roles, state, revision: before.revision + 1 };
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, at) => name === others[at]);
}

/** What ends with the person: their codes, when they left their keys, and what everything of theirs was issued. */
async function endings(
  tx: Tx,
  clock: Clock,
  { before, after, actor }: { before: Human; after: Human; actor: string },
): Promise<Change[]> {
  if (after.state === 'active' || after.state === before.state) return [];
  const changes: Change[] = [{ what: 'cutoff', key: after.id }];
  await voidEnrolments(tx, after.id, new Date(clock()));
  if (after.state === 'left') {
    for (const credential of await listActiveCredentials(tx, after.id)) {
      changes.push(...(await revokeCredentialRecorded(tx, clock, { credential, actor })));
    }
  }
  for (const { id } of [...(await listAgentsOf(tx, after.id)), ...(await listWorkloadsOf(tx, after.id))]) {
    await voidEnrolments(tx, id, new Date(clock()));
    changes.push({ what: 'changed', key: id }, { what: 'cutoff', key: id });
  }
  return changes;
}
