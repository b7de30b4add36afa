import type { IncomingMessage } from 'node:http';

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Whether a request was made by a page of another site, or through a name that is not ours: DNS rebinding
 * (MCP transports, "Security Warning"). `Host` must be the public URL's; a guard that listens on loopback also answers
 * to loopback names at its own port. An `Origin`, which only browsers send, must be one of the same.
 */
export function foreignRequestTest(
  publicUrl: string,
  listening: { readonly host: string; readonly port: number },
): (request: IncomingMessage) => boolean {
  const { protocol, host } = new URL(publicUrl);
  const hosts = new Set([host.toLowerCase()]);
  if (isLoopback(listening.host))
    for (const name of loopback) hosts.add(listening.port === 80 ? name : `${name}:${listening.port}`);
  const origins = new Set([...hosts].map((name) => (name === host.toLowerCase() ? `${protocol}//${name}` : `http://${name}`)));
  return ({ headers }) =>
    !hosts.has(withoutDefaultPort(headers.host ?? '', protocol)) ||
    (headers.origin !== undefined && !origins.has(headers.origin.toLowerCase()));
}

function withoutDefaultPort(host: string, protocol: string): string {
  const lower = host.toLowerCase();
  const standard = protocol === 'https:' ? ':443' : ':80';
  return lower.endsWith(standard) ? lower.slice(0, -standard.length) : lower;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
