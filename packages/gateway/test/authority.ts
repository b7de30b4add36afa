import { readClientAssertion, verifyClientAssertion } from '@surety/proof/client-assertion';
import { verifyDpopProof } from '@surety/proof/dpop';
import type { PublicKey } from '@surety/proof/jwk';
import { createScriptedHouse, type ScriptedHouse } from './scripted-house.ts';
import { type Served, serveFetch } from '../src/testing/serve-fetch.ts';

export type Authority = {
  readonly house: ScriptedHouse;
  readonly clients: Map<string, PublicKey>;
  lifeSeconds: number;
  close(): Promise<void>;
};

/** Just enough of an authorization server for the official client: metadata, and client credentials with a key. */
export async function openAuthority(): Promise<Authority> {
  const clients = new Map<string, PublicKey>();
  const served: Served = await serveFetch(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/.well-known/oauth-authorization-server') return Response.json(metadata(served.url));
    if (pathname === '/token') return issue(request, { clients, house, url: served.url, lifeSeconds: authority.lifeSeconds });
    return new Response(null, { status: 404 });
  });
  const house = createScriptedHouse(served.url);
  const authority: Authority = { house, clients, lifeSeconds: 300, close: served.close };
  return authority;
}

function metadata(issuer: string): object {
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    authorization_endpoint: `${issuer}/authorize`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256'],
    dpop_signing_alg_values_supported: ['ES256', 'EdDSA'],
    scopes_supported: ['call'],
  };
}

type Issuing = {
  readonly clients: Map<string, PublicKey>;
  readonly house: ScriptedHouse;
  readonly url: string;
  readonly lifeSeconds: number;
};

async function issue(request: Request, { clients, house, url, lifeSeconds }: Issuing): Promise<Response> {
  const form = new URLSearchParams(await request.text());
  const parsed = readClientAssertion(form.get('client_assertion') ?? '');
  const key = clients.get(parsed.clientId);
  if (key === undefined) return Response.json({ error: 'invalid_client' }, { status: 401 });
  const now = Date.now();
  verifyClientAssertion(parsed, key, { issuer: url, now });
  const proof = verifyDpopProof({
    headerValues: request.headers.get('dpop') ?? undefined,
    method: 'POST',
    url: `${url}/token`,
    now,
    nonce: undefined,
  });
  const access_token = house.mint(parsed.clientId, proof.jkt, form.get('resource') ?? '', lifeSeconds);
  return Response.json({ access_token, token_type: 'DPoP', expires_in: lifeSeconds, scope: 'call' });
}
