import assert from 'node:assert/strict';
import { hashAccessToken } from '@surety/proof/dpop';
import { afterAll, beforeAll, test } from 'vitest';
import { createAuthenticator } from '#authn/authenticate';
import { openAuthorityFacts } from '#delegation/authority-facts';
import type { Db } from '#kernel/db';
import { openPrincipalFacts } from '#registry/principal-facts';
import { type Authority, openAuthority } from './testing/authority.ts';
import { openClient, type Principal } from './testing/client.ts';

let authority: Authority;

beforeAll(async () => {
  authority = await openAuthority();
  await authority.system('crm');
});
afterAll(() => authority.close());

/** What the database is asked for by a node that has just been started, for an agent's first request and its second. */
async function costOf(agent: Principal): Promise<readonly { queries: number; rows: number }[]> {
  const asked = { queries: 0, rows: 0 };
  const [node] = authority.nodes;
  assert.ok(node);
  const db: Db = {
    ...authority.db,
    query: async <Row>(text: string, values?: readonly unknown[], name?: string) => {
      const result = await authority.db.query<Row>(text, values, name);
      asked.queries++;
      asked.rows += result.rows.length;
      return result;
    },
  };
  const { feed, keyRing } = node;
  const { issuer, clock } = authority;
  const facts = openPrincipalFacts({ db, feed });
  const authenticator = createAuthenticator({ issuer, keyRing, feed, facts, authority: openAuthorityFacts({ db, feed }), clock });
  const resource = `${authority.gatewayUrl}/mcp/crm`;
  const client = openClient(issuer, agent, resource);
  const token = await client.accessToken();
  const costs = [];
  for (let request = 0; request < 2; request++) {
    Object.assign(asked, { queries: 0, rows: 0 });
    const dpop = client.proof({ htu: resource, ath: hashAccessToken(token), nonce: authenticator.nonce() });
    const head = { method: 'POST', url: resource, audience: resource, authorization: `DPoP ${token}`, dpop };
    assert.equal((await authenticator.authenticate(head)).principal, agent.id);
    costs.push({ ...asked });
  }
  return costs;
}

test('what a verification asks of the database does not depend on how many others there are, and the second asks nothing', async () => {
  const agent = await authority.agent();
  const alone = await costOf(agent);
  assert.deepEqual(alone[1], { queries: 0, rows: 0 });
  const owner = agent.owner;
  await Promise.all(Array.from({ length: 40 }, (_, at) => authority.agent(at % 2 === 0 ? { owner } : {})));
  assert.deepEqual(await costOf(agent), alone);
  assert.deepEqual(await costOf(await authority.agent()), alone);
  assert.ok(alone[0] && alone[0].queries > 0 && alone[0].rows <= alone[0].queries, 'each read is of one row by its key');
});
