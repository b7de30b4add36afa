import { randomUUID } from 'node:crypto';
import { type ForgeKey, makeProof, proofClaims, sign } from './forge.ts';
import { bodyOf, messagesOf, type RawAnswer, type RawRequest, sendRaw } from './raw-http.ts';

/** Public addresses; and the clock that those who ask there go by, when a test holds it. */
export type Place = { readonly issuer: string; readonly gateway: string; readonly clock?: (() => number) | undefined };

/** Where a node really listens. */
export type Address = { readonly issuer: string; readonly gateway: string };

/** What may be changed about a request: everything that an attacker could change. */
export type Change = Omit<RawRequest, 'body'> & {
  /** Instead of a token that was got for it. */
  readonly token?: string;
  /** Instead of `DPoP`. */
  readonly scheme?: string;
  /** A whole proof; or changes to the claims and header of a good one; or another key for it. */
  readonly proof?: string;
  readonly proofClaims?: object;
  readonly proofHeader?: object;
  readonly proofKey?: ForgeKey;
  /** The whole body of a message, as it is sent. */
  readonly exactBody?: string;
  /** The node that is asked, when it is not the one that the public addresses lead to. */
  readonly at?: Address;
};

/** What came of one call through the gateway. `said` is `refused` when nothing was decided about it. */
export type Told = {
  readonly said: 'allowed' | 'denied' | 'held' | 'stopped' | 'failed' | 'cut' | 'refused';
  readonly reason: string | undefined;
  readonly text: string;
  readonly action: string | undefined;
  readonly approval: string | undefined;
  readonly status: number;
  readonly raw: RawAnswer;
};

/** A principal that knows no SDK: it makes every token request, proof and message by hand, and sees all that comes back. */
export type ByHand = {
  readonly id: string;
  readonly key: ForgeKey;
  readonly gateway: string;
  assertion(claims?: object, header?: object, by?: ForgeKey): Promise<string>;
  /** Asks the token endpoint. `form` is laid over a good request; undefined leaves a parameter out. */
  askToken(
    resource: string,
    change?: Change & { readonly form?: Readonly<Record<string, string | undefined>> },
  ): Promise<RawAnswer>;
  /** A token for a resource, kept until `forget`. */
  token(resource: string, at?: Address): Promise<string>;
  forget(): void;
  proof(request: { readonly method: string; readonly url: string; readonly token?: string }, change?: Change): Promise<string>;
  /** `args` as an object, or as the exact text of the arguments. */
  call(system: string, tool: string, args: object | string, change?: Change): Promise<Told>;
  /** Any message of MCP 2026-07-28. */
  message(system: string, method: string, params: object | string, change?: Change): Promise<RawAnswer>;
  api(method: string, path: string, body?: object, change?: Change): Promise<RawAnswer>;
  introspect(token: string, change?: Change): Promise<RawAnswer>;
  nonce(at?: Address): Promise<string>;
};

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const version = '2026-07-28';
const envelope =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

