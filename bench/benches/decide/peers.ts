import { newEnforcer, newModelFromString } from 'casbin';
import { decide } from '@surety/decision/decide';
import { openCedarWasm } from '@surety/decision/cedar-wasm-engine';
import type { DecideHouse, DecideWorld } from './world.ts';

/** A party that decides calls beside us. `mostMandates`: with more it is not asked, because one decision would take too long. */
export type DecidePeer = {
  readonly name: string;
  readonly mostMandates: number;
  /** Whether a call by this agent, or by the chain that ends with it, is let pass. */
  decide(world: DecideWorld, at: number, asked: 'within' | 'beyond'): boolean;
};

/**
 * The official engine, stateful: all mandates in one set, parsed once. It is asked about each agent of the chain, and answers
 * for no owner, no role and no organisation.
 */
export const cedarInOneSet: DecidePeer = {
  name: 'cedar-wasm 4, one set, stateful',
  mostMandates: 10_000,
  decide: ({ everyone, request, chainOf }, at, asked) =>
    chainOf(at).every((agent) => everyone.evaluate(request(agent, asked)).permits.length > 0),
};

/** The official engine in the place of ours: the same lines, each a set of its own that was parsed before. */
export function cedarLineByLine(): DecidePeer {
  const engine = openCedarWasm({ maxSets: 16_384, maxPolicies: 65_536 });
  return {
    name: 'cedar-wasm 4, same lines, preparsed',
    mostMandates: 1_000,
    decide: ({ facts }, at, asked) => decide(facts(at, asked), engine).outcome === 'permit',
  };
}

const model = `
[request_definition]
r = sub, sys, act, amount, currency
[policy_definition]
p = sub, sys, act, max
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.sys == p.sys && r.act == p.act && r.amount <= p.max && (r.currency == 'EUR' || r.currency == 'USD')
`;

/** casbin, asked in step and for its reason about each agent of the chain: a line of its table for every mandate. */
export async function openCasbin({ mandates }: DecideHouse): Promise<DecidePeer> {
  const enforcer = await newEnforcer(newModelFromString(model));
  const subjects = Array.from({ length: mandates }, (_, at) => `agent-${at}`);
  await enforcer.addPolicies(subjects.map((subject) => [subject, 'payments', 'refund', '250']));
  return {
    name: 'casbin 5, sync',
    mostMandates: 1_000,
    decide: ({ chainOf }, at, asked) =>
      chainOf(at).every((agent) => {
        const [isAllowed] = enforcer.enforceExSync(subjects[agent], 'payments', 'refund', asked === 'within' ? 20 : 420, 'EUR');
        return isAllowed;
      }),
  };
}
