import type { AccessResponse } from './access-endpoint.ts';

/** The errors of the access request profile (ARAP, error responses). */
export type AccessProblemCode =
  | 'not_requestable'
  | 'expired_denial'
  | 'invalid_denial_binding'
  | 'duplicate_request'
  | 'unknown_task';

/** An RFC 9457 problem document under the profile's own type. */
export function accessProblem(code: AccessProblemCode, status: number, title: string): AccessResponse {
  return {
    status,
    body: { type: `urn:openid:authzen:access-request:error:${code}`, title, status },
    headers: { 'content-type': 'application/problem+json' },
  };
}
