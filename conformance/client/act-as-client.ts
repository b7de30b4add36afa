import { Client, discoverOAuthServerInfo, DpopSession, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createSigningKey, importSigningKey } from '@surety/sdk/agent-key';
import { requestIdJag } from '@surety/sdk/id-jag';
import { McpAssertion } from '@surety/sdk/mcp-assertion';
import { McpAuth, mcpKeyPair } from '@surety/sdk/mcp-auth';
import { McpSignIn } from '@surety/sdk/mcp-sign-in';
import { exportJWK, importPKCS8 } from 'jose';

/** One scenario of the suite: where its MCP server is, and what was agreed with its servers beforehand. */
export type Part = {
  readonly url: URL;
  readonly scenario: string;
  readonly revision: string | undefined;
  readonly agreed: Readonly<Record<string, string>>;
};

/** Where the suite expects the metadata document of a client. It asks nobody for it. */
const clientMetadataUrl = 'https://conformance-test.local/client-metadata.json';
const redirectUrl = 'http://localhost:3000/callback';

/** Somebody who signs in and says yes at once. Theirs is a browser that the redirect is read from. */
async function sayYes(address: URL): Promise<URLSearchParams> {
  const response = await fetch(address, { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '').searchParams;
}

async function dpopSession(): Promise<DpopSession> {
  return DpopSession.create({ keyPair: await mcpKeyPair(await createSigningKey()) });
}

async function withOwnKey({ url, agreed }: Part): Promise<McpAuth<DpopSession>> {
  const key = await importSigningKey(
    await exportJWK(await importPKCS8(agreed['private_key_pem'] ?? '', 'ES256', { extractable: true })),
  );
  const session = await DpopSession.create({ keyPair: await mcpKeyPair(key) });
  return new McpAuth({ issuer: await issuerOf(url), clientId: agreed['client_id'] ?? '', key, session });
}

async function asWorkload({ url, agreed }: Part): Promise<McpAssertion> {
  const { client_id: clientId = '', valid_jwt: jwt = '' } = agreed;
  return new McpAssertion({ issuer: await issuerOf(url), clientId, assertion: () => jwt });
}

/** Both steps: an ID-JAG from the organisation's identity provider, and with it a token of the resource's own server. */
async function asMemberOfAnOrganisation({ url, agreed }: Part): Promise<McpAssertion> {
  const { client_id: clientId = '', client_secret: secret = '' } = agreed;
  return new McpAssertion({
    issuer: await issuerOf(url),
    clientId,
    assertion: ({ issuer, resource, scope }) =>
      requestIdJag({
        identityProvider: agreed['idp_issuer'] ?? '',
        clientId: agreed['idp_client_id'] ?? '',
        subjectToken: agreed['idp_id_token'] ?? '',
        audience: issuer,
        resource: resource ?? '',
        scope,
      }),
    // The suite's server knows clients by a secret only. The SDK has none, so what is asked for is put in from here.
    authenticate: (headers) => headers.set('authorization', `Basic ${btoa(`${clientId}:${secret}`)}`),
  });
}

/** What a person who sets up an agent looks up once: who gives tokens for this server. */
async function issuerOf(server: URL): Promise<string> {
  return (await discoverOAuthServerInfo(server)).authorizationServerMetadata?.issuer ?? '';
}

async function signIn({ scenario }: Part): Promise<McpSignIn<DpopSession>> {
  const isBound = scenario.startsWith('auth/dpop');
  return new McpSignIn({ redirectUrl, open: sayYes, clientMetadataUrl, ...(isBound ? { session: await dpopSession() } : {}) });
}

async function providerFor(part: Part) {
  if (part.scenario === 'auth/client-credentials-jwt') return withOwnKey(part);
  if (part.scenario === 'auth/wif-jwt-bearer') return asWorkload(part);
  if (part.scenario === 'auth/enterprise-managed-authorization') return asMemberOfAnOrganisation(part);
  return signIn(part);
}

/**
 * Plays the client in one scenario: the official MCP client with the providers of `@surety/sdk`, as somebody's agent has them.
 * It connects, looks at the tools and calls one. Rejects with what it was refused with.
 */
export async function actAsClient(part: Part): Promise<void> {
  const { url, revision } = part;
  const authProvider = await providerFor(part);
  let transport = new StreamableHTTPClientTransport(url, { authProvider });
  const during = <Result>(act: () => Promise<Result>): Promise<Result> =>
    authProvider instanceof McpSignIn ? authProvider.during(act, (params) => transport.finishAuth(params)) : act();
  const client = await during(async () => {
    transport = new StreamableHTTPClientTransport(url, { authProvider });
    const negotiation = revision === '2026-07-28' ? { versionNegotiation: { mode: { pin: revision } } as const } : {};
    const connecting = new Client({ name: 'surety-sdk', version: '1' }, negotiation);
    await connecting.connect(transport);
    return connecting;
  });
  const { tools } = await during(() => client.listTools());
  const name = tools[0]?.name;
  if (name !== undefined) await during(() => client.callTool({ name, arguments: {} }));
  await client.close();
}
