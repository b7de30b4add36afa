import type { Agent, Workload } from '@surety/contract/agent';
import type { Human } from '@surety/contract/human';
import { createFactCache } from '#change/fact-cache';
import type { Feed } from '#change/feed';
import type { Db } from '#kernel/db';
import { findAgent } from './agent-store.ts';
import { type CredentialFact, findCredential, listActiveCredentials } from './credential-store.ts';
import { findHuman } from './human-store.ts';
import { findPrincipalByName } from './name-store.ts';
import { kindOf } from './principal.ts';
import { findWorkload } from './workload-store.ts';

/** Who is who, from memory where it is fresh: each fact is dropped when a change to it is announced. */
export type PrincipalFacts = {
  agent(id: string): Promise<Agent | undefined>;
  human(id: string): Promise<Human | undefined>;
  workload(id: string): Promise<Workload | undefined>;
  credential(id: string): Promise<CredentialFact | undefined>;
  /** The active credentials of a principal, newest first. */
  credentialsOf(principal: string): Promise<readonly CredentialFact[]>;
  /** The id of the principal with this name. A name belongs to one principal for good. */
  resolveName(name: string): Promise<string | undefined>;
};

/** The most facts of each kind that are kept. */
const max = 20_000;

export function openPrincipalFacts({ db, feed }: { readonly db: Db; readonly feed: Feed }): PrincipalFacts {
  const byId = <Fact>(load: (id: string) => Promise<Fact | undefined>) =>
    createFactCache<Fact>({ feed, max, load, keysOf: (id) => [id] });
  const agents = byId((id) => findAgent(db, id));
  const humans = byId((id) => findHuman(db, id));
  const workloads = byId((id) => findWorkload(db, id));
  const credentials = byId((id) => findCredential(db, id));
  const credentialsOf = createFactCache<readonly CredentialFact[]>({
    feed,
    max,
    load: (principal) => listActiveCredentials(db, principal),
    keysOf: (principal, list) => [principal, ...list.map(({ id }) => id)],
  });
  const names = createFactCache<string>({
    feed,
    max,
    load: (name) => findPrincipalByName(db, name),
    keysOf: (_name, id) => [id],
  });
  const known =
    <Fact>(kind: ReturnType<typeof kindOf>, cache: { get(key: string): Promise<Fact | undefined> }) =>
    async (id: string) =>
      kindOf(id) === kind ? cache.get(id) : undefined;
  return {
    agent: known('agent', agents),
    human: known('human', humans),
    workload: known('workload', workloads),
    credential: (id) => credentials.get(id),
    credentialsOf: async (principal) => (await credentialsOf.get(principal)) ?? [],
    resolveName: (name) => names.get(name),
  };
}
