import assert from 'node:assert/strict';
import { generateSigningKey } from '@surety/proof/jwk';
import { afterAll, test } from 'vitest';
import { addIssuer } from '#federation/add-issuer';
import { addMatch } from '#federation/add-match';
import { openPlatform } from '#federation/testing/platform';
import { openAuthority } from '#http/testing/authority';
import { openClient, post } from '#http/testing/client';
import { jwtDpopGrant } from './jwt-dpop.ts';

const authority = await openAuthority();
const { db, clock, issuer, admin } = authority;
await authority.system('crm');
const resource = `${authority.gatewayUrl}/mcp/crm`;
const agent = await authority.agent();
const client = openClient(issuer, agent, resource);
const platform = await openPlatform({ audience: issuer, now: clock });
const trusting = { db, clock, issuer, allowLoopback: true };
const claims = { repository: 'acme/deployer' };
await addIssuer(trusting, admin, {
  name: 'github',
  kind: 'github',
  issuer: platform.issuer,
  keys: { from: 'discovery' },
  algs: ['ES256'],
  isInternal: false,
});
await authority.settled(addMatch(trusting, admin, { issuer: 'github', claims, agent: agent.id }));

afterAll(async () => {
  await platform.close();
  await authority.close();
});

async function ask(cnf: unknown, key = generateSigningKey()) {
  await client.nonce();
  const assertion = await platform.assertion({ sub: 'repo:acme/deployer', ...claims, cnf });
  const form = new URLSearchParams({ grant_type: jwtDpopGrant, assertion, resource });
  return post(`${issuer}/token`, form, { dpop: client.proof({}, {}, key) });
}

test('an assertion that is bound to no key, to another, or to two, is refused', async () => {
  const [key, other] = [generateSigningKey(), generateSigningKey()];
  const wrong = [
    undefined,
    {},
    { jkt: other.jkt },
    { jwk: other.publicJwk },
    { jwk: key.publicJwk, jkt: other.jkt },
    { jwk: 'x' },
  ];
  for (const cnf of wrong) {
    const { body } = await ask(cnf, key);
    assert.deepEqual([body['error'], body['code']], ['invalid_grant', 'assertion.refused'], JSON.stringify(cnf));
  }
});

test('one that is bound to the key of the proof, named whole or by its thumbprint, gets a token that is bound to it', async () => {
  for (const name of ['jwk', 'jkt'] as const) {
    const key = generateSigningKey();
    const { status, body } = await ask({ [name]: name === 'jwk' ? key.publicJwk : key.jkt }, key);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body['token_type'], 'DPoP');
  }
});
