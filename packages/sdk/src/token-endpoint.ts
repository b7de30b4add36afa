import { type SigningKey, signClaims } from './agent-key.ts';
import { discoverIssuer } from './discover-issuer.ts';
import { createDpopProof, createNonceJar } from './dpop-proof.ts';
import { readOAuthError } from './read-problem.ts';
import { createServerClock, type ServerClock } from './server-clock.ts';
import { localError, type SuretyError } from './surety-error.ts';
import type { AccessToken, Fetch } from './access-token.ts';

export type TokenEndpointOptions = {
  /** The authorization server's identifier: the one audience of the assertion (RFC 7523bis), and where its metadata is. */
  readonly issuer: string;
  /** The id of the principal that holds the key. */
  readonly clientId: string;
  readonly key: () => Promise<SigningKey>;
  readonly fetch?: Fetch | undefined;
  readonly now?: (() => number) | undefined;
};

/** A token request beside what says who sends it: `grant_type`, `resource` (RFC 8707), and what the grant takes. */
export type TokenParameters = Readonly<Record<string, string | undefined>> & {
  readonly grant_type: string;
  readonly resource: string;
};

/** What was given: a token, and the unit of work that it is for. */
export type GivenToken = AccessToken & { readonly task: string | undefined };

export type TokenEndpoint = {
  /**
   * Asks once with a fresh assertion (RFC 7523 §2.2) and a DPoP proof (RFC 9449 §5), and once more when a nonce is demanded,
   * and once more when our clock turns out to be wrong. Refusals are `SuretyError`.
   */
  readonly ask: (parameters: TokenParameters) => Promise<GivenToken>;
  /** The clock of that server, for proofs elsewhere. */
  readonly clock: ServerClock;
};

/** How long an assertion lives, in seconds. It is used at once and never again. */
const assertionSeconds = 60;

/** Refusals that a clock that is wrong can be the reason of. */
const ofTheClock: ReadonlySet<string> = new Set(['dpop.proof_invalid', 'client.unknown']);

/** The token endpoint of an issuer, for one client and its key. Where it is, is asked for once. */
export function createTokenEndpoint({
  issuer,
  clientId,
  key,
  fetch = globalThis.fetch,
  now = Date.now,
}: TokenEndpointOptions): TokenEndpoint {
  const nonces = createNonceJar();
  const clock = createServerClock(now);
  let address: Promise<string> | undefined;

  const find = (): Promise<string> => {
    address ??= discoverIssuer(issuer, fetch)
      .then(({ tokenEndpoint }) => tokenEndpoint)
      .catch((thrown: unknown) => {
        address = undefined;
        throw thrown;
      });
    return address;
  };

  const send = async (url: string, parameters: TokenParameters): Promise<Response> => {
    const held = await key();
    const proof = await createDpopProof(held, { method: 'POST', url, nonce: nonces.nonceFor(url) }, clock.now());
    const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const body = new URLSearchParams([
      ...given,
      ['client_id', clientId],
      ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
      ['client_assertion', await signAssertion(held, { clientId, issuer }, clock.now())],
    ]);
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', dpop: proof };
    const response = await fetch(url, { method: 'POST', headers, body: body.toString(), redirect: 'error' }).catch(
      (cause: unknown) => {
        throw localError('local.unreachable', [`${new URL(url).origin} does not answer.`], cause);
      },
    );
    nonces.observe(url, response);
    return response;
  };

  return {
    clock,
    ask: async (parameters) => {
      const url = await find();
      for (const mayRetry = new Set(['nonce', 'clock']); ;) {
        const response = await send(url, parameters);
        if (response.ok) return readToken(await response.json().catch(() => undefined), parameters.resource, now());
        const error: SuretyError = await readOAuthError(response);
        const isNonce = error.code === 'dpop.nonce_required' && mayRetry.delete('nonce');
        const isClock = ofTheClock.has(error.code) && clock.learn(response) && mayRetry.delete('clock');
        if (!isNonce && !isClock) throw error;
      }
    },
  };
}

/** RFC 7523 §3 with rfc7523bis: a client's word for one issuer alone, as one string; used once. `nowMs` since the epoch. */
export function signAssertion(
  key: SigningKey,
  { clientId, issuer }: { readonly clientId: string; readonly issuer: string },
  nowMs: number,
): Promise<string> {
  const iat = Math.floor(nowMs / 1000);
  const claims = { iss: clientId, sub: clientId, aud: issuer, jti: crypto.randomUUID(), iat, exp: iat + assertionSeconds };
  return signClaims(key, { typ: 'JWT' }, claims);
}

function readToken(answer: unknown, resource: string, nowMs: number): GivenToken {
  const { access_token: value, token_type: type, expires_in: seconds, task } = (answer ?? {}) as Record<string, unknown>;
  if (typeof value !== 'string' || typeof seconds !== 'number' || String(type).toLowerCase() !== 'dpop') {
    throw localError('local.unexpected_answer', ['The token endpoint gave no token that is bound to a key.']);
  }
  return { value, resource, expiresAtMs: nowMs + seconds * 1000, task: typeof task === 'string' ? task : undefined };
}
