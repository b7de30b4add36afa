import * as contract from '@surety/contract/authzen-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import { getApplication, listApplications } from './application-store.ts';
import { type ApplicationHouse, publishApplication } from './publish-application.ts';
import { removeApplication } from './remove-application.ts';

export function authzenRoutes(room: ApplicationHouse): readonly AnyAnswer[] {
  return [
    answer(contract.publishApplication, ({ principal }, input) => publishApplication(room, principal, input)),
    answer(contract.listApplications, async () => ({
      items: (await listApplications(room.db)).map((one) => ({ ...one, document: { ...one.document, entities: [] } })),
    })),
    answer(contract.getApplication, (_caller, { application }) => getApplication(room.db, application)),
    answer(contract.removeApplication, ({ principal }, input) => removeApplication(room, principal, input)),
  ];
}
