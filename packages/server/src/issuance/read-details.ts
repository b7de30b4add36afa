import { type AgentAction, AgentActions } from '@surety/contract/delegation';
import { ExactJsonError, readExactJson, toPlain } from '@surety/contract/exact-json';
import { checkDetails } from '@surety/decision/compile-hop';
import { Fault, type FaultIssue } from '#kernel/fault';
import type { IssuanceRoom } from './issuance-room.ts';

/** Longer than any list that a person could read. */
const limits = { depth: 12, nodes: 5_000 } as const;

/**
 * The `authorization_details` of a request (RFC 9396 §2): a list of `agent_action`, each about a system that is protected
 * here. A member or type that is not known is refused, never ignored. Fault `details.invalid`, with where and why.
 */
export async function readDetails(
  room: Pick<IssuanceRoom, 'gatewayUrl' | 'systems'>,
  text: string,
): Promise<readonly AgentAction[]> {
  const read = AgentActions.safeParse(parse(text));
  if (!read.success) refuse(read.error.issues.map(({ path, message }) => ({ path: `/${path.map(String).join('/')}`, message })));
  for (const [at, { locations }] of read.data.entries()) {
    const prefix = `${room.gatewayUrl}/mcp/`;
    const name = locations[0].startsWith(prefix) ? locations[0].slice(prefix.length) : '';
    if (name === '' || (await room.systems.byName(name)) === undefined)
      refuse([{ path: `/${at}/locations/0`, message: 'is no system that is protected here' }]);
  }
  const issues = checkDetails(read.data);
  if (issues.length > 0) refuse(issues);
  return read.data;
}

function parse(text: string): unknown {
  try {
    return toPlain(readExactJson(text, limits));
  } catch (thrown) {
    if (thrown instanceof ExactJsonError) return refuse([{ path: '', message: 'is not JSON, or not exact' }]);
    throw thrown;
  }
}

function refuse(issues: readonly FaultIssue[]): never {
  throw new Fault('details.invalid', undefined, { issues: issues.slice(0, 20) });
}
