import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportPrivateKey, generateSigningKey, type PublicJwk, thumbprint } from '@surety/proof/jwk';
import { Provider } from 'oidc-provider';
import { answerParent } from './answer-parent.ts';
import { memoryAdapter } from './oidc-provider/memory-adapter.ts';

export type OidcStart = {
  readonly clients: readonly { readonly id: string; readonly jwk: PublicJwk }[];
  readonly resource: string;
};
export type OidcStarted = { readonly port: number; readonly issuer: string };

/**
 * oidc-provider at its best for this one grant: everything in memory, an atomic replay store, clients known from the start,
 * ES256 throughout, JWT access tokens, everything off that client_credentials does not need. DPoP with a nonce of the
 * server is demanded, as we demand it.
 */
async function start({ clients, resource }: OidcStart): Promise<OidcStarted> {
  const server = createServer();
  await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0 }, done));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, configure(clients, resource));
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  return { port, issuer };
}

function configure(clients: OidcStart['clients'], resource: string): object {
  const key = generateSigningKey();
  const resourceServer = {
    scope: 'call',
    audience: resource,
    accessTokenFormat: 'jwt',
    accessTokenTTL: 300,
    jwt: { sign: { alg: 'ES256' } },
  };
  return {
    adapter: memoryAdapter(),
    jwks: { keys: [{ ...exportPrivateKey(key), kid: key.kid, alg: 'ES256', use: 'sig' }] },
    clients: clients.map(({ id, jwk }) => ({
      client_id: id,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [{ ...jwk, kid: thumbprint(jwk), use: 'sig', alg: 'ES256' }] },
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      dpop_bound_access_tokens: true,
      scope: 'call',
    })),
    scopes: ['call'],
    clientAuthMethods: ['private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'], clientAuthSigningAlgValues: ['ES256'], dPoPSigningAlgValues: ['ES256'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    ttl: { ClientCredentials: 300 },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resourceServer,
      },
    },
  };
}

answerParent({ start }, async () => {});
