import type { SigningKey } from './agent-key.ts';
import { signAssertion } from './token-endpoint.ts';
import { localError } from './surety-error.ts';

/** What an assertion is for: the authorization server of an MCP server, that server, and the scope that is asked for. */
export type AssertionTarget = {
  readonly issuer: string;
  readonly resource: string | undefined;
  readonly scope: string | undefined;
};

/** Says who the client is on a token request (`addClientAuthentication` of `@modelcontextprotocol/client`). */
export type AuthenticateClient = (
  headers: Headers,
  params: URLSearchParams,
  url: string | URL,
  metadata?: { readonly issuer?: string | undefined },
) => void | Promise<void>;

export type McpAssertionOptions<Session> = {
  /** Whom the client is registered with. Another issuer gets nothing. */
  readonly issuer: string;
  readonly clientId: string;
  /**
   * The assertion (RFC 7523 §2.1), made for this target: a platform's workload token, or an ID-JAG from `requestIdJag`. Called
   * for every token; one that was refused is not sent again.
   */
  readonly assertion: (target: AssertionTarget) => string | Promise<string>;
  /** With it the client says itself who it is (private_key_jwt). Without, the assertion alone does. */
  readonly key?: SigningKey | undefined;
  /** Instead of `key`, for a server that knows clients in its own way. */
  readonly authenticate?: AuthenticateClient | undefined;
  /** `DpopSession.create({ keyPair: await mcpKeyPair(key) })`: the token is bound to the key then. */
  readonly session?: Session | undefined;
};

type StoredTokens = { readonly access_token: string; readonly token_type: string; readonly issuer?: string | undefined };

/**
 * An `OAuthClientProvider` of the official MCP client for the JWT bearer grant: what a platform says of a workload (workload
 * identity federation), or what an organisation's identity provider says of a person (enterprise-managed authorization, the
 * second of its two steps). A refusal is the end of it: nothing is tried again, and no other grant.
 */
export class McpAssertion<Session = undefined> {
  readonly redirectUrl = undefined;
  readonly addClientAuthentication: AuthenticateClient;
  private readonly options: McpAssertionOptions<Session>;
  private stored: StoredTokens | undefined;
  private resource: string | undefined;
  private isRefused = false;

  constructor(options: McpAssertionOptions<Session>) {
    this.options = options;
    this.addClientAuthentication = options.authenticate ?? ((_headers, params) => this.sayWho(params));
  }

  get clientMetadata() {
    return {
      client_name: this.options.clientId,
      redirect_uris: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
      token_endpoint_auth_method: this.options.key === undefined ? 'none' : 'private_key_jwt',
    };
  }

  clientInformation(): { client_id: string; issuer: string } {
    return { client_id: this.options.clientId, issuer: this.options.issuer };
  }

  dpop(): Session | undefined {
    return this.options.session;
  }

  tokens(): StoredTokens | undefined {
    return this.stored;
  }

  saveTokens(tokens: StoredTokens): void {
    this.stored = tokens;
  }

  /** The MCP client says by this that the token request was refused, before it would make it again. */
  invalidateCredentials(): void {
    this.stored = undefined;
    this.isRefused = true;
  }

  saveResourceUrl(resource: string): void {
    this.resource = resource;
  }

  resourceUrl(): string | undefined {
    return this.resource;
  }

  async prepareTokenRequest(scope?: string): Promise<URLSearchParams> {
    if (this.isRefused) {
      this.isRefused = false;
      throw localError('local.assertion_refused', ['The server refused it once, and would again.']);
    }
    const { issuer } = this.options;
    const assertion = await this.options.assertion({ issuer, resource: this.resource, scope });
    const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
    return new URLSearchParams(scope === undefined ? grant : { ...grant, scope });
  }

  redirectToAuthorization(): never {
    throw new TypeError('Who has an assertion does not sign in with a browser.');
  }

  saveCodeVerifier(): void {
    // The grant knows no code verifier (RFC 7523 §2.1).
  }

  codeVerifier(): never {
    throw new TypeError('The JWT bearer grant knows no code verifier.');
  }

  private async sayWho(params: URLSearchParams): Promise<void> {
    const { issuer, clientId, key } = this.options;
    params.set('client_id', clientId);
    if (key === undefined) return;
    params.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    params.set('client_assertion', await signAssertion(key, { clientId, issuer }, Date.now()));
  }
}
