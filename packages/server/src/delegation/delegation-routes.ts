import * as contract from '@surety/contract/authority-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import { resolveOf } from '#registry/find-principal';
import { type DelegationHouse, endTask } from './end-task.ts';
import { changesAgainstNow, withChanges } from './compare-mandates.ts';
import { endMandate } from './end-mandate.ts';
import { giveMandate } from './give-mandate.ts';
import { getMandate, listMandates } from './mandate-store.ts';
import { readMandate } from './read-mandate.ts';
import { getTask } from './task-store.ts';
import { viewMandate, viewMandates } from './view-mandate.ts';
import { viewTasks } from './view-tasks.ts';

export function delegationRoutes(room: DelegationHouse): readonly AnyAnswer[] {
  return [
    answer(contract.giveMandate, async ({ principal }, input) => withChanges(room.db, await giveMandate(room, principal, input))),
    answer(contract.readMandate, async (_caller, input) => ({
      ...readMandate(input),
      ...(await changesAgainstNow(room.db, input.document)),
    })),
    answer(contract.listMandates, async (_caller, { agent: ref, all }) => {
      const agent = ref === undefined ? undefined : await resolveOf(room.db, 'agent', ref);
      return { items: await viewMandates(room.db, await listMandates(room.db, { agent, all })) };
    }),
    answer(contract.getMandate, async (_caller, { mandate }) =>
      withChanges(room.db, await viewMandate(room.db, await getMandate(room.db, mandate))),
    ),
    answer(contract.endMandate, ({ principal }, input) => endMandate(room, principal, input)),
    answer(contract.listTasks, async (_caller, query) => ({ items: await viewTasks(room.db, query, room.clock()) })),
    answer(contract.getTask, (_caller, { task }) => getTask(room.db, task)),
    answer(contract.endTask, ({ principal }, input) => endTask(room, principal, input)),
  ];
}
