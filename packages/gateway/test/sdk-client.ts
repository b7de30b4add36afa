import {
  Client,
  DpopSession,
  generateDpopKeyPair,
  PrivateKeyJwtProvider,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { importPublicKey } from '@surety/proof/jwk';
import type { Authority } from './authority.ts';

export type Era = '2026-07-28' | '2025-11-25';

/** The official client with a key of its own: it finds the authority, gets a token, and proves each request. */
export async function connectSdkClient(authority: Authority, resource: string, era: Era): Promise<Client> {
  const keyPair = await generateDpopKeyPair({ alg: 'ES256', extractable: true });
  const jwk = await crypto.subtle.exportKey('jwk', keyPair.privateKey);
  const { kty, crv, x, y } = jwk;
  const clientId = `agt_${crypto.randomUUID()}`;
  authority.clients.set(clientId, importPublicKey({ kty, crv, x, y }));
  const session = DpopSession.create({ keyPair });
  class Provider extends PrivateKeyJwtProvider {
    dpop(): Promise<DpopSession> {
      return session;
    }
  }
  const authProvider = new Provider({
    clientId,
    privateKey: jwk as Record<string, unknown>,
    algorithm: 'ES256',
    expectedIssuer: authority.house.issuer,
  });
  const client = new Client(
    { name: 'c', version: '1' },
    { capabilities: { elicitation: {} }, ...(era === '2026-07-28' ? { versionNegotiation: { mode: 'auto' as const } } : {}) },
  );
  client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { yes: true } }));
  await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider }));
  return client;
}
