import type { X509Certificate } from 'node:crypto';
import type { PublicJwk } from '@surety/proof/jwk';
import type { Feed } from '#change/feed';
import { Fault } from '#kernel/fault';
import { type CommitQueue, spendKey } from '#ledger/commit-queue';
import type { CredentialFact } from '#registry/credential-store';
import { kindOf } from '#registry/principal';
import type { PrincipalFacts } from '#registry/principal-facts';
import { admitInstance } from './admit-instance.ts';
import type { FederationHouse } from './federation-house.ts';
import { type FederationFacts, type IssuerFact, openFederationFacts } from './federation-facts.ts';
import { type DocumentClients, openDocumentClients } from './document-clients.ts';
import { createFetchDocument, type ResolveHost } from './fetch-document.ts';
import { createIssuerKeys, type IssuerKeys } from './issuer-keys.ts';
import { matchAssertion } from './match-assertion.ts';
import { noteManifest } from './note-manifest.ts';
import { noticeAgent } from './notice-agent.ts';
import { type PartnerChain, readPartnerChain } from './partner-chain.ts';
import { type ReadAssertion, readAssertion } from './read-assertion.ts';
import { refuseAssertion } from './refuse-assertion.ts';
import { readSpiffeId } from './spiffe-id.ts';
import { type VerifiedAssertion, verifyAssertion } from './verify-assertion.ts';
import { authoritiesOf, type SpiffeId, verifySvid } from './verify-svid.ts';

export type FederationRoom = FederationHouse & {
  readonly feed: Feed;
  readonly queue: CommitQueue;
  readonly facts: Pick<PrincipalFacts, 'agent' | 'credential'>;
  /** The name server; that of this computer, when left out. */
  readonly resolve?: ResolveHost | undefined;
};

/** What somebody presents in place of a key that is enrolled here. */
export type Presented = {
  readonly assertion: string;
  /** The key of the DPoP proof that came with it. */
  readonly key: { readonly jwk: PublicJwk; readonly jkt: string };
  /** `client_id` of the request. */
  readonly clientId: string | undefined;
  /** `manifest_digest` of the request: what the copy says of itself. */
  readonly manifest: string | undefined;
  /** Only JWT-SVIDs are meant. */
  readonly onlySpiffe?: boolean;
};

/** An X.509-SVID of a connection, and the key that becomes that of the copy. */
export type PresentedSvid = {
  readonly id: SpiffeId;
  readonly certificate: {
    readonly x5t: string;
    readonly leaf: X509Certificate;
    readonly intermediates: readonly X509Certificate[];
  };
  readonly key: { readonly jwk: PublicJwk; readonly jkt: string };
  readonly manifest: string | undefined;
};

/** An instance of an agent, let in on the word of its platform. Its assertion is spent. */
export type AdmittedInstance = {
  readonly agent: string;
  readonly credential: CredentialFact;
  readonly assertion: VerifiedAssertion;
  /** Who stands above it at a partner; undefined for the word of a platform. */
  readonly chain: PartnerChain | undefined;
};

/** Lets workloads in by the identity that their platform gives them. */
export type Federation = {
  /**
   * The agent that an assertion is for, its key enrolled as that of one instance. Faults `assertion.refused`,
   * `client.unknown`, `agent.awaits_owner`, `grant.refused`, `instance.key_reused`, `key.refused`, `issuer.unreachable`,
   * `service.not_ready`.
   */
  admit(presented: Presented): Promise<AdmittedInstance>;
  /**
   * The same by an X.509-SVID, whose holder is at the other end of the connection. Faults `client.unknown`, and as `admit`.
   */
  admitSvid(presented: PresentedSvid): Promise<Pick<AdmittedInstance, 'agent' | 'credential'>>;
  /** Keeps what a copy of an agent whose key was enrolled says that it is made of. */
  describe(copy: CredentialFact, digest: string): Promise<void>;
  /** Clients that are described by a document at their own address. */
  readonly documents: DocumentClients;
};

/** How long a used assertion is remembered past its end, and how long the news of a new key may take to arrive here. */
const slackMs = 120_000;
const newsMs = 2_000;

