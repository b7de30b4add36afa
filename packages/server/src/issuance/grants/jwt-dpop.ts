import { type ExactValue, isExactRecord, toPlain } from '@surety/contract/exact-json';
import { readPublicJwk, thumbprint } from '@surety/proof/jwk';
import { readAssertion } from '#federation/read-assertion';
import { refuseAssertion } from '#federation/refuse-assertion';
import { requiredParameter } from '../form.ts';
import type { IssuanceRoom } from '../issuance-room.ts';
import type { ProvenRequest } from './grant.ts';
import { type ArrivedResponse, workloadAssertion } from './workload-assertion.ts';

/** draft-parecki-oauth-jwt-dpop-grant-02; the example of ID-JAG -04 asks with it. */
export const jwtDpopGrant = 'urn:ietf:params:oauth:grant-type:jwt-dpop';

/**
 * The assertion grant for an assertion that its issuer has bound to a key (`cnf` with `jkt` or `jwk`): the proof must be by that
 * key. All else is as in `workloadAssertion`, which verifies the same assertion. Fault `assertion.refused`.
 */
export async function jwtDpop(room: IssuanceRoom, request: ProvenRequest): Promise<ArrivedResponse> {
  const { cnf } = readAssertion(requiredParameter(request.form, 'assertion')).claims;
  if (boundKey(cnf) !== request.proof.jkt) refuseAssertion('it is not bound to the key of the proof');
  return workloadAssertion(room, request);
}

/** The thumbprint of the key that an assertion is bound to; undefined when to none, or when it names more than one. */
function boundKey(cnf: ExactValue | undefined): string | undefined {
  if (!isExactRecord(cnf)) return undefined;
  const { jkt, jwk } = cnf;
  if (jwk === undefined) return typeof jkt === 'string' ? jkt : undefined;
  const named = keyOf(jwk);
  return jkt === undefined || jkt === named ? named : undefined;
}

function keyOf(jwk: ExactValue): string | undefined {
  try {
    return thumbprint(readPublicJwk(toPlain(jwk)));
  } catch {
    return undefined;
  }
}
