import { verifyDpopProof } from '@surety/proof/dpop';
import { authenticateClient } from '#authn/authenticate-client';
import { authenticateSvid, spiffeAssertionType } from '#authn/authenticate-instance';
import { orNotReady, orProofFault } from '#authn/proof-fault';
import { Fault } from '#kernel/fault';
import { headerValues } from '#kernel/header-values';
import { clientParameters } from './client-parameters.ts';
import { createEndpoint, type RawHandler } from './endpoint.ts';
import { requiredParameter } from './form.ts';
import { grantTable } from './grants/grant-table.ts';
import type { IssuanceRoom } from './issuance-room.ts';
import { manifestParameter } from './manifest-parameter.ts';

/**
 * The token endpoint (RFC 6749 §3.2). A DPoP proof with our nonce is demanded of every client (RFC 9449 §5 and §8), then
 * it is established who the client is, as the grant says, then the grant decides.
 */
export function tokenEndpoint(room: IssuanceRoom): RawHandler {
  const url = `${room.issuer}/token`;
  const nonce = { required: true, nonces: room.nonces };
  return createEndpoint(room, async (form, request) => {
    const grant = grantTable.get(requiredParameter(form, 'grant_type'));
    if (grant === undefined) throw new Fault('grant.unsupported');
    const proofs = headerValues(request, 'dpop');
    const proof = orProofFault(() => verifyDpopProof({ headerValues: proofs, method: 'POST', url, now: room.clock(), nonce }));
    if (grant.knows === 'own-assertion') return grant.act(room, { form, proof });
    const parameters = clientParameters(form);
    const manifest = manifestParameter(form);
    const isSvid = parameters.assertionType === spiffeAssertionType;
    const client = isSvid
      ? await authenticateSvid(room, parameters, { proof, manifest })
      : await authenticateClient(room, parameters, proof.jkt);
    if (!isSvid && manifest !== undefined) await orNotReady(room.federation.describe(client.credential, manifest));
    return grant.act(room, { form, client, proof });
  });
}
