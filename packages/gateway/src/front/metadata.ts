import { type FaultCode, faults } from '@surety/contract/faults';
import { dpopAlgorithms } from '@surety/contract/resource-metadata';
import type { Addresses } from './addresses.ts';

/** Where a challenge is for, and what the fault behind it demands besides a token. */
export type Challenged = { readonly system: string; readonly demanded: Readonly<Record<string, string | number>> };

/**
 * The challenge that goes with 401 (RFC 9449 §7.1, RFC 9728 §5.1, RFC 9470 §3). Without a code, no token was sent.
 */
export function challenge(addresses: Addresses, { system, demanded }: Challenged, code: FaultCode | undefined): string {
  const error = code === undefined || code === 'token.missing' ? undefined : oauthError(code);
  const parts = [
    ...(error === undefined ? [] : [`error="${error}"`]),
    ...Object.entries(demanded).map(([name, value]) => `${name}="${value}"`),
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
