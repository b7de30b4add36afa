import { Fault } from '#kernel/fault';
import { findResource, type Resource } from '../resource-indicator.ts';
import type { InteractiveRoom } from './interactive-room.ts';

/** The protected system that a resource indicator names: nothing else is consented to. Fault `resource.unknown`. */
export async function findSystem(
  room: Pick<InteractiveRoom, 'issuer' | 'gatewayUrl' | 'systems'>,
  indicator: string,
): Promise<Resource & { readonly name: string }> {
  const resource = await findResource(room, [indicator]);
  const prefix = `${room.gatewayUrl}/mcp/`;
  if (!resource.audience.startsWith(prefix)) throw new Fault('resource.unknown', 'not a system');
  return { ...resource, name: resource.audience.slice(prefix.length) };
}
