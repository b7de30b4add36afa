import { redeemCode } from './authorization-code.ts';
import { clientCredentials } from './client-credentials.ts';
import type { Grant } from './grant.ts';
import { jwtDpop, jwtDpopGrant } from './jwt-dpop.ts';
import { refreshToken } from './refresh-token.ts';
import { exchangeToken, tokenExchangeGrant } from './token-exchange.ts';
import { workloadAssertion } from './workload-assertion.ts';

/** Every grant that is offered, by its `grant_type`. One file for each; the metadata is written from this table. */
export const grantTable: ReadonlyMap<string, Grant> = new Map<string, Grant>([
  ['client_credentials', { knows: 'client-assertion', act: clientCredentials }],
  ['authorization_code', { knows: 'client-assertion', act: redeemCode }],
  ['refresh_token', { knows: 'client-assertion', act: refreshToken }],
  [tokenExchangeGrant, { knows: 'client-assertion', act: exchangeToken }],
  ['urn:ietf:params:oauth:grant-type:jwt-bearer', { knows: 'own-assertion', act: workloadAssertion }],
  [jwtDpopGrant, { knows: 'own-assertion', act: jwtDpop }],
]);
