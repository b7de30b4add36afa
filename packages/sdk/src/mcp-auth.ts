import type { SigningKey } from './agent-key.ts';
import { signAssertion } from './token-endpoint.ts';

/** The key pair that `DpopSession.create({ keyPair })` of `@modelcontextprotocol/client` takes. */
export async function mcpKeyPair(key: SigningKey) {
  const { kty, crv, x, y } = key.publicJwk;
  const jwk = { kty, crv, x, y };
  const publicKey = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
  return { privateKey: key.privateKey, publicKey, publicJwk: jwk, thumbprint: key.jkt, alg: 'ES256' as const };
}

export type McpAuthOptions<Session> = {
  readonly issuer: string;
  readonly clientId: string;
  readonly key: SigningKey;
  /** `DpopSession.create({ keyPair: await mcpKeyPair(key) })`: theirs, so that nonces and proofs are their client's. */
  readonly session: Session;
};

type StoredTokens = { readonly access_token: string; readonly token_type: string; readonly issuer?: string | undefined };

/**
 * An `OAuthClientProvider` for the official MCP client, for hosts that take an `authProvider` and no `fetch`. Where
 * `fetch` can be given, `createFetch` does the same with less. Client credentials with a signed assertion for this
 * issuer alone; the private key stays in its handle, where `PrivateKeyJwtProvider` wants to read it.
 */
export class McpAuth<Session> {
  readonly redirectUrl = undefined;
  private readonly options: McpAuthOptions<Session>;
  private stored: StoredTokens | undefined;

  constructor(options: McpAuthOptions<Session>) {
    this.options = options;
  }

  get clientMetadata() {
    const { clientId } = this.options;
    return {
      client_name: clientId,
      redirect_uris: [],
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
    };
  }

  /** The id stands for this issuer only: another one gets nothing. */
  clientInformation(): { client_id: string; issuer: string } {
    return { client_id: this.options.clientId, issuer: this.options.issuer };
  }

  dpop(): Session {
    return this.options.session;
  }

  tokens(): StoredTokens | undefined {
    return this.stored;
  }

  saveTokens(tokens: StoredTokens): void {
    this.stored = tokens;
  }

  invalidateCredentials(): void {
    this.stored = undefined;
  }

  prepareTokenRequest(): URLSearchParams {
    return new URLSearchParams({ grant_type: 'client_credentials' });
  }

  addClientAuthentication = async (_headers: Headers, params: URLSearchParams): Promise<void> => {
    const { issuer, clientId, key } = this.options;
    params.set('client_id', clientId);
    params.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    params.set('client_assertion', await signAssertion(key, { clientId, issuer }, Date.now()));
  };

  redirectToAuthorization(): never {
    throw new TypeError('An agent does not sign in with a browser.');
  }

  saveCodeVerifier(): void {
    // Client credentials know no code verifier (RFC 6749 §4.4).
  }

  codeVerifier(): never {
    throw new TypeError('Client credentials know no code verifier.');
  }
}
