import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FaultCode, faults } from '@surety/contract/faults';
import { pathMembers, type Route } from '@surety/contract/route';
import { routes } from '@surety/contract/routes';
import { createAccessTokenVerifier, mintAccessToken } from '@surety/proof/access-token';
import { readAuthorization } from '@surety/proof/authorization-header';
import { readClientAssertion, verifyClientAssertion } from '@surety/proof/client-assertion';
import { verifyDpopProof } from '@surety/proof/dpop';
import { generateSigningKey, importPublicKey, type PublicKey } from '@surety/proof/jwk';
import { createNonceSource } from '@surety/proof/nonce';

/** How the stand-in refuses: by throwing this. */
export class Refusal extends Error {
  readonly code: FaultCode;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: FaultCode, extra: Readonly<Record<string, unknown>> = {}) {
    super(code);
    this.code = code;
    this.extra = extra;
  }
}

export type AskedBy = { readonly principal: string; readonly jkt: string; readonly task: string | undefined };
export type ApiAnswer = (input: never, by: AskedBy | undefined) => unknown;
export type McpAnswer = (request: IncomingMessage, body: Buffer, response: ServerResponse, by: AskedBy) => void | Promise<void>;

export type StandIn = {
  readonly url: string;
  /** What the server does is decided here, by the name of the route. */
  readonly answers: Record<string, ApiAnswer>;
  mcp: McpAnswer;
  /** Principals and their keys. */
  readonly keys: Map<string, PublicKey>;
  enrol(principal: string, jwk: unknown): void;
  tokenSeconds: number;
  demandNonces: boolean;
  /** Every token given out before now is refused from now on. */
  endTokens(): void;
  /** Nonces given out before now are refused from now on. */
  turnNonces(): void;
  /** `METHOD path` of every request, as it arrived. */
  readonly seen: string[];
  readonly tokenRequests: URLSearchParams[];
  close(): Promise<void>;
};

/**
 * An authorization server, an API and a guarded system at the other end of the wire, for tests of what stands at this
 * end. It verifies like the real one, with the same proof code: assertion, proofs, nonces, bindings, replays.
 */
export async function startStandIn(): Promise<StandIn> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const place = new Place(url);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => void place.answer(request, response));
  place.closing = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return place;
}

class Place implements StandIn {
  readonly url: string;
  readonly answers: Record<string, ApiAnswer> = {};
  readonly keys = new Map<string, PublicKey>();
  readonly seen: string[] = [];
  readonly tokenRequests: URLSearchParams[] = [];
  tokenSeconds = 300;
  demandNonces = true;
  closing: () => Promise<void> = async () => undefined;
  mcp: McpAnswer = (_request, _body, response) => void response.writeHead(404).end();
  private readonly signer = generateSigningKey('ES256');
  private readonly spent = new Set<string>();
  private nonces = createNonceSource(crypto.getRandomValues(new Uint8Array(32)));
  private dead = new Set<string>();
  private alive = new Set<string>();
  private readonly verifier;

  constructor(url: string) {
    this.url = url;
    const own = importPublicKey(this.signer.publicJwk);
    this.verifier = createAccessTokenVerifier({
      issuer: url,
      keyByKid: (kid) => (kid === this.signer.kid ? own : undefined),
      maxEntries: 100,
    });
  }

  enrol(principal: string, jwk: unknown): void {
    this.keys.set(principal, importPublicKey(jwk));
  }

  endTokens(): void {
    for (const id of this.alive) this.dead.add(id);
  }

  turnNonces(): void {
    this.nonces = createNonceSource(crypto.getRandomValues(new Uint8Array(32)));
  }

  close(): Promise<void> {
    return this.closing();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { pathname } = new URL(request.url ?? '/', this.url);
    this.seen.push(`${request.method} ${pathname}`);
    response.setHeader('dpop-nonce', this.nonces.issue(Date.now()));
    try {
      const document = this.document(pathname);
      if (document !== undefined) return this.json(response, 200, document);
      if (pathname === '/token') return await this.token(request, body, response);
      if (pathname.startsWith('/mcp/')) {
        const by = this.authenticate(request, `${this.url}/mcp/${pathname.split('/')[2]}`);
        return await this.mcp(request, body, response, by);
      }
      return await this.api(request, body, response);
    } catch (thrown) {
      this.refuse(request, response, thrown);
    }
  }

  /** RFC 8414 and RFC 9728, as far as clients look. */
  private document(pathname: string): object | undefined {
    const { url } = this;
    if (pathname === '/.well-known/oauth-authorization-server') {
      return {
        issuer: url,
        token_endpoint: `${url}/token`,
        authorization_endpoint: `${url}/authorize`,
        response_types_supported: [],
        grant_types_supported: ['client_credentials'],
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
        token_endpoint_auth_signing_alg_values_supported: ['ES256'],
        dpop_signing_alg_values_supported: ['ES256'],
        code_challenge_methods_supported: ['S256'],
      };
    }
    const system = /^\/\.well-known\/oauth-protected-resource\/mcp\/([^/]+)$/.exec(pathname)?.[1];
    return system === undefined
      ? undefined
      : { resource: `${url}/mcp/${system}`, authorization_servers: [url], dpop_bound_access_tokens_required: true };
  }

