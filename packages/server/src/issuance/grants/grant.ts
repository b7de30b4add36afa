import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DpopProof } from '@surety/proof/dpop';
import type { Form } from '../form.ts';
import type { Applicant } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';

/** A token request whose DPoP proof holds; who sent it is not known yet. */
export type ProvenRequest = { readonly form: Form; readonly proof: DpopProof };

/** A token request whose client and proof hold. */
export type GrantRequest = Applicant & { readonly form: Form };

/** A token request as it came, its form read; nothing about it is checked. */
export type RawRequest = { readonly form: Form; readonly request: IncomingMessage; readonly response: ServerResponse };

/**
 * One grant type: who says who the client is, what the grant asks for beside that, and what it answers.
 *
 * - `client-assertion`: a client assertion (private_key_jwt, JWT-SVID) beside the grant, verified before it.
 * - `own-assertion`: what the grant carries is itself the authentication (RFC 7523 §2.1).
 * - `engine`: an engine that answers alone, on the raw request; nothing is checked before it.
 */
export type Grant =
  | { readonly knows: 'client-assertion'; readonly act: (room: IssuanceRoom, request: GrantRequest) => Promise<object> }
  | { readonly knows: 'own-assertion'; readonly act: (room: IssuanceRoom, request: ProvenRequest) => Promise<object> }
  | { readonly knows: 'engine'; readonly act: (room: IssuanceRoom, request: RawRequest) => Promise<void> };
