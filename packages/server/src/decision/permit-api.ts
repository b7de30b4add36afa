import { openCedar } from '@surety/decision/cedar-engine';
import { houseRequest } from '@surety/decision/house-request';
import type { PolicyEngine, Verdict } from '@surety/decision/policy-engine';
import { readPolicies } from '@surety/decision/read-policies';
import type { Caller } from '#kernel/answer';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { Permit } from '#kernel/perform';
import { housePolicy } from '#policy/house-policy';
import { isDeployer } from '#policy/policy-deployer-store';
import type { PrincipalFacts } from '#registry/principal-facts';
import { houseContextOf } from './house-context.ts';

export type PermitRoom = {
  readonly db: Db;
  readonly facts: Pick<PrincipalFacts, 'human'>;
  /** Evaluates Cedar; our own when left out. */
  readonly engine?: PolicyEngine;
};

/**
 * The decision point of our own API: the house policy over the caller's roles as they are now, never as a token says.
 * A forbid wins, silence and any evaluation error deny. Throws at once when the house policy of this release cannot be
 * read; the permit itself throws fault `access.denied`, with why.
 */
export function createPermit({ db, facts, engine = openCedar() }: PermitRoom): Permit {
  const read = readPolicies(housePolicy, { vocabulary: 'house', holds: false });
  if (!read.ok) throw new Error(`the house policy cannot be read: ${JSON.stringify(read.issues)}`);
  const policies = engine.prepare('house', read.policies);
  return async (caller, action, input) => {
    const [roles, context] = await Promise.all([rolesOf({ db, facts }, caller), houseContextOf(db, caller, action, input)]);
    const asking = { kind: caller.kind, id: caller.principal, roles };
    const why = refusalOf(engine.evaluate(policies, houseRequest(asking, action, context)), action);
    if (why !== undefined) throw new Fault('access.denied', action, { why: [why] });
  };
}

function refusalOf({ errors, forbids, permits }: Verdict, action: string): string | undefined {
  if (errors.length > 0) return `The rules for ${action} could not be evaluated, so nothing passes.`;
  if (forbids.length > 0) return `A rule of the house forbids ${action} here.`;
  return permits.length > 0 ? undefined : `No role of the caller permits ${action} here.`;
}

/**
 * Only people have roles, and only while they are active; and a workload that a person let deploy policy has the one for that.
 */
async function rolesOf({ db, facts }: Pick<PermitRoom, 'db' | 'facts'>, { kind, principal }: Caller): Promise<readonly string[]> {
  if (kind === 'workload') return (await isDeployer(db, principal)) ? ['deployer'] : [];
  const human = kind === 'human' ? await facts.human(principal) : undefined;
  return human?.state === 'active' ? human.roles : [];
}
