import type { FaultCode } from '@surety/contract/faults';
import { type ProofCode, ProofError } from '@surety/proof/proof-error';
import { Fault } from '#kernel/fault';

/** What each refusal of the JOSE core means at our door. */
const faultOf: Readonly<Record<ProofCode, FaultCode>> = {
  'authorization.missing': 'token.missing',
  'authorization.bearer': 'token.not_bound',
  'authorization.invalid': 'token.invalid',
  'access_token.invalid': 'token.invalid',
  'access_token.expired': 'token.invalid',
  'dpop.missing': 'dpop.proof_invalid',
  'dpop.invalid': 'dpop.proof_invalid',
  'dpop.nonce_required': 'dpop.nonce_required',
  'client_assertion.invalid': 'client.unknown',
  'jwk.invalid': 'key.refused',
  'jws.invalid': 'request.malformed',
};

/** Does the work; a refusal of the JOSE core leaves as the fault it means, its words kept for operators. */
export function orProofFault<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (thrown) {
    throw thrown instanceof ProofError ? new Fault(faultOf[thrown.code], thrown.message) : thrown;
  }
}

/** Reads facts; when the database does not answer nothing is known, so nothing passes: fault `service.not_ready`. */
export async function orNotReady<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : new Fault('service.not_ready', 'facts could not be read', { cause: thrown });
  }
}
