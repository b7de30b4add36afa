import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * `__Host-`: set by this host, for this host, over https (RFC 6265bis §4.1.3.2). On plain http browsers would not keep it.
 */
function nameAt(origin: string): string {
  return origin.startsWith('https:') ? '__Host-surety' : 'surety_session';
}

/** The token of the session cookie. A cookie that comes twice is none. */
export function sessionToken(request: IncomingMessage, origin: string): string | undefined {
  const name = nameAt(origin);
  const values = (request.headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  const [value, ...others] = values;
  return others.length === 0 && value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined;
}

/** The `Set-Cookie` of a session, for `seconds`; 0 takes it away. */
export function sessionCookie(origin: string, token: string, seconds: number): string {
  const secure = origin.startsWith('https:') ? '; Secure' : '';
  return `${nameAt(origin)}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}

/** A value that only pages made for this session and purpose hold. */
export function csrfToken(token: string, purpose: string): string {
  return createHmac('sha256', token).update(`csrf|${purpose}`).digest('base64url');
}

export function isCsrfToken(given: string | undefined, token: string, purpose: string): boolean {
  const expected = Buffer.from(csrfToken(token, purpose));
  const shown = Buffer.from(given ?? '');
  return shown.length === expected.length && timingSafeEqual(shown, expected);
}
