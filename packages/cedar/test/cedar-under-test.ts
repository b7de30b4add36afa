import type { World } from './random-world.ts';
import type { RandomPolicy } from './random-policy.ts';

/** What one request to one set came to: ids in the order of the set. */
export type Outcome = { readonly decision: string; readonly reasons: readonly string[]; readonly errors: readonly string[] };

/** Policies under the ids p0, p1, …, asked every request of a world. */
export type AskAll = (policies: readonly RandomPolicy[], world: World) => readonly Outcome[];

/** Our Cedar out of the sources in a directory: the package itself, or a copy in which something was changed. */
export async function loadCedar(sources: URL): Promise<AskAll> {
  const load = <Module>(file: string): Promise<Module> => import(new URL(file, sources).href) as Promise<Module>;
  const { PolicySet } = await load<typeof import('../src/policy-set.ts')>('policy-set.ts');
  const { EntityStore } = await load<typeof import('../src/entity-store.ts')>('entity-store.ts');
  const { readEntityUid } = await load<typeof import('../src/est.ts')>('est.ts');
  const { readRecord } = await load<typeof import('../src/read-value.ts')>('read-value.ts');
  const { KeptParts } = await load<typeof import('../src/compile-policy.ts')>('compile-policy.ts');
  // One for all sets: whatever they share must not make one of them answer as another would.
  const kept = new KeptParts();
  return (policies, { entities, requests }) => {
    const set = new PolicySet(
      policies.map(({ policy, slots }, at) => ({
        id: `p${at}`,
        policy,
        slots: Object.fromEntries(Object.entries(slots).map(([slot, uid]) => [slot, readEntityUid(uid)])),
      })),
      kept,
    );
    const store = new EntityStore(
      entities.map(({ uid, attrs, parents, tags }) => ({
        uid: readEntityUid(uid),
        attributes: readRecord(attrs),
        parents: parents.map(readEntityUid),
        tags: readRecord(tags),
      })),
    );
    return requests.map(({ principal, action, resource, context }) => {
      const answer = set.ask({
        principal: readEntityUid(principal),
        action: readEntityUid(action),
        resource: readEntityUid(resource),
        context: readRecord(context),
        entities: store,
      });
      return { ...answer, errors: answer.errors.map(({ id }) => id) };
    });
  };
}
