import { verifyDpopProof } from '@surety/proof/dpop';
import { authenticateClient } from '#authn/authenticate-client';
import { orProofFault } from '#authn/proof-fault';
import { Fault } from '#kernel/fault';
import { headerValues } from '#kernel/header-values';
import { clientParameters } from './client-parameters.ts';
import { createEndpoint, type RawHandler } from './endpoint.ts';
import { requiredParameter } from './form.ts';
import { grantTable } from './grants/grant-table.ts';
import type { IssuanceRoom } from './issuance-room.ts';

/**
 * The token endpoint (RFC 6749 §3.2). A DPoP proof with our nonce is demanded of every client (RFC 9449 §5 and §8), then
 * the client's assertion is verified, then the grant decides.
 */
export function tokenEndpoint(room: IssuanceRoom): RawHandler {
  const url = `${room.issuer}/token`;
  const nonce = { required: true, nonces: room.nonces };
  return createEndpoint(room, async (form, request) => {
    const grant = grantTable.get(requiredParameter(form, 'grant_type'));
    if (grant === undefined) throw new Fault('grant.unsupported');
    const proofs = headerValues(request, 'dpop');
    const proof = orProofFault(() => verifyDpopProof({ headerValues: proofs, method: 'POST', url, now: room.clock(), nonce }));
    const client = await authenticateClient(room, clientParameters(form), proof.jkt);
    return grant(room, { form, client, proof });
  });
}
