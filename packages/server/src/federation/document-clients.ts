import { hash } from 'node:crypto';
import type { Match, TrustedIssuer } from '@surety/contract/federation';
import type { PublicJwk } from '@surety/proof/jwk';
import type { Feed } from '#change/feed';
import { Fault } from '#kernel/fault';
import type { CredentialFact } from '#registry/credential-store';
import type { PrincipalFacts } from '#registry/principal-facts';
import { admitInstance } from './admit-instance.ts';
import type { ClientDocument } from './client-document.ts';
import { readDocumentAddress } from './document-address.ts';
import { createDocumentShelf } from './document-shelf.ts';
import type { FederationFacts } from './federation-facts.ts';
import type { FederationHouse } from './federation-house.ts';
import type { FetchDocument } from './fetch-document.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { matchAssertion } from './match-assertion.ts';
import { noticeAgent } from './notice-agent.ts';
import { readAssertion } from './read-assertion.ts';
import { verifyAssertion } from './verify-assertion.ts';

/** A client that a document describes, and the agent it is a program of. */
export type DocumentClient = {
  readonly url: string;
  /** The host that says so, for people. */
  readonly host: string;
  readonly agent: string;
  readonly document: ClientDocument;
  readonly issuer: TrustedIssuer;
  readonly match: Match;
};

/** A client assertion of such a client that holds; the caller spends it. */
export type ProvenDocument = { readonly jti: string; readonly expiresAtSeconds: number };

/** Clients that are described by a document at their own address (CIMD), on hosts that a person trusted. */
export type DocumentClients = {
  /**
   * The client at an address. Nothing is fetched from a host that nobody trusted. Faults `client.unknown`,
   * `agent.awaits_owner` for one that was not seen before, `issuer.unreachable`, `service.not_ready`, `service.overloaded`.
   */
  find(url: string): Promise<DocumentClient>;
  /** Verifies what the client proves itself by (RFC 7523 §3). Faults `client.unknown`, `issuer.unreachable`. */
  verify(client: DocumentClient, assertion: string): Promise<ProvenDocument>;
  /** Makes a key one of the agent's, for consents alone, until a time in ms since the epoch. Faults as `Federation.admit`. */
  admit(client: DocumentClient, key: { jwk: PublicJwk; jkt: string }, untilMs: number): Promise<CredentialFact>;
};

export type DocumentRoom = FederationHouse & {
  readonly feed: Feed;
  readonly facts: Pick<PrincipalFacts, 'agent' | 'credential'>;
};

/** How long the news of a new key may take to arrive here, in milliseconds. */
const newsMs = 2_000;

export function openDocumentClients(
  room: DocumentRoom,
  facts: FederationFacts,
  { fetchDocument, keys }: { readonly fetchDocument: FetchDocument; readonly keys: IssuerKeys },
): DocumentClients {
  const shelf = createDocumentShelf(fetchDocument, room.clock);
  return {
    find: async (url) => {
      if (!room.feed.isFresh()) throw new Fault('service.not_ready', 'the change feed is stale');
      const address = readDocumentAddress(url, room.allowLoopback) ?? refuse('the client id is no address of a document');
      const trusted = await facts.byUrl(address.host);
      if (trusted?.issuer.kind !== 'client-document') return refuse('documents of its host are not trusted');
      const { issuer, matches } = trusted;
      const document = await shelf.read(address, issuer);
      const match = matchAssertion({ claims: { sub: url }, subject: url }, matches);
      if (match === undefined) return orUnknown(noticeAgent(room, { issuer, subject: url, claims: nameOf(document) }));
      if ((await room.facts.agent(match.agent))?.state === 'draft') throw new Fault('agent.awaits_owner');
      return { url, host: new URL(url).host, agent: match.agent, document, issuer, match };
    },
    verify: (client, assertion) => orUnknown(verifyByDocument(room, keys, client, assertion)),
    admit: async ({ url, issuer, match }, key, untilMs) => {
      const digest = hash('sha256', `${url} ${key.jkt}`, 'base64url');
      const expiresAtSeconds = Math.floor(untilMs / 1_000);
      const assertion = { issuer, subject: url, claims: {}, digest, spentAs: '', expiresAtSeconds };
      const { credential: id, change } = await admitInstance(room, {
        assertion,
        match,
        key,
        saidManifest: undefined,
        actors: [],
      });
      await room.feed.waitFor(change, newsMs);
      const credential = await room.facts.credential(id);
      return credential?.state === 'active' ? credential : refuse('its key was ended meanwhile');
    },
  };
}

async function verifyByDocument(
  room: DocumentRoom,
  keys: IssuerKeys,
  { url, document, issuer }: DocumentClient,
  assertion: string,
): Promise<ProvenDocument> {
  const published = document.keys;
  if (published === undefined) return refuse('its document says that it has no key');
  const read = readAssertion(assertion);
  if (read.claims['iss'] !== url || read.claims['sub'] !== url) refuse('the assertion is not of this client');
  const isInline = 'inline' in published;
  const place = {
    ...issuer,
    id: `${url} ${isInline ? '' : published.url}` as TrustedIssuer['id'],
    keys: isInline ? { from: 'pinned' as const, keys: [...published.inline] } : { from: 'jwks' as const, url: published.url },
  };
  const ofDocument: IssuerKeys = { keysOf: (_issuer, kid) => keys.keysOf(place, kid) };
  const verified = await verifyAssertion(read, issuer, ofDocument, { audience: room.issuer, now: room.clock() });
  if (!verified.spentAs.startsWith('jti ')) refuse('the assertion has no "jti"');
  return { jti: `${url} ${verified.spentAs}`, expiresAtSeconds: verified.expiresAtSeconds };
}

function nameOf({ name }: ClientDocument): { readonly name?: string } {
  return name === undefined ? {} : { name };
}

/** What is wrong with a client is `client.unknown`, whatever it is. */
async function orUnknown<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'assertion.refused') return refuse(thrown.detail ?? '');
    throw thrown;
  }
}

function refuse(why: string): never {
  throw new Fault('client.unknown', why);
}
