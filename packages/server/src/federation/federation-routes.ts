import * as contract from '@surety/contract/federation-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import { acceptManifest } from './accept-manifest.ts';
import { addIssuer } from './add-issuer.ts';
import { addMatch } from './add-match.ts';
import { changeIssuer } from './change-issuer.ts';
import type { FederationHouse } from './federation-house.ts';
import { introduceAgent, withdrawAgent } from './introduce-agent.ts';
import { getIssuer, listIssuers } from './issuer-store.ts';
import { listMatches } from './match-store.ts';
import { listPartnerClients } from './partner-client-store.ts';
import { removeIssuer } from './remove-issuer.ts';
import { removeMatch } from './remove-match.ts';

export function federationRoutes(house: FederationHouse): readonly AnyAnswer[] {
  return [
    answer(contract.addIssuer, ({ principal }, input) => addIssuer(house, principal, input)),
    answer(contract.listIssuers, async () => ({ items: await listIssuers(house.db) })),
    answer(contract.getIssuer, async (_caller, { issuer: ref }) => {
      const issuer = await getIssuer(house.db, ref);
      return { issuer, matches: await listMatches(house.db, issuer.id) };
    }),
    answer(contract.changeIssuer, ({ principal }, input) => changeIssuer(house, principal, input)),
    answer(contract.removeIssuer, ({ principal }, input) => removeIssuer(house, principal, input)),
    answer(contract.addMatch, ({ principal }, input) => addMatch(house, principal, input)),
    answer(contract.removeMatch, ({ principal }, input) => removeMatch(house, principal, input)),
    answer(contract.addPartnerClient, ({ principal }, input) => introduceAgent(house, principal, input)),
    answer(contract.listPartnerClients, async () => ({ items: await listPartnerClients(house.db) })),
    answer(contract.removePartnerClient, ({ principal }, input) => withdrawAgent(house, principal, input)),
    answer(contract.acceptManifest, ({ principal }, input) => acceptManifest(house, principal, input)),
  ];
}
