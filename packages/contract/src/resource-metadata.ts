/** Algorithms of the proofs that every resource of ours takes (RFC 9449 §5.1). */
export const dpopAlgorithms = ['ES256', 'EdDSA'] as const;

/**
 * The document that says how to get a token for a resource (RFC 9728 §2): for the API and for every guarded system alike.
 * `resource` is its address, and the `aud` of its tokens. No method of RFC 6750 is supported: a token is sent with a proof of
 * its key, or not at all. Resources sign nothing, so they publish no keys; those of the issuer are in its own metadata.
 */
export function protectedResourceMetadata(one: {
  readonly resource: string;
  readonly name: string;
  readonly issuer: string;
}): object {
  return {
    resource: one.resource,
    resource_name: one.name,
    authorization_servers: [one.issuer],
    scopes_supported: ['call'],
    bearer_methods_supported: [],
    dpop_bound_access_tokens_required: true,
    dpop_signing_alg_values_supported: dpopAlgorithms,
  };
}
