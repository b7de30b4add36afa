import * as contract from '@surety/contract/authority-routes';
import * as flow from '@surety/contract/flow-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import { addSystem } from './add-system.ts';
import type { CatalogueHouse } from './catalogue-house.ts';
import { classifyOperation } from './classify-operation.ts';
import { labelOperation } from './label-operation.ts';
import { labelSystem } from './label-system.ts';
import { refreshSystem } from './refresh-system.ts';
import { removeSystem } from './remove-system.ts';
import { getSystem, listSystems, viewSystem, viewSystems } from './system-store.ts';

export function catalogueRoutes(room: CatalogueHouse): readonly AnyAnswer[] {
  return [
    answer(contract.addSystem, ({ principal }, input) => addSystem(room, principal, input)),
    answer(contract.listSystems, async () => ({ items: await viewSystems(room.db, await listSystems(room.db)) })),
    answer(contract.getSystem, async (_caller, { system }) => viewSystem(room.db, await getSystem(room.db, system))),
    answer(contract.refreshSystem, ({ principal }, input) => refreshSystem(room, principal, input)),
    answer(contract.classifyOperation, ({ principal }, input) => classifyOperation(room, principal, input)),
    answer(flow.labelSystem, ({ principal }, input) => labelSystem(room, principal, input)),
    answer(flow.labelOperation, ({ principal }, input) => labelOperation(room, principal, input)),
    answer(contract.removeSystem, ({ principal }, input) => removeSystem(room, principal, input)),
  ];
}
