import { signInClass } from '#signin/authentication-claims';
import { browserOrigin } from '#signin/browser-origin';
import { grantTable } from './grants/grant-table.ts';
import type { IssuanceRoom } from './issuance-room.ts';

type DescribedServer = Pick<IssuanceRoom, 'issuer' | 'registersClients' | 'certificateOf' | 'mtlsUrl'>;

const certificateMethods = ['self_signed_tls_client_auth', 'tls_client_auth'];

/** Signature algorithms taken of clients, for assertions and proofs alike. */
export const clientAlgs = ['ES256', 'EdDSA'] as const;

/**
 * Authorization-server metadata (RFC 8414 §2), served at both well-known addresses. Only what works is in it. The
 * authorization endpoint is where browsers open it: passkeys belong to a name, so on this computer that is `localhost`.
 */
export function serverMetadata(room: DescribedServer): object {
  const { issuer, registersClients } = room;
  const clientMethods = ['private_key_jwt', ...(room.certificateOf === undefined ? [] : certificateMethods)];
  return {
    issuer,
    authorization_endpoint: `${browserOrigin(issuer)}/authorize`,
    pushed_authorization_request_endpoint: `${issuer}/par`,
    token_endpoint: `${issuer}/token`,
    ...(registersClients ? { registration_endpoint: `${issuer}/register` } : {}),
    jwks_uri: `${issuer}/jwks`,
    introspection_endpoint: `${issuer}/introspect`,
    revocation_endpoint: `${issuer}/revoke`,
    scopes_supported: ['call'],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    authorization_response_iss_parameter_supported: true,
    authorization_details_types_supported: ['agent_action'],
    grant_types_supported: [...grantTable.keys()],
    authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
    identity_chaining_requested_token_types_supported: ['urn:ietf:params:oauth:token-type:id-jag'],
    token_endpoint_auth_methods_supported: [...clientMethods, 'spiffe_jwt', 'none'],
    client_id_metadata_document_supported: true,
    token_endpoint_auth_signing_alg_values_supported: clientAlgs,
    introspection_endpoint_auth_methods_supported: clientMethods,
    introspection_endpoint_auth_signing_alg_values_supported: clientAlgs,
    revocation_endpoint_auth_methods_supported: clientMethods,
    revocation_endpoint_auth_signing_alg_values_supported: clientAlgs,
    dpop_signing_alg_values_supported: clientAlgs,
    code_challenge_methods_supported: ['S256'],
    acr_values_supported: [signInClass],
    ...certificateMetadata(room),
  };
}

/** RFC 8705 §3.3 and §5: where clients show certificates, and that tokens are then bound to them. */
function certificateMetadata({ certificateOf, mtlsUrl }: DescribedServer): object {
  if (certificateOf === undefined) return {};
  const aliases = {
    token_endpoint: `${mtlsUrl}/token`,
    introspection_endpoint: `${mtlsUrl}/introspect`,
    revocation_endpoint: `${mtlsUrl}/revoke`,
    pushed_authorization_request_endpoint: `${mtlsUrl}/par`,
  };
  return {
    tls_client_certificate_bound_access_tokens: true,
    ...(mtlsUrl === undefined ? {} : { mtls_endpoint_aliases: aliases }),
  };
}
