import { verifyDpopProof } from '@surety/proof/dpop';
import { authenticateCertificate, proofByCertificate } from '#authn/authenticate-certificate';
import { authenticateClient } from '#authn/authenticate-client';
import { authenticateSvid, spiffeAssertionType } from '#authn/authenticate-instance';
import { orNotReady, orProofFault } from '#authn/proof-fault';
import { Fault } from '#kernel/fault';
import { headerValues } from '#kernel/header-values';
import { clientParameters } from './client-parameters.ts';
import { authenticateDocument, documentIdOf } from './document-client.ts';
import { createEndpoint, type RawHandler } from './endpoint.ts';
import { requiredParameter } from './form.ts';
import { grantTable } from './grants/grant-table.ts';
import type { IssuanceRoom } from './issuance-room.ts';
import { manifestParameter } from './manifest-parameter.ts';

/**
 * The token endpoint (RFC 6749 §3.2). A DPoP proof with our nonce is demanded of every client (RFC 9449 §5 and §8) whose
 * connection does not prove a key by a certificate (RFC 8705 §3). Then it is established who the client is, as the grant
 * says, then the grant decides.
 */
export function tokenEndpoint(room: IssuanceRoom): RawHandler {
  const url = `${room.issuer}/token`;
  const nonce = { required: true, nonces: room.nonces };
  return createEndpoint(room, async (form, request) => {
    const grant = grantTable.get(requiredParameter(form, 'grant_type'));
    if (grant === undefined) throw new Fault('grant.unsupported');
    const proofs = headerValues(request, 'dpop');
    const certificate = room.certificateOf?.(request);
    const now = room.clock();
    const proof =
      proofs.length === 0 && certificate !== undefined
        ? proofByCertificate(certificate, now)
        : orProofFault(() => verifyDpopProof({ headerValues: proofs, method: 'POST', url, now, nonce }));
    if (grant.knows === 'own-assertion') return grant.act(room, { form, proof });
    const parameters = clientParameters(form);
    const manifest = manifestParameter(form);
    const isSvid = parameters.assertionType === spiffeAssertionType;
    const document = documentIdOf(parameters);
    if (document !== undefined)
      return grant.act(room, { form, client: await authenticateDocument(room, document, { form, proof, parameters }), proof });
    if (certificate !== undefined && parameters.assertion === undefined)
      return grant.act(room, {
        form,
        client: await authenticateCertificate(room, parameters, certificate, { proof, manifest }),
        proof,
      });
    const client = isSvid
      ? await authenticateSvid(room, parameters, { proof, manifest })
      : await authenticateClient(room, parameters, proof.jkt);
    if (!isSvid && manifest !== undefined) await orNotReady(room.federation.describe(client.credential, manifest));
    return grant.act(room, { form, client, proof });
  });
}
