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
