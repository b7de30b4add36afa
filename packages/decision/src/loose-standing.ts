import type { MandateDocument } from '@surety/contract/mandate';
import type { CallFacts, LinkFacts } from './call-facts.ts';
import { compileMandate } from './compile-mandate.ts';
import type { LiveMandate } from './live-mandate.ts';
import type { PolicyEngine } from './policy-engine.ts';
import { prepareMandate } from './policy-set.ts';
import { humanAtRoot, isRequested, type KnownFacts, type LiveLink } from './standing.ts';

/**
 * The facts as if every link were live: so that an explanation can ask the lines that come after one that has ended as well.
 * Nothing is decided on it. Undefined where so much is missing that no set of policies could be asked about the call.
 */
export function looseStanding(facts: CallFacts, engine: PolicyEngine): KnownFacts | undefined {
  const { nowMs, agent, owner, task, chain, roles, organisation, counts, flow } = facts;
  const called = calledIn(facts);
  const links = chain?.flatMap((link) => looseLink(link, engine) ?? []);
  const human = humanAtRoot(facts);
  if (agent === undefined || owner === undefined || task === undefined || human === undefined) return undefined;
  if (called === undefined || organisation === undefined || links === undefined || links.length < (chain?.length ?? 0))
    return undefined;
  const mandate = readable(facts.mandate) ?? emptyMandate(engine, agent.id);
  const who = { nowMs, agent, owner, task, mandate, chain: links, human, isRequested: isRequested(facts), roles, organisation };
  return { ...who, ...called, arguments: facts.call.arguments, counts, flow };
}

/** System and operation, when they are those that were called. */
function calledIn({ system, operation, call }: CallFacts): Pick<KnownFacts, 'system' | 'operation'> | undefined {
  if (system === undefined || system.name !== call.systemName) return undefined;
  return operation === undefined || operation.name !== call.operationName ? undefined : { system, operation };
}

function looseLink({ agent, owner, task, mandate }: LinkFacts, engine: PolicyEngine): LiveLink | undefined {
  if (agent === undefined || owner === undefined) return undefined;
  return { agent, owner, task, mandate: readable(mandate) ?? emptyMandate(engine, agent.id) };
}

function readable(mandate: CallFacts['mandate']): LiveMandate | undefined {
  return mandate?.policies === undefined ? undefined : { ...mandate, policies: mandate.policies };
}

/** In the place of a mandate that is not there: it permits nothing. */
function emptyMandate(engine: PolicyEngine, agent: string): LiveMandate {
  const document: MandateDocument = {
    agent: agent as MandateDocument['agent'],
    purpose: 'nothing',
    autonomy: 'observe',
    expiresAt: '1970-01-01T00:00:00Z',
    permissions: [],
  };
  const compiled = compileMandate({ id: 'none', document });
  if (!compiled.ok) throw new TypeError('a mandate for nothing compiles');
  const policies = prepareMandate(engine, compiled.mandate);
  return { id: 'none', version: 0, documentDigest: '', signatureHolds: false, policies };
}
