import { namesIn, writeSchema } from '@surety/decision/write-schema';
import { listSystems } from '#catalogue/system-store';
import type { Db } from '#kernel/db';
import { findPolicy } from '#policy/policy-store';
import { listRoles } from '#policy/role-store';

/**
 * What policies of this house may name, as a Cedar schema: its operations as actions, and the arguments and hours that the
 * policies in force look at.
 */
export async function readSchema(db: Db): Promise<{ schema: string; actions: number }> {
  const [systems, policy, roles] = await Promise.all([listSystems(db), findPolicy(db), listRoles(db)]);
  const actions = systems.flatMap(({ name: system, operations }) =>
    operations.map(({ name: operation, effect }) => ({ system, operation, effect })),
  );
  const texts = [policy?.text ?? '', ...roles.flatMap(({ document }) => [document.answersFor, document.may ?? ''])];
  return { schema: writeSchema({ actions, ...namesIn(texts) }), actions: actions.length };
}
