import type { Call } from '@surety/contract/call';
import { fromPlain } from '@surety/contract/exact-json';
import { describeUpstream } from '../describe-upstream.ts';
import type { Ask } from './ask.ts';
import type { Guard } from './guard.ts';
import { HouseFault } from './house-fault.ts';
import { checkParameterHeaders, hasParameterHeaders } from './parameter-headers.ts';

/**
 * The headers that mirror arguments of this call, compared with the arguments and written from them. A request that
 * brings such headers for a tool whose schema has not come by makes the guard ask the system for its schemas once: it
 * never passes on a header that it could not compare. Throws `Rejection` -32020, or a fault if the system is not there.
 */
export async function mirroredHeaders(
  { parameterHeaders, house }: Guard,
  { spoken, system, headers }: Ask,
  call: Call,
): Promise<Readonly<Record<string, string>>> {
  if (spoken.era === 'session' || !system.operations.has(call.operation)) return {};
  if (parameterHeaders.of(system, call.operation) === undefined && hasParameterHeaders(headers)) {
    const described = await describeUpstream(system.upstream, await house.systemCredential(system)).catch(() => {
      throw new HouseFault('system.unreachable');
    });
    const byName = new Map(described.map(({ name, inputSchema }) => [name, inputSchema]));
    parameterHeaders.learn(
      system,
      [...system.operations.keys()].map((name) => ({ name, inputSchema: fromPlain(byName.get(name) ?? {}) })),
    );
  }
  const mirrored = parameterHeaders.of(system, call.operation);
  return mirrored === undefined ? {} : checkParameterHeaders(headers, mirrored, call.arguments);
}
