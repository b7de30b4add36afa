import type { Call } from '@surety/contract/call';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import type { Standing } from '@surety/decision/call-facts';
import type { AuthorityFacts } from '#delegation/authority-facts';
import type { Flow } from '#flow/open-flow';
import type { GatheredFlow } from '#flow/gather-flow';
import type { Gathered } from './gather.ts';

type FlowRoom = { readonly authority: Pick<AuthorityFacts, 'chain'>; readonly flow?: Pick<Flow, 'gather'> | undefined };

const nothing: GatheredFlow = { facts: undefined, keys: [] };

/**
 * What is known of where the information of one call came from. Nothing without a task, for an operation that is not known, or in
 * a house that follows no information.
 */
export async function gatherCallFlow(
  { authority, flow }: FlowRoom,
  { gathered, caller, call }: { readonly gathered: Gathered; readonly caller: AuthenticatedCaller; readonly call: Call },
): Promise<GatheredFlow> {
  const { system, standing } = gathered;
  const operation = system?.operations.get(call.operation);
  if (flow === undefined || caller.task === undefined || system === undefined || operation === undefined) return nothing;
  const tasks = (await authority.chain(caller.task)) ?? [];
  return flow.gather({ tasks, system, operation, arguments: call.arguments, isAsked: asksForFlow(standing) });
}

/** Facts of a rule that are about flows. */
const flowFacts: readonly string[] = ['labels', 'from'];

/** Whether a rule that judges this caller looks at where information came from. */
function asksForFlow({ mandate, organisation, roles, chain = [] }: Standing): boolean {
  const mandates = [mandate, ...chain.map((link) => link.mandate)].map((one) => one?.policies);
  const sets = [...mandates, organisation?.policies, ...roles.map(({ policies }) => policies)];
  return sets.some((one) => one?.needs.facts.some((fact) => flowFacts.includes(fact)) === true);
}
