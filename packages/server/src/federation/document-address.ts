/** Where a client says that its own description is. `host`: origin with a slash, as the trusted issuer is called. */
export type DocumentAddress = { readonly url: string; readonly host: string };

/**
 * Reads a client id that is an address (draft-ietf-oauth-client-id-metadata-document §3): https, a path, and exactly one
 * spelling of it, so that two texts are never one client: no query, fragment, name or password, dot segments, upper-case
 * host or default port. Undefined for anything else. Plain http only on this computer, where that is allowed.
 */
export function readDocumentAddress(text: string, allowLoopback: boolean): DocumentAddress | undefined {
  if (text.length > 300 || !/^https?:\/\/[\x21\x23-\x3b\x3d\x40-\x5b\x5d\x5f\x61-\x7a~]+$/.test(text)) return undefined;
  const url = URL.parse(text);
  if (url === null || url.href !== text || /[?#@\\]/.test(text) || /%(?:2e|2f|5c)/i.test(text)) return undefined;
  const isLoopback = allowLoopback && url.protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(url.hostname);
  if ((url.protocol !== 'https:' && !isLoopback) || url.pathname === '/') return undefined;
  return { url: text, host: `${url.origin}/` };
}
