import type { Application } from '@surety/contract/authzen';
import { type CompiledApplication, compileApplication } from '@surety/decision/authzen/compile-application';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import { createFactCache } from '#change/fact-cache';
import type { Feed } from '#change/feed';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { findApplication, findApplicationOfPep } from './application-store.ts';

/** An application in force, taken in by the engine that decides. */
export type ApplicationFact = Pick<Application, 'id' | 'name' | 'version' | 'documentDigest'> & {
  /** Names of protected systems that it may ask about. */
  readonly systems: ReadonlySet<string>;
  readonly compiled: CompiledApplication;
};

export type ApplicationFacts = {
  /** The application that a workload asks for, from memory where it is fresh; undefined when it asks for none. */
  ofPep(workload: string): Promise<ApplicationFact | undefined>;
};

const maxPeps = 5_000;
const maxApplications = 500;

export function openApplicationFacts(
  { db, feed }: { readonly db: Db; readonly feed: Feed },
  engine: PolicyEngine,
): ApplicationFacts {
  const applications = createFactCache<ApplicationFact>({
    feed,
    max: maxApplications,
    load: async (id) => inForce(engine, await findApplication(db, id)),
    keysOf: (id) => [id],
  });
  const peps = createFactCache<string>({
    feed,
    max: maxPeps,
    load: (workload) => findApplicationOfPep(db, workload),
    keysOf: (_workload, application) => [application],
  });
  return {
    async ofPep(workload) {
      const id = await peps.get(workload);
      return id === undefined ? undefined : applications.get(id);
    },
  };
}

function inForce(engine: PolicyEngine, application: Application | undefined): ApplicationFact | undefined {
  if (application?.state !== 'active') return undefined;
  const { id, name, version, documentDigest, document } = application;
  const read = compileApplication(engine, name, document);
  if (!read.ok) throw new Fault('service.not_ready', 'a published application cannot be compiled any more');
  return { id, name, version, documentDigest, systems: new Set(document.systems), compiled: read.application };
}
