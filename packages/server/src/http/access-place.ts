import type { AccessPlace } from '#authzen/access-endpoint';
import type { AuthzenRoom } from '#authzen/authzen-room';
import { proofSpend } from '#enforcement/proof-spend';
import { authenticateRequest, recordingPermit } from './api-door.ts';
import type { HallRoom } from './hall-room.ts';
import { guardHeaders } from './pages.ts';
import { renderProblem } from './render-problem.ts';
import { resourceMetadataPath } from './resource-metadata.ts';

/** Where the endpoints of AuthZEN stand: behind the same door as the API, for tokens to the same resource. */
export function accessPlace(room: HallRoom, authzen: AuthzenRoom): AccessPlace {
  const metadataUrl = room.issuer + resourceMetadataPath;
  return {
    room: authzen,
    door: {
      authenticate: (request) => authenticateRequest(room, request),
      spendOf: proofSpend,
      permit: recordingPermit(room),
      nonce: () => room.authenticator.nonce(),
    },
    problem: (fault, requestId) => {
      const { status, headers, body } = renderProblem(fault, { requestId, metadataUrl });
      return { status, body, headers: { ...guardHeaders, ...headers } };
    },
  };
}
