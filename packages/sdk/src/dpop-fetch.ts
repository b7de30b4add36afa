import { createDpopProof, createNonceJar } from './dpop-proof.ts';
import type { SigningKey } from './agent-key.ts';
import { createServerClock, type ServerClock } from './server-clock.ts';
import { localError } from './surety-error.ts';
import type { AccessToken, Fetch } from './access-token.ts';
import type { TokenSource } from './token-source.ts';

export type DpopFetchOptions = {
  readonly tokens: Pick<TokenSource, 'token' | 'forget'>;
  readonly key: () => Promise<SigningKey>;
  /**
   * The resource (RFC 8707) whose token goes with a request to this address; `open` for documents that need none;
   * undefined for addresses that get nothing from us. Tokens are sent nowhere else.
   */
  readonly resourceOf: (url: URL) => { readonly resource: string } | 'open' | undefined;
  readonly fetch?: Fetch | undefined;
  readonly now?: (() => number) | undefined;
  /** The clock of the server, when something else asks it too. */
  readonly clock?: ServerClock | undefined;
};

/** A request that can be sent twice. */
type Repeatable = { readonly url: URL; readonly method: string; readonly headers: Headers; readonly init: RequestInit };

/**
 * A `fetch` that proves who it is (RFC 9449 §7.1): `Authorization: DPoP` and a fresh proof on every request. A challenge for
 * a nonce is answered once, a token that has ended is renewed once, and a proof that was refused is made anew once when our
 * clock was wrong. Redirects are errors, unless the caller asks to see them: a proof is for one address. A body that is a
 * stream is read whole first, as it may have to be sent again. Throws `local.address_refused` for other people's addresses.
 */
export function createFetch({
  tokens,
  key,
  resourceOf,
  fetch = globalThis.fetch,
  now = Date.now,
  clock = createServerClock(now),
}: DpopFetchOptions): Fetch {
  const nonces = createNonceJar();

  const send = async (request: Repeatable, token: AccessToken): Promise<Response> => {
    const { url, method } = request;
    const proof = await createDpopProof(
      await key(),
      { method, url, accessToken: token.value, nonce: nonces.nonceFor(url) },
      clock.now(),
    );
    const headers = new Headers(request.headers);
    headers.set('authorization', `DPoP ${token.value}`);
    headers.set('dpop', proof);
    const response = await fetch(url, { ...request.init, method, headers });
    nonces.observe(url, response);
    return response;
  };

  return async (input, init) => {
    const request = await readRequest(input, init);
    const place = resourceOf(request.url);
    if (place === undefined) throw localError('local.address_refused', [`${request.url.origin} is not the API or the gateway.`]);
    if (place === 'open') return fetch(request.url, { ...request.init, method: request.method, headers: request.headers });
    let token = await tokens.token(place.resource);
    for (const mayRetry = new Set(['use_dpop_nonce', 'invalid_token', 'invalid_dpop_proof']); ;) {
      const response = await send(request, token);
      const error = challengeOf(response);
      if (error === undefined || !mayRetry.delete(error)) return response;
      if (error === 'invalid_dpop_proof' && !clock.learn(response)) return response;
      await response.body?.cancel();
      if (error === 'invalid_token') {
        tokens.forget(place.resource, token.value);
        token = await tokens.token(place.resource);
      }
    }
  };
}

/** The `error` of a DPoP challenge (RFC 9449 §7.1), when a request was refused with one. */
function challengeOf(response: Response): string | undefined {
  if (response.status !== 401 && response.status !== 400) return undefined;
  return /\bDPoP\b.*?\berror="([^"]+)"/i.exec(response.headers.get('www-authenticate') ?? '')?.[1];
}

async function readRequest(input: Parameters<Fetch>[0], init: RequestInit = {}): Promise<Repeatable> {
  const redirect = init.redirect === 'manual' ? 'manual' : 'error';
  const isPlain = !(input instanceof Request) && !isStream(init.body);
  if (isPlain) {
    const { method = 'GET', headers, ...rest } = init;
    return { url: new URL(input), method: method.toUpperCase(), headers: new Headers(headers), init: { ...rest, redirect } };
  }
  const request = new Request(input, isStream(init.body) ? ({ ...init, duplex: 'half' } as RequestInit) : init);
  const body = request.body === null ? {} : { body: await request.arrayBuffer() };
  return {
    url: new URL(request.url),
    method: request.method,
    headers: request.headers,
    init: { ...body, redirect, signal: request.signal },
  };
}

function isStream(body: unknown): boolean {
  return body instanceof ReadableStream || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body);
}
