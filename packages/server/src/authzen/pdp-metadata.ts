import { signJws } from '@surety/proof/jws';
import type { AuthzenRoom } from './authzen-room.ts';
import { obligationTypes } from './obligations.ts';

export const accessPaths = {
  evaluation: '/access/v1/evaluation',
  evaluations: '/access/v1/evaluations',
  searchSubject: '/access/v1/search/subject',
  searchResource: '/access/v1/search/resource',
  searchAction: '/access/v1/search/action',
  requests: '/access/v1/requests',
} as const;

export const metadataPath = '/.well-known/authzen-configuration';

/** What this decision point is and where it answers (AuthZEN 1.0 §9). */
export function pdpMetadata(issuer: string): Readonly<Record<string, unknown>> {
  return {
    policy_decision_point: issuer,
    access_evaluation_endpoint: issuer + accessPaths.evaluation,
    access_evaluations_endpoint: issuer + accessPaths.evaluations,
    search_subject_endpoint: issuer + accessPaths.searchSubject,
    search_resource_endpoint: issuer + accessPaths.searchResource,
    search_action_endpoint: issuer + accessPaths.searchAction,
    access_request_endpoint: issuer + accessPaths.requests,
    jwks_uri: `${issuer}/jwks`,
    capabilities: ['urn:openid:authzen:capability:access-request'],
    supported_obligations: Object.values(obligationTypes),
  };
}

/** How long a signed document is given out before it is signed anew, in milliseconds. */
const keptMs = 300_000;

/** The same, with `signed_metadata` (§9.1.1): what is signed wins over what stands beside it. */
export function openMetadata({ issuer, clock, keyRing }: Pick<AuthzenRoom, 'issuer' | 'clock' | 'keyRing'>): () => object {
  const plain = pdpMetadata(issuer);
  let kept: { readonly kid: string; readonly signedAtMs: number; readonly document: object } | undefined;
  return () => {
    const key = keyRing.tokenKey();
    const now = clock();
    if (kept?.kid === key.kid && now - kept.signedAtMs < keptMs) return kept.document;
    const claims = JSON.stringify({ ...plain, iss: issuer, iat: Math.floor(now / 1000) });
    const signed = signJws(key, { typ: 'authzen-configuration+jwt', kid: key.kid }, claims);
    kept = { kid: key.kid, signedAtMs: now, document: { ...plain, signed_metadata: signed } };
    return kept.document;
  };
}
