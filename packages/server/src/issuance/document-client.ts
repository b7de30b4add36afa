import { type AuthenticatedClient, assertionType, type ClientParameters } from '#authn/authenticate-client';
import { orNotReady } from '#authn/proof-fault';
import type { DocumentClient, ProvenDocument } from '#federation/document-clients';
import { readAssertion } from '#federation/read-assertion';
import { Fault } from '#kernel/fault';
import { spendKey } from '#ledger/commit-queue';
import type { ProvenRequest } from './grants/grant.ts';
import { checkCode } from './grants/authorization-code.ts';
import { parameter, requiredParameter } from './form.ts';
import { openRefresh } from './interactive/refresh-token.ts';
import type { IssuanceRoom } from './issuance-room.ts';
import { readPublicJwk } from '@surety/proof/jwk';

/** How long a used assertion is remembered past its end, in milliseconds. */
const slackMs = 120_000;

/**
 * The address that a client calls itself by, when it is one that a document describes: it says so in `client_id`, or in the
 * assertion alone. Undefined for every other client.
 */
export function documentIdOf({ clientId, assertion }: ClientParameters): string | undefined {
  const said = clientId ?? issuerOf(assertion);
  return said !== undefined && /^https?:\/\//.test(said) ? said : undefined;
}

/**
 * Nothing is verified here: whoever is named has to prove it. Nearly every assertion names a principal of ours, and is read
 * strictly where that has to be proven; of those nothing more is looked at.
 */
function issuerOf(assertion: string | undefined): string | undefined {
  if (assertion === undefined || namesPrincipal.test(payloadOf(assertion))) return undefined;
  try {
    const iss = readAssertion(assertion).claims['iss'];
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
}

const namesPrincipal = /"iss":"(?:agt|wkl|hum)_/;

function payloadOf(assertion: string): string {
  const from = assertion.indexOf('.') + 1;
  return Buffer.from(assertion.slice(from, assertion.indexOf('.', from)), 'base64url').toString('latin1');
}

/** A client that a document describes, and the assertion by which it proved itself; none where the document has no key. */
export type ProvenClient = { readonly client: DocumentClient; readonly proven: ProvenDocument | undefined };

/**
 * Establishes a client by its document: by a key of the document where that has one (RFC 7523), else by nothing. Then it is
 * a public client, whose code is bound by PKCE and whose tokens are bound to the key of its proof. Faults as
 * `DocumentClients.find`, `client.unknown`.
 */
export async function proveDocumentClient(
  { federation }: Pick<IssuanceRoom, 'federation'>,
  url: string,
  { assertion, assertionType: type }: ClientParameters,
): Promise<ProvenClient> {
  const client = await orNotReady(federation.documents.find(url));
  if (client.document.method === 'none') {
    if (assertion !== undefined || type !== undefined)
      throw new Fault('client.unknown', 'its document says that it proves itself by nothing');
    return { client, proven: undefined };
  }
  if (assertion === undefined || type !== assertionType) throw new Fault('client.unknown', 'there is no client assertion');
  return { client, proven: await orNotReady(federation.documents.verify(client, assertion)) };
}

/** The same where nothing else is committed with it: its assertion is spent first. Fault `client.assertion_replayed`. */
export async function admitProvenDocument(
  room: IssuanceRoom,
  url: string,
  parameters: ClientParameters,
): Promise<DocumentClient> {
  const { client, proven } = await proveDocumentClient(room, url, parameters);
  if (proven === undefined) return client;
  const key = spendKey('assertion', client.agent, proven.jti);
  const spends = [{ key, expiresAtMs: proven.expiresAtSeconds * 1_000 + slackMs }];
  if ((await orNotReady(room.queue.commit({ entries: [], spends }))) === 'replayed') throw new Fault('client.assertion_replayed');
  return client;
}

/**
 * A client that a document describes, at the token endpoint: it gets what people agreed to and nothing else. The key of the
 * proof becomes one of the agent's when a code was shown that this client may redeem, for as long as the task may last; for
 * everything after that it must be that key. Faults `client.unknown`, `grant.refused`, and those of the code.
 */
export async function authenticateDocument(
  room: IssuanceRoom,
  url: string,
  { form, proof, parameters }: ProvenRequest & { readonly parameters: ClientParameters },
): Promise<AuthenticatedClient> {
  const { client, proven } = await proveDocumentClient(room, url, parameters);
  const credential = await credentialFor(room, client, { form, proof });
  const used = proven ?? { jti: '', expiresAtSeconds: 0, isSpent: true };
  return { clientId: client.agent, credential, document: url, ...used };
}

async function credentialFor(room: IssuanceRoom, client: DocumentClient, { form, proof }: ProvenRequest) {
  const grant = parameter(form, 'grant_type');
  if (grant === 'authorization_code') {
    await checkCode(room, { form, proof, presentedId: client.url });
    const key = { jwk: readPublicJwk(proof.key.key.export({ format: 'jwk' })), jkt: proof.jkt };
    return orNotReady(room.federation.documents.admit(client, key, room.clock() + room.taskSeconds * 1_000));
  }
  if (grant !== 'refresh_token') throw new Fault('grant.refused', 'a client of a document works for people alone');
  const refresh = openRefresh(room.interactive.sealer, requiredParameter(form, 'refresh_token'));
  const known = await orNotReady(room.facts.credentialsOf(client.agent));
  const credential = known.find(({ jkt, forConsent }) => jkt === proof.jkt && forConsent === true);
  if (refresh?.agent !== client.agent || credential === undefined)
    throw new Fault('grant.refused', 'the refresh token is none of this client and key');
  return credential;
}
