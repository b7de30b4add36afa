import { maxHops } from '@surety/contract/delegation';
import { type ExactRecord, isExactRecord } from '@surety/contract/exact-json';
import { text } from '@surety/proof/claim';
import { refuseAssertion } from './refuse-assertion.ts';
import type { VerifiedAssertion } from './verify-assertion.ts';

/**
 * What a partner says of those above: the client it vouches for by our name of it, and who acts for whom there, root
 * first.
 */
export type PartnerChain = { readonly clientId: string; readonly actors: readonly string[] };

/** How long a chain may be; the bound of our own trees and one for the root. */
const maxActors = maxHops + 1;

/**
 * Reads the parts of an ID-JAG that are not in every assertion: `client_id`; `cnf.jkt`, which must be the key of the
 * proof; `act`, which is kept for the record and gives nothing. Fault `assertion.refused`.
 */
export function readPartnerChain({ claims, subject, issuer }: VerifiedAssertion, jkt: string): PartnerChain {
  const clientId = text(claims, 'client_id', 300) ?? refuseAssertion('it names no client');
  const { cnf } = claims;
  if (!isExactRecord(cnf) || cnf['jkt'] !== jkt) refuseAssertion('it is not bound to the key of the proof');
  const actors: string[] = [];
  let act = claims['act'];
  while (act !== undefined) {
    if (!isExactRecord(act) || actors.length >= maxActors) return refuseAssertion('its chain is malformed');
    actors.unshift(`${nameOf(act, 'iss') ?? issuer.issuer}|${nameOf(act, 'sub') ?? refuseAssertion('its chain is malformed')}`);
    act = act['act'];
  }
  return { clientId, actors: [`${issuer.issuer}|${subject}`, ...actors] };
}

function nameOf(act: ExactRecord, member: 'iss' | 'sub'): string | undefined {
  return act[member] === undefined ? undefined : (text(act, member, 500) ?? refuseAssertion('its chain is malformed'));
}