export function byHand(place: Place, id: string, key: ForgeKey): ByHand {
  const clock = place.clock ?? Date.now;
  const seconds = () => Math.floor(clock() / 1000);
  const kept = new Map<string, string>();
  let known: { readonly nonce: string; readonly atMs: number } | undefined;

  const nonce: ByHand['nonce'] = async (at = place) => {
    if (known === undefined || Math.abs(clock() - known.atMs) > 60_000) {
      const { headers } = await sendRaw(`${at.issuer}/token`, { headers: form, body: '' });
      const fresh = headers['dpop-nonce'];
      if (typeof fresh !== 'string') throw new Error('no nonce was given');
      known = { nonce: fresh, atMs: clock() };
    }
    return known.nonce;
  };
  const assertion: ByHand['assertion'] = (claims = {}, header = {}, by = key) => {
    const full = { iss: id, sub: id, aud: place.issuer, jti: randomUUID(), iat: seconds(), exp: seconds() + 60, ...claims };
    return sign(by, { typ: 'JWT', kid: by.jkt, ...header }, full);
  };
  const proof: ByHand['proof'] = async ({ method, url, token }, change = {}) => {
    if (change.proof !== undefined) return change.proof;
    const claims = proofClaims({ method, url, token, nonce: await nonce(change.at) }, { iat: seconds(), ...change.proofClaims });
    return makeProof(change.proofKey ?? key, claims, change.proofHeader);
  };
  const askToken: ByHand['askToken'] = async (resource, change = {}) => {
    const fields = {
      grant_type: 'client_credentials',
      client_id: id,
      client_assertion_type: assertionType,
      client_assertion: await assertion(),
      resource,
      ...change.form,
    };
    const body = new URLSearchParams(
      Object.entries(fields).filter((pair): pair is [string, string] => pair[1] !== undefined),
    ).toString();
    const dpop = await proof({ method: 'POST', url: `${place.issuer}/token` }, change);
    return sendRaw(`${(change.at ?? place).issuer}/token`, { headers: { ...form, dpop, ...change.headers }, body });
  };
  const token: ByHand['token'] = async (resource, at) => {
    const there = kept.get(resource);
    if (there !== undefined) return there;
    const answer = await askToken(resource, at === undefined ? {} : { at });
    const value = bodyOf(answer)['access_token'];
    if (typeof value !== 'string') throw new Error(`no token: ${answer.status} ${answer.text}`);
    kept.set(resource, value);
    return value;
  };

  /** One request with token and proof. `url` is public; it goes to where the asked node listens. */
  const ask = async (
    to: { url: string; resource: string; base: keyof Address },
    change: Change,
    sent: RawRequest,
  ): Promise<RawAnswer> => {
    const method = change.method ?? sent.method ?? 'POST';
    const held = change.token ?? (await token(to.resource, change.at));
    const dpop = await proof({ method, url: to.url, token: held }, change);
    const address = change.at === undefined ? to.url : to.url.replace(place[to.base], change.at[to.base]);
    const headers = { authorization: `${change.scheme ?? 'DPoP'} ${held}`, dpop, ...sent.headers, ...change.headers };
    return sendRaw(address, { ...sent, ...change, method, headers, ...(sent.body === undefined ? {} : { body: sent.body }) });
  };
  const message: ByHand['message'] = async (system, method, params, change = {}) => {
    const url = `${place.gateway}/mcp/${system}`;
    const inner = (typeof params === 'string' ? params : JSON.stringify(params)).trim().slice(1, -1);
    const name = /^"name":"([^"]+)"/.exec(inner)?.[1];
    const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{${inner === '' ? '' : `${inner},`}${envelope}}}`;
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name }),
    };
    return ask({ url, resource: url, base: 'gateway' }, change, { headers, body: change.exactBody ?? body });
  };
  return {
    id,
    key,
    gateway: place.gateway,
    assertion,
    askToken,
    token,
    nonce,
    proof,
    message,
    forget: () => kept.clear(),
    call: async (system, tool, args, change) => {
      const text = typeof args === 'string' ? args : JSON.stringify(args);
      return readTold(await message(system, 'tools/call', `{"name":"${tool}","arguments":${text}}`, change));
    },
    api: (method, path, body, change = {}) => {
      const json = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const url = `${place.issuer}${path.replace(/\?.*/, '')}`;
      const to = { url: `${place.issuer}${path}`, resource: `${place.issuer}/v1`, base: 'issuer' } as const;
      return ask(to, { ...change, proofClaims: { htu: url, ...change.proofClaims } }, { method, ...json });
    },
    introspect: async (presented, change = {}) => {
      const body = new URLSearchParams({
        token: presented,
        client_assertion_type: assertionType,
        client_assertion: await assertion(),
      });
      return sendRaw(`${(change.at ?? place).issuer}/introspect`, { headers: form, body: body.toString() });
    },
  };
}

/** What an answer of the gateway to `tools/call` says. */
export function readTold(raw: RawAnswer): Told {
  const answer = messagesOf(raw).findLast((one) => 'result' in one || 'error' in one) ?? {};
  const result = answer['result'] as
    | { isError?: boolean; content?: { text?: string }[]; structuredContent?: Record<string, unknown> }
    | undefined;
  const error = answer['error'] as { message?: string } | undefined;
  const told = result?.isError === true ? (result.structuredContent ?? {}) : {};
  const named = (member: string) => (typeof told[member] === 'string' ? told[member] : undefined);
  const said = result === undefined ? 'refused' : result.isError === true ? (named('status') ?? 'failed') : 'allowed';
  return {
    said: said as Told['said'],
    reason: named('reason') ?? named('problem'),
    text: result?.content?.[0]?.text ?? error?.message ?? raw.text,
    action: named('action'),
    approval: named('approval'),
    status: raw.status,
    raw,
  };
}
