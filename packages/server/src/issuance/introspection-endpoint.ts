import type { AccessTokenClaims } from '@surety/proof/access-token';
import { orNotReady } from '#authn/proof-fault';
import { readTokenStanding } from '#authn/read-token-standing';
import { Fault } from '#kernel/fault';
import { type AdmittedClient, admitClient } from './admit-client.ts';
import { createEndpoint, type RawHandler } from './endpoint.ts';
import { requiredParameter } from './form.ts';
import type { IssuanceRoom } from './issuance-room.ts';

/** What is said of every token that is not live, or not for this client to know: nothing else (RFC 7662 §2.2). */
const inactive = { active: false } as const;

/**
 * Token introspection (RFC 7662). A client learns of its own tokens; of others' only a human or workload whom the house
 * policy lets `token:introspect`. For anybody else a token of someone else's is no different from none.
 */
export function introspectionEndpoint(room: IssuanceRoom): RawHandler {
  return createEndpoint(room, async (form, request) => {
    const token = requiredParameter(form, 'token');
    const client = await admitClient(room, form, request);
    const claims = room.readToken(token);
    if (claims === undefined || !(await mayKnow(room, client, claims))) return inactive;
    const standing = await orNotReady(readTokenStanding(room, claims));
    return standing.live ? { active: true, token_type: claims.cnf.jkt === undefined ? 'Bearer' : 'DPoP', ...claims } : inactive;
  });
}

async function mayKnow(
  room: IssuanceRoom,
  { id, credential, standing }: AdmittedClient,
  { sub, client_id: client }: AccessTokenClaims,
): Promise<boolean> {
  if (sub === id || client === id) return true;
  const { kind } = standing.principal;
  if (kind === 'agent') return false;
  try {
    await room.permit({ principal: id, kind, credential }, 'token:introspect', {});
    return true;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'access.denied') return false;
    throw thrown;
  }
}
