/** Schemes that run something or open something local instead of handing a code to a program. */
const forbidden: ReadonlySet<string> = new Set([
  'javascript:',
  'data:',
  'file:',
  'vbscript:',
  'about:',
  'blob:',
  'ftp:',
  'ws:',
  'wss:',
]);

/**
 * Whether a browser may be sent to an address with a code (RFC 9700 §2.1, RFC 8252 §7): https; http of this computer by
 * address or name, for any port; or a private-use scheme with a dot in it. Without a fragment, without a name and password.
 */
export function isRedirectUri(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || text.length > 500 || url.hash !== '' || text.includes('#') || url.username !== '' || url.password !== '')
    return false;
  if (url.protocol === 'https:') return true;
  if (url.protocol === 'http:') return ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return !forbidden.has(url.protocol) && /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol);
}

/** What the policy of a page calls the place that a form leads to, after our redirect (CSP 3 §2.3.1). */
export function formTarget(uri: string): string {
  const url = new URL(uri);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.origin : url.protocol;
}
