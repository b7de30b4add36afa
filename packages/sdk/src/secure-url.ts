import { localError } from './surety-error.ts';

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * A base address of a server: https, or http on this computer; no name, password, query or fragment. Without the
 * slash at its end. Throws `local.plaintext_refused` or `local.not_configured`.
 */
export function readBaseUrl(text: string, allow: { readonly plaintext?: boolean } = {}): string {
  const url = URL.parse(text);
  const isPlain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (!isPlain) throw localError('local.not_configured', ['The address of the server is not a plain http or https address.']);
  if (url.protocol === 'http:' && !loopback.test(url.hostname) && allow.plaintext !== true)
    throw localError('local.plaintext_refused');
  return url.origin + url.pathname.replace(/\/+$/, '');
}
