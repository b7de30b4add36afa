import assert from 'node:assert/strict';
import { generateSigningKey } from '@surety/proof/jwk';
import {
  clientAt,
  fetchNonce,
  isIssued,
  type RequestParts,
  requestOf,
  sendOne,
  signParts,
  type TokenClient,
  type TokenSide,
} from './token-side.ts';

/** Speed is not bought by looking away: what must be refused is refused, and the one good request among it is not. */
export async function assertIssuanceRefusals(side: TokenSide): Promise<void> {
  const nonce = await fetchNonce(side);
  const client = clientAt(side, 1);
  const fresh = (one: TokenClient): RequestParts => signParts(side, one, nonce);
  const used = fresh(client);
  isIssued(await sendOne(side, requestOf(side, used)));
  const stranger = generateSigningKey();
  const attempts: (readonly [string, RequestParts])[] = [
    ['an assertion and a proof that were used', used],
    ['an assertion that was used', { assertion: used.assertion, proof: fresh(client).proof }],
    ['a proof that was used', { assertion: fresh(client).assertion, proof: used.proof }],
    ['an assertion by another key', { assertion: fresh({ id: client.id, key: stranger }).assertion, proof: fresh(client).proof }],
    ['a client that is not known', fresh({ id: 'agt_00000000000000000000000009', key: stranger })],
    ['a proof without the nonce', { ...fresh(client), proof: signParts(side, client, undefined).proof }],
    ...(side.suspended === undefined ? [] : ([['an agent that is suspended', fresh(side.suspended)]] as const)),
  ];
  for (const [what, parts] of attempts) {
    const { status, body } = await sendOne(side, requestOf(side, parts));
    assert.ok(status === 400 || status === 401, `${side.name} answered ${status} to ${what}`);
    assert.ok(!body.includes('access_token'), `${side.name} issued a token to ${what}`);
  }
}
