import { createDpopProof, createNonceJar, type NonceJar } from './dpop-proof.ts';
import { readOAuthError } from './read-problem.ts';
import { type SigningKey, signClaims } from './agent-key.ts';
import { localError } from './surety-error.ts';

export type Fetch = typeof globalThis.fetch;

/** An access token for one resource (RFC 8707), bound to the key. Milliseconds since the epoch. */
export type AccessToken = { readonly value: string; readonly resource: string; readonly expiresAtMs: number };

export type TokenSource = {
  /** A token that lives long enough to be used: kept until shortly before it ends, asked for once however many wait for it. */
  readonly token: (resource: string) => Promise<AccessToken>;
  /** Drops a token that a server refused; a newer one stays. */
  readonly forget: (resource: string, value: string) => void;
};

export type TokenSourceOptions = {
  /** The authorization server's identifier: the one audience of the assertion (RFC 7523bis), and where its metadata is. */
  readonly issuer: string;
  /** The id of the principal that holds the key. */
  readonly clientId: string;
  readonly key: () => Promise<SigningKey>;
  /** The task the tokens are for. One is made by the server when none is named. */
  readonly task?: string | undefined;
  readonly fetch?: Fetch | undefined;
  readonly now?: (() => number) | undefined;
};

/** A token is not used in its last seconds: it may end on the way. */
const marginMs = 20_000;

/** How long an assertion lives, in seconds. It is used at once and never again. */
const assertionSeconds = 60;

/**
 * Gets tokens by client credentials (RFC 6749 §4.4) with a signed assertion (RFC 7523 §2.2) and a DPoP proof
 * (RFC 9449 §5), answering a challenge for a nonce once. Faults of the server come as `SuretyError`.
 */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { fetch = globalThis.fetch, now = Date.now } = options;
  const kept = new Map<string, AccessToken>();
  const underway = new Map<string, Promise<AccessToken>>();
  const endpoint = new TokenEndpoint({ ...options, fetch, now });

  const renew = (resource: string): Promise<AccessToken> => {
    const asked = endpoint
      .ask(resource)
      .then((token) => {
        kept.set(resource, token);
        return token;
      })
      .finally(() => underway.delete(resource));
    underway.set(resource, asked);
    return asked;
  };
  return {
    token: async (resource) => {
      const token = kept.get(resource);
      if (token !== undefined && token.expiresAtMs - marginMs > now()) return token;
      return underway.get(resource) ?? renew(resource);
    },
    forget: (resource, value) => {
      if (kept.get(resource)?.value === value) kept.delete(resource);
    },
  };
}

type EndpointOptions = TokenSourceOptions & { readonly fetch: Fetch; readonly now: () => number };

class TokenEndpoint {
  private readonly options: EndpointOptions;
  private readonly nonces: NonceJar = createNonceJar();
  private address: Promise<string> | undefined;

  constructor(options: EndpointOptions) {
    this.options = options;
  }

  async ask(resource: string): Promise<AccessToken> {
    const address = await this.find();
    const first = await this.send(address, resource);
    if (first.ok) return this.read(first, resource);
    const error = await readOAuthError(first);
    if (error.code !== 'dpop.nonce_required') throw error;
    const second = await this.send(address, resource);
    if (!second.ok) throw await readOAuthError(second);
    return this.read(second, resource);
  }

  /** The token endpoint, from the server's metadata (RFC 8414 §3), which must be by this issuer (§3.3). */
  private async find(): Promise<string> {
    this.address ??= this.readMetadata().catch((thrown: unknown) => {
      this.address = undefined;
      throw thrown;
    });
    return this.address;
  }

  private async readMetadata(): Promise<string> {
    const { origin, pathname } = new URL(this.options.issuer);
    const response = await this.reach(`${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`, {});
    const metadata = (response.ok ? await response.json().catch(() => undefined) : undefined) as
      | Record<string, unknown>
      | undefined;
    const endpoint = metadata?.['token_endpoint'];
    if (metadata?.['issuer'] !== this.options.issuer || typeof endpoint !== 'string' || !URL.canParse(endpoint)) {
      throw localError('local.unexpected_answer', ['Its metadata does not name this issuer and a token endpoint.']);
    }
    return endpoint;
  }

  private async send(address: string, resource: string): Promise<Response> {
    const { clientId, task, now } = this.options;
    const key = await this.options.key();
    const proof = await createDpopProof(key, { method: 'POST', url: address, nonce: this.nonces.nonceFor(address) }, now());
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await this.assertion(key),
      resource,
      ...(task === undefined ? {} : { task }),
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', dpop: proof };
    const response = await this.reach(address, { method: 'POST', headers, body: body.toString() });
    this.nonces.observe(address, response);
    return response;
  }

  /** RFC 7523 §3 with rfc7523bis: for this issuer alone, as one string; used once. */
  private assertion(key: SigningKey): Promise<string> {
    const { issuer, clientId, now } = this.options;
    const iat = Math.floor(now() / 1000);
    const claims = { iss: clientId, sub: clientId, aud: issuer, jti: crypto.randomUUID(), iat, exp: iat + assertionSeconds };
    return signClaims(key, { typ: 'JWT' }, claims);
  }

  private async read(response: Response, resource: string): Promise<AccessToken> {
    const body = (await response.json().catch(() => undefined)) as Record<string, unknown> | undefined;
    const { access_token: value, token_type: type, expires_in: seconds } = body ?? {};
    if (typeof value !== 'string' || typeof seconds !== 'number' || String(type).toLowerCase() !== 'dpop') {
      throw localError('local.unexpected_answer', ['The token endpoint gave no token that is bound to a key.']);
    }
    return { value, resource, expiresAtMs: this.options.now() + seconds * 1000 };
  }

  private async reach(url: string, init: RequestInit): Promise<Response> {
    return this.options.fetch(url, { ...init, redirect: 'error' }).catch((cause: unknown) => {
      throw localError('local.unreachable', [`${new URL(url).origin} does not answer.`], cause);
    });
  }
}
