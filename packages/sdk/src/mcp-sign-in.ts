import { localError } from './surety-error.ts';

export type McpSignInOptions<Session> = {
  /** Where the person's browser comes back to: an address of the host of this client. */
  readonly redirectUrl: string;
  /**
   * Lets a person sign in and say yes, at an address of the authorization server. Resolves with the query of the address that
   * the browser came back to (RFC 6749 §4.1.2).
   */
  readonly open: (address: URL) => Promise<URLSearchParams>;
  /** The address of the client's metadata document: its id wherever such documents are taken. No registration is made then. */
  readonly clientMetadataUrl?: string | undefined;
  /** How people know this client. */
  readonly clientName?: string | undefined;
  /** `DpopSession.create({ keyPair: await mcpKeyPair(key) })`: tokens are bound to the key where the server can. */
  readonly session?: Session | undefined;
};

/** What is kept of one authorization server (RFC 6749 §2.2: a client id means something to the one who gave it). */
type StoredClient = { readonly client_id: string; readonly issuer?: string | undefined };
type StoredTokens = { readonly access_token: string; readonly token_type: string; readonly issuer?: string | undefined };
type Context = { readonly issuer: string };

/** How often a person is asked for one thing: to sign in, and once more when that did not open enough. */
const maxRounds = 2;

/**
 * An `OAuthClientProvider` of the official MCP client for servers of others, at which a person signs in: authorization code
 * with PKCE, and the client's id is the address of its metadata document where that is taken. It has no secret, and drops one
 * that it is given. Everything is kept in memory and for one issuer each: another one gets nothing of it.
 */
export class McpSignIn<Session = undefined> {
  readonly redirectUrl: string;
  readonly clientMetadataUrl?: string;
  private readonly options: McpSignInOptions<Session>;
  private readonly clients = new Map<string, StoredClient>();
  private readonly kept = new Map<string, StoredTokens>();
  private newest: StoredTokens | undefined;
  private discovery: unknown;
  private round = 0;
  private asked: { readonly state: string; readonly verifier?: string; readonly answer?: Promise<URLSearchParams> } | undefined;

  constructor(options: McpSignInOptions<Session>) {
    this.options = options;
    this.redirectUrl = options.redirectUrl;
    if (options.clientMetadataUrl !== undefined) this.clientMetadataUrl = options.clientMetadataUrl;
  }

  get clientMetadata() {
    const { clientName = 'Surety agent', session } = this.options;
    return {
      client_name: clientName,
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      ...(session === undefined ? {} : { dpop_bound_access_tokens: true }),
    };
  }

  /** RFC 6749 §10.12: what comes back was asked for by us. */
  state(): string {
    const state = crypto.randomUUID();
    this.asked = { state };
    return state;
  }

  clientInformation(context?: Context): StoredClient | undefined {
    return context === undefined ? undefined : this.clients.get(context.issuer);
  }

  saveClientInformation(client: StoredClient, context?: Context): void {
    const issuer = context?.issuer ?? client.issuer;
    if (issuer !== undefined) this.clients.set(issuer, { client_id: client.client_id, issuer });
  }

  dpop(): Session | undefined {
    return this.options.session;
  }

  tokens(context?: Context): StoredTokens | undefined {
    return context === undefined ? this.newest : this.kept.get(context.issuer);
  }

  saveTokens(tokens: StoredTokens, context?: Context): void {
    this.newest = tokens;
    this.discovery = undefined;
    const issuer = context?.issuer ?? tokens.issuer;
    if (issuer !== undefined) this.kept.set(issuer, tokens);
  }

  /** Where the sign-in under way is. It is looked up anew for the next: a server may have moved to another issuer. */
  discoveryState<State>(): State | undefined {
    return this.discovery as State | undefined;
  }

  saveDiscoveryState(state: unknown): void {
    this.discovery = state;
  }

  invalidateCredentials(what: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    if (what === 'all' || what === 'client') this.clients.clear();
    if (what === 'all' || what === 'discovery') this.discovery = undefined;
    if (what === 'all' || what === 'verifier') this.asked = undefined;
    if (what !== 'all' && what !== 'tokens') return;
    this.kept.clear();
    this.newest = undefined;
  }

  saveCodeVerifier(verifier: string): void {
    if (this.asked !== undefined) this.asked = { ...this.asked, verifier };
  }

  codeVerifier(): string {
    const verifier = this.asked?.verifier;
    if (verifier === undefined) throw localError('local.sign_in_failed', ['No sign-in is under way.']);
    return verifier;
  }

  redirectToAuthorization(address: URL): void {
    if (this.asked === undefined) throw localError('local.sign_in_failed', ['No sign-in is under way.']);
    if (this.round >= maxRounds)
      throw localError('local.sign_in_failed', ['What was said yes to is still not enough for the server.']);
    const answer = this.options.open(address);
    answer.catch(() => undefined); // told to the one who waits for it, below
    this.asked = { ...this.asked, answer };
  }

  /**
   * What the browser came back with, once; undefined when nobody was sent to sign in. Throws `local.sign_in_failed` when it is
   * an answer to somebody else's question. Its `iss` is compared by the MCP client (RFC 9207 §2.4).
   */
  async answer(): Promise<URLSearchParams | undefined> {
    const { state, answer } = this.asked ?? {};
    const params = await answer;
    if (params === undefined) return undefined;
    if (this.asked !== undefined) this.asked = { state: this.asked.state, ...verifierOf(this.asked) };
    if (params.get('state') !== state) throw localError('local.sign_in_failed', ['The answer is not to this question.']);
    return params;
  }

  /**
   * Does something with an MCP server, and does it again when a person had to sign in for it, or once more for a wider scope.
   * `finish` is `finishAuth` of the transport that was used. What is refused then stays refused.
   */
  async during<Result>(act: () => Promise<Result>, finish: (params: URLSearchParams) => Promise<void>): Promise<Result> {
    for (this.round = 0; ; this.round += 1) {
      try {
        const result = await act();
        this.round = 0;
        return result;
      } catch (thrown) {
        const params = await this.answer();
        if (params === undefined) throw thrown;
        await finish(params);
      }
    }
  }
}

function verifierOf({ verifier }: { readonly verifier?: string }): { readonly verifier?: string } {
  return verifier === undefined ? {} : { verifier };
}
