/** What was wrong. The caller turns a code into its own fault and challenge. */
export type ProofCode =
  | 'jwk.invalid'
  | 'jws.invalid'
  | 'dpop.missing'
  | 'dpop.invalid'
  | 'dpop.nonce_required'
  | 'client_assertion.invalid'
  | 'access_token.invalid'
  | 'access_token.expired'
  | 'authorization.missing'
  | 'authorization.bearer'
  | 'authorization.invalid';

/** The one error this package throws for what a caller presents. Messages say what and why, and never quote the input. */
export class ProofError extends Error {
  override readonly name = 'ProofError';
  readonly code: ProofCode;

  constructor(code: ProofCode, message: string) {
    super(message);
    this.code = code;
  }
}
