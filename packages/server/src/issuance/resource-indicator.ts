import { Fault } from '#kernel/fault';
import type { PrincipalKind } from '#registry/principal';
import type { IssuanceRoom } from './issuance-room.ts';

/** A resource that tokens are issued for. `keys`: whose change makes this stale. `kinds`: who may have a token for it. */
export type Resource = { readonly audience: string; readonly keys: readonly string[]; readonly kinds: readonly PrincipalKind[] };

const systemName = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * The resource that a request names (RFC 8707 §2): our API, our issuer itself (for a token that is to be exchanged), or a
 * protected system. Exactly one, spelled as its metadata
 * spells it; a token is for one resource. Fault `resource.unknown`.
 */
export async function findResource(
  room: Pick<IssuanceRoom, 'issuer' | 'gatewayUrl' | 'systems'>,
  indicators: readonly string[],
): Promise<Resource> {
  const [indicator = '', ...others] = indicators;
  if (others.length > 0) throw new Fault('resource.unknown', 'more than one resource');
  if (indicator === `${room.issuer}/v1`) return { audience: indicator, keys: [], kinds: ['human', 'workload', 'agent'] };
  if (indicator === room.issuer) return { audience: indicator, keys: [], kinds: ['human', 'agent'] };
  const prefix = `${room.gatewayUrl}/mcp/`;
  const name = indicator.startsWith(prefix) ? indicator.slice(prefix.length) : '';
  const system = systemName.test(name) ? await room.systems.byName(name) : undefined;
  if (system === undefined) throw new Fault('resource.unknown');
  return { audience: indicator, keys: [system.id], kinds: ['workload', 'agent'] };
}
