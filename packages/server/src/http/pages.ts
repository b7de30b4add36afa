/** A page of a few words. No script, no style, nothing from elsewhere; it cannot be framed. */
export type Page = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

const contentPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Header fields of every answer: nothing is guessed, framed, passed on or kept. */
export const guardHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': contentPolicy,
};

/** What stands at `/`. */
export function frontPage(isClaimed: boolean): Page {
  const text = isClaimed
    ? 'Surety. The API is described at /openapi.json, the authorization server at /.well-known/oauth-authorization-server.\n'
    : 'Unclaimed: run surety claim where the server runs.\n';
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }, body: text };
}

/**
 * What stands at the authorization endpoint. Metadata must name one for clients that want it (RFC 8414 §2), but nothing here
 * sends a person through a browser; it never redirects.
 */
export const authorizePage: Page = {
  status: 400,
  headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  body:
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Not offered here</title>' +
    '<h1>Signing in through a browser is not offered here</h1>' +
    '<p>This server gives access tokens to agents, workloads and people who prove a key of their own: grant type client_credentials with ' +
    'private_key_jwt and a DPoP proof, at the token endpoint.</p></html>\n',
};
