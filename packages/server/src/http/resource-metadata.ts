import { clientAlgs } from '#issuance/server-metadata';

/** Where the metadata of our API is: its path goes behind the well-known prefix (RFC 9728 §3.1). */
export const resourceMetadataPath = '/.well-known/oauth-protected-resource/v1';

/** Protected-resource metadata of the API (RFC 9728 §2): one authorization server, tokens bound to a key, in the header. */
export function resourceMetadata(issuer: string): object {
  return {
    resource: `${issuer}/v1`,
    resource_name: 'Surety API',
    authorization_servers: [issuer],
    jwks_uri: `${issuer}/jwks`,
    scopes_supported: ['call'],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: clientAlgs,
    dpop_bound_access_tokens_required: true,
  };
}
