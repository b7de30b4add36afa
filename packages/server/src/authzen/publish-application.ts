import type { Application, ApplicationDocument } from '@surety/contract/authzen';
import type { ApplicationId, HumanId, WorkloadId } from '@surety/contract/id';
import { compileApplication } from '@surety/decision/authzen/compile-application';
import { openCedar } from '@surety/decision/cedar-engine';
import { announce } from '#change/announce';
import { type Clock, instant } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { documentDigest } from '#policy/document-digest';
import { resolveOf } from '#registry/find-principal';
import {
  addApplication,
  addApplicationVersion,
  findApplication,
  findApplicationId,
  lockApplications,
  saveApplication,
  savePeps,
} from './application-store.ts';

export type ApplicationHouse = { readonly db: Db; readonly clock: Clock };

/**
 * Publishes an application as a new version, in force at once on every node; the same document again changes nothing. Who asks is
 * kept by id. Faults `application.invalid`, with where and why; `application.pep_taken`; `workload.not_found`.
 */
export async function publishApplication(
  house: ApplicationHouse,
  actor: string,
  { application: name, document: given }: { readonly application: string; readonly document: ApplicationDocument },
): Promise<Application> {
  checkDocument(name, given);
  return house.db.transaction(async (tx) => {
    await lockApplications(tx);
    const document = { ...given, peps: await resolvePeps(tx, given.peps) };
    const digest = documentDigest(document);
    const id = await findApplicationId(tx, name);
    const before = id === undefined ? undefined : await findApplication(tx, id);
    if (before?.state === 'active' && before.documentDigest === digest) return before;
    const now = house.clock();
    const after: Application = {
      id: before?.id ?? newId<ApplicationId>('application', now),
      name,
      version: (before?.version ?? 0) + 1,
      document,
      documentDigest: digest,
      publishedBy: actor as HumanId,
      publishedAt: instant(now),
      state: 'active',
    };
    if (before === undefined) await addApplication(tx, after);
    await addApplicationVersion(tx, after);
    await saveApplication(tx, after);
    await savePeps(tx, after.id, document.peps);
    const { version, documentDigest: said } = after;
    const { peps, systems, entities } = document;
    const data = { name, version, documentDigest: said, peps: [...peps], systems: [...systems], entities: entities.length };
    await record(tx, house.clock, { type: 'application.published', actor, about: after.id, data });
    await announce(tx, [{ what: 'changed', key: after.id }]);
    return after;
  });
}

/** An engine of its own: what is refused leaves nothing behind in the one that decides. */
function checkDocument(name: string, document: ApplicationDocument): void {
  if (document.policies.includes('\0')) refuse('/document/policies', 'no NUL characters');
  const compiled = compileApplication(openCedar(), name, document);
  if (!compiled.ok) throw new Fault('application.invalid', undefined, { issues: [...compiled.issues] });
}

function refuse(path: string, message: string): never {
  throw new Fault('application.invalid', undefined, { issues: [{ path, message }] });
}

async function resolvePeps(tx: Tx, peps: readonly string[]): Promise<WorkloadId[]> {
  const ids = new Set<string>();
  for (const ref of peps) ids.add(await resolveOf(tx, 'workload', ref));
  return [...ids].toSorted() as WorkloadId[];
}
