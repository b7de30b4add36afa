import { isIP } from 'node:net';

/**
 * Where people open our pages. A passkey belongs to a name, never to an address (WebAuthn §5.1.3: the RP id is a
 * domain), so a server on this computer is opened as `localhost`. Any other address stays as it is: there passkeys do
 * not work, and the browser says so.
 */
export function browserOrigin(issuer: string): string {
  const url = new URL(issuer);
  const isLoopback = url.hostname === '[::1]' || (isIP(url.hostname) === 4 && url.hostname.startsWith('127.'));
  if (isLoopback) url.hostname = 'localhost';
  return url.origin;
}
