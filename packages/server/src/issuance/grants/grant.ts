import type { DpopProof } from '@surety/proof/dpop';
import type { Form } from '../form.ts';
import type { Applicant } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';

/** A token request whose DPoP proof holds; who sent it is not known yet. */
export type ProvenRequest = { readonly form: Form; readonly proof: DpopProof };

/** A token request whose client and proof hold. */
export type GrantRequest = Applicant & { readonly form: Form };

/**
 * One grant type: who says who the client is, what the grant asks for beside that, and what it answers.
 *
 * - `client-assertion`: a client assertion (private_key_jwt, JWT-SVID) beside the grant, verified before it.
 * - `own-assertion`: what the grant carries is itself the authentication (RFC 7523 §2.1).
 */
export type Grant =
  | { readonly knows: 'client-assertion'; readonly act: (room: IssuanceRoom, request: GrantRequest) => Promise<object> }
  | { readonly knows: 'own-assertion'; readonly act: (room: IssuanceRoom, request: ProvenRequest) => Promise<object> };
