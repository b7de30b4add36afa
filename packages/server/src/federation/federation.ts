import type { PublicJwk } from '@surety/proof/jwk';
import type { Feed } from '#change/feed';
import { Fault } from '#kernel/fault';
import { type CommitQueue, spendKey } from '#ledger/commit-queue';
import type { CredentialFact } from '#registry/credential-store';
import { kindOf } from '#registry/principal';
import type { PrincipalFacts } from '#registry/principal-facts';
import { admitInstance } from './admit-instance.ts';
import type { FederationHouse } from './federation-house.ts';
import { type IssuerFact, openFederationFacts } from './federation-facts.ts';
import { createFetchDocument, type ResolveHost } from './fetch-document.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { matchAssertion } from './match-assertion.ts';
import { noteManifest } from './note-manifest.ts';
import { noticeAgent } from './notice-agent.ts';
import { type PartnerChain, readPartnerChain } from './partner-chain.ts';
import { type ReadAssertion, readAssertion } from './read-assertion.ts';
import { refuseAssertion } from './refuse-assertion.ts';
import { readSpiffeId } from './spiffe-id.ts';
import { type VerifiedAssertion, verifyAssertion } from './verify-assertion.ts';

export type FederationRoom = FederationHouse & {
  readonly feed: Feed;
  readonly queue: CommitQueue;
  readonly facts: Pick<PrincipalFacts, 'credential'>;
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
  /** Keeps what a copy of an agent whose key was enrolled says that it is made of. */
  describe(copy: CredentialFact, digest: string): Promise<void>;
};

/** How long a used assertion is remembered past its end, and how long the news of a new key may take to arrive here. */
const slackMs = 120_000;
const newsMs = 2_000;

export function openFederation(room: FederationRoom): Federation {
  const facts = openFederationFacts(room);
  const keys = createIssuerKeys(createFetchDocument(room), room.clock);
  const findIssuer = async (read: ReadAssertion, onlySpiffe: boolean): Promise<IssuerFact> => {
    const { iss, sub } = read.claims;
    const domain = typeof sub === 'string' ? readSpiffeId(sub)?.trustDomain : undefined;
    const named = typeof iss === 'string' && iss.length <= 300 && !onlySpiffe ? await facts.byUrl(iss) : undefined;
    const found = named ?? (domain === undefined ? undefined : await facts.byUrl(domain));
    return found ?? refuseAssertion('its issuer is not trusted');
  };
  return {
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
    describe: async (copy, digest) => {
      if (copy.manifest?.digest === digest || kindOf(copy.principal) !== 'agent') return;
      const change = await noteManifest(room, copy, digest);
      if (change !== undefined) await room.feed.waitFor(change, newsMs);
    },
  };
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
