import { type FaultCode, faults } from '@surety/contract/faults';
import type { Addresses } from './addresses.ts';

export const dpopAlgorithms = ['ES256', 'EdDSA'] as const;

/** The document that says how to get a token for a system (RFC 9728 §2, RFC 9449 §5.1 for the algorithms). */
export function protectedResourceMetadata(addresses: Addresses, issuer: string, system: string): object {
  return {
    resource: addresses.resource(system),
    authorization_servers: [issuer],
    bearer_methods_supported: [],
    dpop_bound_access_tokens_required: true,
    dpop_signing_alg_values_supported: dpopAlgorithms,
    scopes_supported: ['call'],
    resource_name: system,
  };
}

/** The challenge that goes with 401 (RFC 9449 §7.1, RFC 9728 §5.1). Without a code, no token was sent. */
export function challenge(addresses: Addresses, system: string, code: FaultCode | undefined): string {
  const error = code === undefined || code === 'token.missing' ? undefined : oauthError(code);
  const parts = [
    ...(error === undefined ? [] : [`error="${error}"`]),
    `algs="${dpopAlgorithms.join(' ')}"`,
    `resource_metadata="${addresses.metadataUrl(system)}"`,
  ];
  return `DPoP ${parts.join(', ')}`;
}

/** The registered name of a fault, for OAuth clients. */
export function oauthError(code: FaultCode): string {
  const spec = faults[code];
  return 'oauth' in spec ? spec.oauth : 'invalid_request';
}
