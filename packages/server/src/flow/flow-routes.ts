import * as contract from '@surety/contract/flow-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import { findHuman } from '#registry/human-store';
import { addDestination, type DirectoryHouse, removeDestination, viewDestination } from './change-destination.ts';
import { declassifyTask, readTaskFlow } from './declassify-task.ts';
import { listDestinations } from './destination-store.ts';

export function flowRoutes(room: DirectoryHouse): readonly AnyAnswer[] {
  return [
    answer(contract.listDestinations, async (_caller, query) => {
      const stored = await listDestinations(room.db, query);
      const names = new Map<string, string>();
      for (const { addedBy } of stored)
        if (!names.has(addedBy)) names.set(addedBy, (await findHuman(room.db, addedBy))?.displayName ?? addedBy);
      return { items: stored.map((one) => viewDestination(one, names.get(one.addedBy) ?? one.addedBy)) };
    }),
    answer(contract.addDestination, ({ principal }, input) => addDestination(room, principal, input)),
    answer(contract.removeDestination, ({ principal }, input) => removeDestination(room, principal, input)),
    answer(contract.getTaskFlow, (_caller, { task }) => readTaskFlow(room.db, task)),
    answer(contract.declassifyTask, ({ principal }, input) => declassifyTask(room, principal, input)),
  ];
}
