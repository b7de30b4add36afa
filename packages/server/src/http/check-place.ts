import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { BoundedCache } from '@surety/proof/bounded-cache';
import { headerValues } from '#kernel/header-values';

/**
 * Whether a request may be meant for this server, against pages of other sites that reach it through a browser (DNS
 * rebinding). `Host` must be an address, this machine, or the name of the issuer: a name that somebody else controls can be
 * pointed here, an address cannot. `Origin`, if there, must be our own.
 */
export function createPlaceCheck(issuer: string): (request: IncomingMessage) => boolean {
  const own = new URL(issuer);
  const known = new BoundedCache<boolean>(100);
  const judge = (host: string): boolean => {
    const name = URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '') ?? '';
    return /^[\w.:[\]-]+$/.test(host) && (isIP(name) > 0 || name === 'localhost' || name === own.hostname);
  };
  const isOurs = (host: string): boolean => {
    const before = known.get(host);
    if (before !== undefined) return before;
    const judged = host.length <= 255 && judge(host);
    known.set(host, judged);
    return judged;
  };
  const isOwnOrigin = (origin: string, host: string): boolean =>
    origin === own.origin || (origin === `http://${host}` && isOurs(host));
  return (request) => {
    const [host, ...others] = headerValues(request, 'host');
    if (request.url?.startsWith('/') !== true || host === undefined || others.length > 0 || !isOurs(host)) return false;
    return headerValues(request, 'origin').every((origin) => isOwnOrigin(origin, host));
  };
}
