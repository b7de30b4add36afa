import { localError } from './surety-error.ts';
import type { Fetch } from './access-token.ts';

/** What an authorization server says of itself, as far as it is used here. */
export type IssuerMetadata = { readonly issuer: string; readonly tokenEndpoint: string };

/**
 * The metadata of an authorization server: RFC 8414 §3 first, then OpenID Connect Discovery as RFC 8414 §5 and as it was
 * before. The document must be by this issuer, letter by letter (§3.3): one that is by another ends the search, as does one
 * that names no token endpoint. Throws `local.unreachable`, `local.unexpected_answer`.
 */
export async function discoverIssuer(issuer: string, fetch: Fetch): Promise<IssuerMetadata> {
  for (const address of addressesOf(issuer)) {
    const response = await fetch(address, { redirect: 'error' }).catch((cause: unknown) => {
      throw localError('local.unreachable', [`${new URL(issuer).origin} does not answer.`], cause);
    });
    if (response.ok) return readMetadata(issuer, await response.json().catch(() => undefined));
    await response.body?.cancel();
  }
  throw localError('local.unexpected_answer', ['It has no metadata of an authorization server.']);
}

function addressesOf(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/+$/, '');
  const inserted = ['oauth-authorization-server', 'openid-configuration'].map((name) => `${origin}/.well-known/${name}${path}`);
  return path === '' ? inserted : [...inserted, `${origin}${path}/.well-known/openid-configuration`];
}

function readMetadata(issuer: string, document: unknown): IssuerMetadata {
  const { issuer: named, token_endpoint: tokenEndpoint } = (document ?? {}) as Record<string, unknown>;
  if (named !== issuer || typeof tokenEndpoint !== 'string' || !URL.canParse(tokenEndpoint))
    throw localError('local.unexpected_answer', ['Its metadata does not name this issuer and a token endpoint.']);
  return { issuer, tokenEndpoint };
}
