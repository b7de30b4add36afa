import { randomUUID } from 'node:crypto';
import { hashAccessToken } from '@surety/proof/dpop';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { signJws } from '@surety/proof/jws';

/** A principal with its first credential. */
export type Principal = { readonly id: string; readonly owner: string; readonly credential: string; readonly key: SigningKey };

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Readonly<Record<string, unknown>> };

/** A client of an authorization server that does exactly what a test says. */
export type Client = {
  readonly dpopKey: SigningKey;
  /** A client assertion with these claims and header members changed; undefined leaves one out. */
  assertion(claims?: object, header?: object, by?: SigningKey): string;
  /** A DPoP proof for the token endpoint, or for what `claims` say. */
  proof(claims?: object, header?: object, by?: SigningKey): string;
  /** Parameters of a token request, changed. */
  form(parameters?: Readonly<Record<string, string | undefined>>): URLSearchParams;
  /** Asks for a token with the newest nonce, getting one first. */
  token(parameters?: Readonly<Record<string, string | undefined>>, at?: string): Promise<Answer>;
  /** The access token, or a failure of the test. */
  accessToken(parameters?: Readonly<Record<string, string | undefined>>): Promise<string>;
  /** An authenticated POST to /introspect or /revoke. */
  ask(path: '/introspect' | '/revoke', token: string, parameters?: Readonly<Record<string, string | undefined>>): Promise<Answer>;
  /** A request to the API with token and proof. */
  call(
    method: string,
    path: string,
    options?: { readonly token?: string; readonly body?: unknown; readonly proof?: string },
  ): Promise<Answer>;
  nonce(): Promise<string>;
};

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** POST of a form, whatever is in it. */
export async function post(
  url: string,
  body: URLSearchParams | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    body: body.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
  return answerOf(response);
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } };
}

export function openClient(issuer: string, principal: Principal, resource: string, clock: () => number = Date.now): Client {
  const dpopKey = generateSigningKey();
  let known: string | undefined;
  const seconds = () => Math.floor(clock() / 1_000);
  const nonce = async () => (known ??= (await post(`${issuer}/token`, '')).headers.get('dpop-nonce') ?? '');
  const assertion: Client['assertion'] = (claims = {}, header = {}, by = principal.key) => {
    const full = { iss: principal.id, sub: principal.id, aud: issuer, iat: seconds(), exp: seconds() + 60, jti: randomUUID() };
    return signJws(by, { typ: 'JWT', kid: by.jkt, ...header }, JSON.stringify({ ...full, ...claims }));
  };
  const proof: Client['proof'] = (claims = {}, header = {}, by = dpopKey) => {
    const full = { jti: randomUUID(), htm: 'POST', htu: `${issuer}/token`, iat: seconds(), nonce: known };
    return signJws(by, { typ: 'dpop+jwt', jwk: by.publicJwk, ...header }, JSON.stringify({ ...full, ...claims }));
  };
  const given = (parameters: Readonly<Record<string, string | undefined>>) =>
    new URLSearchParams(Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined));
  const form: Client['form'] = (parameters = {}) =>
    given({
      grant_type: 'client_credentials',
      resource,
      client_assertion_type: assertionType,
      client_assertion: assertion(),
      ...parameters,
    });
  const token: Client['token'] = async (parameters = {}, at = issuer) => {
    await nonce();
    return post(`${at}/token`, form(parameters), { dpop: proof() });
  };
  const accessToken: Client['accessToken'] = async (parameters) => {
    const { status, body } = await token(parameters);
    if (status !== 200) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
    return String(body['access_token']);
  };
  return {
    dpopKey,
    assertion,
    proof,
    form,
    token,
    accessToken,
    nonce,
    ask: (path, presented, parameters = {}) =>
      post(
        `${issuer}${path}`,
        given({
          token: presented,
          client_assertion_type: assertionType,
          client_assertion: assertion(),
          ...parameters,
        }),
      ),
    call: async (method, path, options = {}) => {
      await nonce();
      const bearer = options.token ?? (await accessToken());
      const dpop =
        options.proof ?? proof({ htm: method, htu: `${issuer}${path.replace(/\?.*/, '')}`, ath: hashAccessToken(bearer) });
      const body = options.body === undefined ? {} : { body: JSON.stringify(options.body) };
      const headers = {
        authorization: `DPoP ${bearer}`,
        dpop,
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      };
      return answerOf(await fetch(`${issuer}${path}`, { method, redirect: 'error', headers, ...body }));
    },
  };
}
