import type { Form } from '../form.ts';
import type { Applicant, TokenResponse } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';

/** A token request whose client and proof hold. */
export type GrantRequest = Applicant & { readonly form: Form };

/** One grant type: what it asks for beside client and proof, and what it answers. */
export type Grant = (room: IssuanceRoom, request: GrantRequest) => Promise<TokenResponse>;
