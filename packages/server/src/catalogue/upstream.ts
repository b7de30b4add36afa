import { basename } from 'node:path';
import type { CredentialPlace, Upstream } from '@surety/contract/system';
import { Fault } from '#kernel/fault';

/**
 * Checks where a system is said to be. An address carries no user name, password or fragment: what is secret belongs in
 * the sealed credential, because addresses are shown. A command is a program and its arguments, never a line for a shell,
 * and is refused (`system.command_refused`) where this server runs none. A credential goes into a header of a request, or
 * into the environment of a command (`request.malformed`).
 */
export function checkUpstream(
  upstream: Upstream,
  { place, allowCommands }: { readonly place: CredentialPlace | undefined; readonly allowCommands: boolean },
): void {
  if (upstream.kind === 'mcp-http') {
    const { username, password, hash } = new URL(upstream.url);
    if (username !== '' || password !== '' || hash !== '')
      refuse('/upstream/url', 'no user name, password or fragment; give a credential instead');
  } else {
    if (!allowCommands) throw new Fault('system.command_refused');
    const texts = [upstream.command, ...upstream.args, upstream.cwd ?? ''];
    if (texts.some((text) => text.includes('\0'))) refuse('/upstream', 'no NUL characters');
  }
  const placeKind = upstream.kind === 'mcp-http' ? 'header' : 'environment';
  if (place !== undefined && place.kind !== placeKind)
    refuse('/credential/place', `this system takes its credential in the ${placeKind}`);
}

/** What the ledger says of an upstream: enough to know it, without query or arguments, which may hold secrets. */
export function describeUpstream(upstream: Upstream): string {
  const where = upstream.inside === true ? ' inside the organisation' : '';
  if (upstream.kind === 'mcp-stdio') return `command ${basename(upstream.command)}`.slice(0, 900) + where;
  const { origin, pathname } = new URL(upstream.url);
  return `${origin}${pathname}`.slice(0, 900) + where;
}

function refuse(path: string, message: string): never {
  throw new Fault('request.malformed', undefined, { issues: [{ path, message }] });
}
