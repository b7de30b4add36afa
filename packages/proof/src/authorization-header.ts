import { ProofError } from './proof-error.ts';

/** As nearly every client writes it. */
const usual = /^DPoP [A-Za-z0-9._~+/-]+=*$/;

/**
 * Reads `Authorization: DPoP <access token>` (RFC 9449 §7.1); give every value of the header, unjoined
 * (`req.headersDistinct.authorization`). Bearer is `authorization.bearer`, so that the caller can answer with the DPoP
 * challenge: a token that is bound to a key is never taken as Bearer (RFC 9449 §7.2). Otherwise throws
 * `authorization.missing` or `authorization.invalid`.
 */
export function readAuthorization(values: string | readonly string[] | undefined): string {
  const value = typeof values === 'string' ? values : values?.length === 1 ? values[0] : undefined;
  if (value === undefined && (values === undefined || values.length === 0)) {
    throw new ProofError('authorization.missing', 'The request has no access token. Send "Authorization: DPoP" and a proof.');
  }
  return value !== undefined && usual.test(value) ? value.slice(5) : readUnusual(value ?? '');
}

function readUnusual(value: string): string {
  const [, scheme, token] = /^([A-Za-z]+) +([A-Za-z0-9._~+/-]+=*)$/.exec(value) ?? [];
  if (scheme?.toLowerCase() === 'bearer') {
    throw new ProofError('authorization.bearer', 'Access tokens are bound to a key. Send "Authorization: DPoP" and a proof.');
  }
  if (scheme?.toLowerCase() === 'dpop' && token !== undefined) return token;
  throw new ProofError(
    'authorization.invalid',
    'The Authorization header cannot be read. Send "Authorization: DPoP" and one token.',
  );
}
