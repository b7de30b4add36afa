import { compileExpression } from '../src/compile-expression.ts';
import { EntityStore } from '../src/entity-store.ts';
import { readEntityUid } from '../src/est.ts';
import { readRecord } from '../src/read-value.ts';
import type { Random } from './random.ts';
import { type Covered, type Foresee, randomPolicy, type RandomPolicy } from './random-policy.ts';
import { randomWorld, type World } from './random-world.ts';
import { writeValue } from './write-value.ts';

export type Batch = { readonly policies: readonly RandomPolicy[]; readonly world: World };

/**
 * Policies and requests, each of which is asked of all of them. In most batches all policies permit, so that an answer
 * says of every single one whether it holds or errs; in some a few permit and forbid, for the decision itself.
 */
export function randomBatch(random: Random, evenPercent = 50): Batch {
  const world = randomWorld(random, 20);
  const foresee = foreseeIn(world);
  const isMixed = random.chance(50);
  const size = isMixed ? 1 + random.below(6) : 100;
  const policies = random.many(size, () =>
    randomPolicy(random, {
      effect: isMixed && random.chance(40) ? 'forbid' : 'permit',
      foresee,
      // A head that does not fit keeps a node from being come to: where each node is to be met equally often, there are few.
      openPercent: isMixed ? 40 : evenPercent === 100 ? 97 : 85,
      evenPercent,
    }),
  );
  return { policies, world };
}

/** The value of an expression in the first request of a world, by our own evaluation: the official engine says whether it is. */
function foreseeIn({ entities, requests }: World): Foresee {
  const [first] = requests;
  if (first === undefined) return () => undefined;
  const question = {
    principal: readEntityUid(first.principal),
    action: readEntityUid(first.action),
    resource: readEntityUid(first.resource),
    context: readRecord(first.context),
    entities: new EntityStore(
      entities.map(({ uid, attrs, parents, tags }) => ({
        uid: readEntityUid(uid),
        attributes: readRecord(attrs),
        parents: parents.map(readEntityUid),
        tags: readRecord(tags),
      })),
    ),
  };
  return (expression) => {
    try {
      return writeValue(compileExpression(expression).evaluate(question));
    } catch {
      return undefined;
    }
  };
}

/** Counts cases by node, place of the operand and its type. */
export class Coverage {
  readonly cases = new Map<string, number>();

  add({ policies, world }: Batch): void {
    for (const { covered } of policies) if (covered !== undefined) this.count(covered, world.requests.length);
  }

  private count({ node, operands }: Covered, cases: number): void {
    for (const [at, type] of operands.entries()) {
      const key = `${node} · ${at + 1} · ${type}`;
      this.cases.set(key, (this.cases.get(key) ?? 0) + cases);
    }
  }
}