  private async token(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(body.toString());
    this.tokenRequests.push(form);
    const proof = this.proof(request, {});
    const read = readClientAssertion(form.get('client_assertion') ?? '');
    const key = this.keys.get(read.clientId);
    if (key === undefined) throw new Refusal('client.unknown');
    const { jti } = verifyClientAssertion(read, key, { issuer: this.url, now: Date.now() });
    this.spend(`assertion ${jti}`, 'client.assertion_replayed');
    if (form.get('grant_type') !== 'client_credentials') throw new Refusal('grant.unsupported');
    const resource = form.get('resource') ?? '';
    if (resource !== `${this.url}/v1` && !resource.startsWith(`${this.url}/mcp/`)) throw new Refusal('resource.unknown');
    const answer = this.answers['token'];
    if (answer !== undefined) answer({ form } as never, undefined);
    const iat = Math.floor(Date.now() / 1000);
    const jti2 = `tok_${randomUUID()}`;
    this.alive.add(jti2);
    const value = mintAccessToken(this.signer, {
      iss: this.url,
      sub: read.clientId,
      client_id: read.clientId,
      aud: resource,
      iat,
      exp: iat + this.tokenSeconds,
      jti: jti2,
      scope: 'call',
      sub_profile: 'ai_agent',
      cnf: { jkt: proof.jkt },
      ...(form.get('task') === null ? {} : { task: form.get('task') ?? '' }),
    });
    this.json(response, 200, { access_token: value, token_type: 'DPoP', expires_in: this.tokenSeconds, scope: 'call' });
  }

  private proof(request: IncomingMessage, bound: { accessToken?: string; boundTo?: string | undefined }) {
    const proof = verifyDpopProof({
      headerValues: request.headersDistinct['dpop'],
      method: request.method ?? '',
      url: this.url + (request.url ?? ''),
      now: Date.now(),
      nonce: { required: this.demandNonces, nonces: this.nonces },
      ...(bound.accessToken === undefined ? {} : { accessToken: bound.accessToken }),
      ...(bound.boundTo === undefined ? {} : { boundTo: bound.boundTo }),
    });
    this.spend(`proof ${proof.jkt} ${proof.jti}`, 'dpop.proof_replayed');
    return proof;
  }

  private spend(name: string, code: FaultCode): void {
    if (this.spent.has(name)) throw new Refusal(code);
    this.spent.add(name);
  }

  private authenticate(request: IncomingMessage, audience: string): AskedBy {
    const accessToken = readAuthorization(request.headersDistinct['authorization']);
    const { claims } = this.verifier.verify(accessToken, { audience, now: Date.now() });
    this.proof(request, { accessToken, boundTo: claims.cnf.jkt });
    if (this.dead.has(claims.jti)) throw new Refusal('token.ended');
    return { principal: claims.sub, jkt: claims.cnf.jkt ?? '', task: claims.task };
  }

  private async api(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const found = routes
      .map((one) => ({ one, members: matchRoute(one, request.method ?? '', url.pathname) }))
      .find(({ members }) => members);
    if (found === undefined) throw new Refusal('request.not_found');
    const by = found.one.door === 'code' ? undefined : this.authenticate(request, `${this.url}/v1`);
    const rest = body.length > 0 ? (JSON.parse(body.toString()) as object) : Object.fromEntries(url.searchParams);
    const read = found.one.input.safeParse({ ...found.members, ...rest });
    if (!read.success) {
      const issues = read.error.issues.map((issue) => ({ path: `/${issue.path.map(String).join('/')}`, message: issue.message }));
      throw new Refusal('request.malformed', { issues });
    }
    const act = this.answers[found.one.name];
    if (act === undefined) throw new Refusal('service.not_ready');
    const output = await act(read.data as never, by);
    this.json(response, 200, found.one.output.parse(output));
  }

  private refuse(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
    const code = thrown instanceof Refusal ? thrown.code : proofFaults[(thrown as { code?: string }).code ?? ''];
    if (code === undefined)
      return void response.writeHead(500, { 'content-type': 'text/plain' }).end(String((thrown as Error).stack));
    const { status, title, next, ...rest } = faults[code];
    const requestId = 'req_01k9z7qh4m8y2c3d4e5f6g7h8j';
    if (request.url === '/token') {
      const oauth = 'oauth' in rest ? rest.oauth : 'invalid_request';
      return this.json(response, status, { error: oauth, error_description: title, code, request_id: requestId });
    }
    const isChallenge = /^(token|dpop)\./.test(code);
    if (isChallenge)
      response.setHeader(
        'www-authenticate',
        `DPoP error="${'oauth' in rest ? rest.oauth : 'invalid_token'}", algs="ES256 EdDSA"`,
      );
    const extra = thrown instanceof Refusal ? thrown.extra : {};
    this.json(response, isChallenge ? 401 : status, {
      type: `urn:surety:fault:${code}`,
      title,
      status,
      code,
      next,
      requestId,
      ...extra,
    });
  }

  private json(response: ServerResponse, status: number, value: unknown): void {
    response
      .writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' })
      .end(JSON.stringify(value));
  }
}

const proofFaults: Readonly<Record<string, FaultCode>> = {
  'dpop.missing': 'dpop.proof_invalid',
  'dpop.invalid': 'dpop.proof_invalid',
  'dpop.nonce_required': 'dpop.nonce_required',
  'jws.invalid': 'dpop.proof_invalid',
  'client_assertion.invalid': 'client.unknown',
  'access_token.invalid': 'token.invalid',
  'access_token.expired': 'token.invalid',
  'authorization.missing': 'token.missing',
  'authorization.bearer': 'token.not_bound',
  'authorization.invalid': 'token.invalid',
};

function matchRoute(one: Route, method: string, path: string): Record<string, string> | undefined {
  if (one.method !== method) return undefined;
  const match = new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`).exec(path);
  return match === null
    ? undefined
    : Object.fromEntries(pathMembers(one.path).map((name, at) => [name, decodeURIComponent(match[at + 1] ?? '')]));
}
