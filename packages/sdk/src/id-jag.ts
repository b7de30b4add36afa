import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { SigningKey } from './agent-key.ts';
import { discoverIssuer } from './discover-issuer.ts';
import { createDpopProof, createNonceJar } from './dpop-proof.ts';
import { readOAuthError } from './read-problem.ts';
import { localError } from './surety-error.ts';
import { signAssertion } from './token-endpoint.ts';
import type { Fetch } from './access-token.ts';

export type IdJagRequest = {
  /** The identity provider of the organisation. */
  readonly identityProvider: string;
  /** Who the client is there. */
  readonly clientId: string;
  /** What the provider said of the person: an ID token, when no type is named. */
  readonly subjectToken: string;
  readonly subjectTokenType?: string | undefined;
  /** The issuer that is to take the ID-JAG. */
  readonly audience: string;
  /** The protected resource that the token after it is for. */
  readonly resource: string;
  readonly scope?: string | undefined;
  /** The client's key: it says who the client is, and the ID-JAG is bound to it. */
  readonly key?: SigningKey | undefined;
  readonly fetch?: Fetch | undefined;
};

const idJag = 'urn:ietf:params:oauth:token-type:id-jag';

/**
 * An Identity Assertion JWT Authorization Grant (draft-ietf-oauth-identity-assertion-authz-grant-04 §4.3): the first of two
 * steps, at the identity provider. What comes back must be of that type, for this audience alone, and bound to the key when
 * one was shown. Throws what the provider refused with, or `local.unexpected_answer`.
 */
export async function requestIdJag(request: IdJagRequest): Promise<string> {
  const fetch = request.fetch ?? globalThis.fetch;
  const { tokenEndpoint } = await discoverIssuer(request.identityProvider, fetch);
  const nonces = createNonceJar();
  for (let mayRetry = request.key !== undefined; ; mayRetry = false) {
    const response = await fetch(tokenEndpoint, {
      method: 'POST',
      redirect: 'error',
      headers: await headersOf(request, tokenEndpoint, nonces.nonceFor(tokenEndpoint)),
      body: (await formOf(request)).toString(),
    }).catch((cause: unknown) => {
      throw localError('local.unreachable', [`${new URL(tokenEndpoint).origin} does not answer.`], cause);
    });
    nonces.observe(tokenEndpoint, response);
    if (response.ok) return readIdJag(request, await response.json().catch(() => undefined));
    const error = await readOAuthError(response);
    if (error.code !== 'dpop.nonce_required' || !mayRetry) throw error;
  }
}

async function headersOf({ key }: IdJagRequest, url: string, nonce: string | undefined): Promise<Record<string, string>> {
  const plain = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  return key === undefined ? plain : { ...plain, dpop: await createDpopProof(key, { method: 'POST', url, nonce }, Date.now()) };
}

async function formOf(request: IdJagRequest): Promise<URLSearchParams> {
  const { clientId, identityProvider: issuer, key, scope } = request;
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: idJag,
    subject_token: request.subjectToken,
    subject_token_type: request.subjectTokenType ?? 'urn:ietf:params:oauth:token-type:id_token',
    audience: request.audience,
    resource: request.resource,
    client_id: clientId,
    ...(scope === undefined ? {} : { scope }),
  });
  if (key !== undefined) {
    form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    form.set('client_assertion', await signAssertion(key, { clientId, issuer }, Date.now()));
  }
  return form;
}

/** The signature is for the audience to check. What it says is read here so that nothing else is ever sent on. */
function readIdJag({ audience, key }: IdJagRequest, answer: unknown): string {
  const { access_token: token, issued_token_type: type } = (answer ?? {}) as Record<string, unknown>;
  if (typeof token !== 'string' || type !== idJag) throw localError('local.unexpected_answer', ['It gave no ID-JAG.']);
  const { typ, aud, jkt } = claimsOf(token);
  if (typ !== 'oauth-id-jag+jwt' || aud !== audience)
    throw localError('local.unexpected_answer', ['The ID-JAG is not one, or is for somebody else.']);
  if (key !== undefined && jkt !== key.jkt)
    throw localError('local.unexpected_answer', ['The ID-JAG is not bound to the key that was shown.']);
  return token;
}

function claimsOf(token: string): { readonly typ?: unknown; readonly aud?: unknown; readonly jkt?: unknown } {
  try {
    const { aud, cnf } = decodeJwt(token);
    return { typ: decodeProtectedHeader(token).typ, aud, jkt: (cnf as { jkt?: unknown } | undefined)?.jkt };
  } catch {
    return {};
  }
}