export function openFederation(room: FederationRoom): Federation {
  const facts = openFederationFacts(room);
  const fetchDocument = createFetchDocument(room);
  const keys = createIssuerKeys(fetchDocument, room.clock);
  const findIssuer = async (read: ReadAssertion, onlySpiffe: boolean): Promise<IssuerFact> => {
    const { iss, sub } = read.claims;
    const domain = typeof sub === 'string' ? readSpiffeId(sub)?.trustDomain : undefined;
    const named = typeof iss === 'string' && iss.length <= 300 && !onlySpiffe ? await facts.byUrl(iss) : undefined;
    const found = named ?? (domain === undefined ? undefined : await facts.byUrl(domain));
    // documents of clients vouch for programs that people run, never for an agent's own work
    return found !== undefined && found.issuer.kind !== 'client-document' ? found : refuseAssertion('its issuer is not trusted');
  };
  return {
    documents: openDocumentClients(room, facts, { fetchDocument, keys }),
    admit: async (presented) => {
      if (!room.feed.isFresh()) throw new Fault('service.not_ready', 'the change feed is stale');
      const read = readAssertion(presented.assertion);
      const { issuer, matches } = await findIssuer(read, presented.onlySpiffe ?? false);
      const assertion = await verifyAssertion(read, issuer, keys, { audience: room.issuer, now: room.clock() });
      const chain = issuer.kind === 'id-jag' ? readPartnerChain(assertion, presented.key.jkt) : undefined;
      const match = matchAssertion(assertion, matches);
      if (match === undefined)
        return issuer.kind === 'workload-grant' ? noticeAgent(room, assertion) : refuseAssertion('nothing matches it');
      checkClientId(presented.clientId, [match.agent, assertion.subject, chain?.clientId]);
      await spend(room.queue, assertion);
      const actors = chain?.actors ?? [];
      const arriving = { assertion, match, key: presented.key, saidManifest: presented.manifest, actors };
      const { credential: id, change } = await admitInstance(room, arriving);
      await room.feed.waitFor(change, newsMs);
      const credential = await room.facts.credential(id);
      if (credential?.state !== 'active') return refuseAssertion('its key was ended meanwhile');
      return { agent: match.agent, credential, assertion, chain };
    },
    admitSvid: (presented) => admitSvid(room, presented, { facts, keys }),
    describe: async (copy, digest) => {
      if (copy.manifest?.digest === digest || kindOf(copy.principal) !== 'agent') return;
      const change = await noteManifest(room, copy, digest);
      if (change !== undefined) await room.feed.waitFor(change, newsMs);
    },
  };
}

async function admitSvid(
  room: FederationRoom,
  { id, certificate, key, manifest }: PresentedSvid,
  { facts, keys }: { readonly facts: FederationFacts; readonly keys: IssuerKeys },
): Promise<Pick<AdmittedInstance, 'agent' | 'credential'>> {
  if (!room.feed.isFresh()) throw new Fault('service.not_ready', 'the change feed is stale');
  const trusted = await facts.byUrl(id.trustDomain);
  if (trusted?.issuer.kind !== 'spiffe') throw new Fault('client.unknown', 'its trust domain is not trusted');
  const { issuer, matches } = trusted;
  const { leaf, intermediates, x5t } = certificate;
  const [now, endsAt] = [room.clock(), Date.parse(leaf.validTo)];
  return orUnknown(async () => {
    verifySvid(leaf, intermediates, { authorities: authoritiesOf(await keys.keysOf(issuer, undefined)), now });
    if (endsAt - now > issuer.maxLifetimeSeconds * 1_000) refuseAssertion('it lives too long');
    const match = matchAssertion({ claims: { sub: id.id }, subject: id.id }, matches) ?? refuseAssertion('nothing matches it');
    const assertion = { issuer, subject: id.id, claims: {}, digest: x5t, spentAs: '', expiresAtSeconds: endsAt / 1_000 };
    const admitted = await admitInstance(room, { assertion, match, key, saidManifest: manifest, actors: [] });
    await room.feed.waitFor(admitted.change, newsMs);
    const credential = await room.facts.credential(admitted.credential);
    return credential?.state === 'active' ? { agent: match.agent, credential } : refuseAssertion('its key was ended meanwhile');
  });
}

/** What is wrong with a certificate is `client.unknown`, whatever it is. */
async function orUnknown<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'assertion.refused') throw new Fault('client.unknown', thrown.detail);
    throw thrown;
  }
}

/** A client id is not needed; one that is another's is a mistake, or worse. */
function checkClientId(clientId: string | undefined, known: readonly (string | undefined)[]): void {
  if (clientId !== undefined && !known.includes(clientId))
    throw new Fault('client.unknown', 'client_id is not that of the assertion');
}

/** Uses an assertion up, durably, before anything is made of it: whoever has it too, with whatever key, comes too late. */
async function spend(queue: CommitQueue, { issuer, spentAs, expiresAtSeconds }: VerifiedAssertion): Promise<void> {
  const key = spendKey('assertion', issuer.issuer, spentAs);
  const result = await queue.commit({ entries: [], spends: [{ key, expiresAtMs: expiresAtSeconds * 1_000 + slackMs }] });
  if (result !== 'committed') refuseAssertion('it was used before');
}
