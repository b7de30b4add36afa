import type { Match, TrustedIssuer } from '@surety/contract/federation';
import { createFactCache } from '#change/fact-cache';
import type { Feed } from '#change/feed';
import type { Db } from '#kernel/db';
import { findIssuerByUrl } from './issuer-store.ts';
import { listMatches } from './match-store.ts';

/** An issuer that is trusted, and the agents that it is believed about. */
export type IssuerFact = { readonly issuer: TrustedIssuer; readonly matches: readonly Match[] };

/** Trusted issuers by exactly their `iss`, from memory where fresh. */
export type FederationFacts = { byUrl(issuer: string): Promise<IssuerFact | undefined> };

const max = 1_000;

export function openFederationFacts({ db, feed }: { readonly db: Db; readonly feed: Feed }): FederationFacts {
  const load = async (url: string): Promise<IssuerFact | undefined> => {
    const issuer = await findIssuerByUrl(db, url);
    return issuer && { issuer, matches: await listMatches(db, issuer.id) };
  };
  const issuers = createFactCache<IssuerFact>({ feed, max, load, keysOf: (_url, { issuer }) => [issuer.id] });
  return { byUrl: (url) => issuers.get(url) };
}
