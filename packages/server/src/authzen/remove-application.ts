import type { Application } from '@surety/contract/authzen';
import { announce } from '#change/announce';
import { record } from '#ledger/record';
import { lockApplication, lockApplications, saveApplication, savePeps } from './application-store.ts';
import type { ApplicationHouse } from './publish-application.ts';

/** Answers an application no more; its workloads may ask for another. Again changes nothing. Fault `application.not_found`. */
export async function removeApplication(
  house: ApplicationHouse,
  actor: string,
  { application: ref }: { readonly application: string },
): Promise<Application> {
  return house.db.transaction(async (tx) => {
    await lockApplications(tx);
    const before = await lockApplication(tx, ref);
    if (before.state === 'removed') return before;
    const after: Application = { ...before, state: 'removed' };
    await saveApplication(tx, after);
    await savePeps(tx, after.id, []);
    const data = { name: after.name, version: after.version };
    await record(tx, house.clock, { type: 'application.removed', actor, about: after.id, data });
    await announce(tx, [{ what: 'changed', key: after.id }]);
    return after;
  });
}
