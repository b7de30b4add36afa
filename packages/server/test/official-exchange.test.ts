import assert from 'node:assert/strict';
import { exportPrivateKey } from '@surety/proof/jwk';
import { type CryptoKey, importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { afterAll, beforeAll, test } from 'vitest';
import { type Authority, openAuthority } from '#http/testing/authority';
import type { Principal } from '#http/testing/client';

let authority: Authority;
let crm: string;

beforeAll(async () => {
  authority = await openAuthority();
  await authority.system('crm');
  crm = `${authority.gatewayUrl}/mcp/crm`;
});
afterAll(() => authority.close());

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const keyOf = async ({ key }: Principal) => (await importJWK({ ...exportPrivateKey(key), alg: key.alg }, key.alg)) as CryptoKey;

/** What every official client can do: any grant, introspection and revocation. */
type Program = {
  grant(type: string, parameters: Readonly<Record<string, string>>): Promise<oauth.TokenEndpointResponse>;
  introspect(token: string): Promise<oauth.IntrospectionResponse>;
  revoke(token: string): Promise<void>;
};

async function byOauth4webapi(one: Principal): Promise<Program> {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(authority.issuer);
  const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' });
  const server = await oauth.processDiscoveryResponse(issuer, found);
  const client: oauth.Client = { client_id: one.id };
  const dpop = oauth.DPoP({}, await oauth.generateKeyPair('ES256'));
  const authentication = oauth.PrivateKeyJwt({ key: await keyOf(one), kid: one.key.jkt });
  const options = { ...insecure, DPoP: dpop };
  const grant: Program['grant'] = async (type, parameters) => {
    const ask = () => oauth.genericTokenEndpointRequest(server, client, authentication, type, parameters, options);
    const read = async () => oauth.processGenericTokenEndpointResponse(server, client, await ask());
    return read().catch((thrown: unknown) => (oauth.isDPoPNonceError(thrown) ? read() : Promise.reject(thrown)));
  };
  return {
    grant,
    introspect: async (token) =>
      oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, authentication, token, insecure),
      ),
    revoke: async (token) =>
      oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, token, insecure)),
  };
}

async function byOpenidClient(one: Principal): Promise<Program> {
  const authentication = openid.PrivateKeyJwt({ key: await keyOf(one), kid: one.key.jkt });
  const config = await openid.discovery(new URL(authority.issuer), one.id, undefined, authentication, {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
  });
  const dpop = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair());
  return {
    grant: (type, parameters) => openid.genericGrantRequest(config, type, parameters, { DPoP: dpop }),
    introspect: (token) => openid.tokenIntrospection(config, token),
    revoke: (token) => openid.tokenRevocation(config, token),
  };
}

const programs = { oauth4webapi: byOauth4webapi, 'openid-client': byOpenidClient };
const details = () => JSON.stringify([{ type: 'agent_action', locations: [crm], actions: ['invoke'], identifier: 'read*' }]);

test.each(Object.keys(programs) as (keyof typeof programs)[])(
  '%s hands work on, exchanges, introspects and revokes, with nothing of ours',
  async (name) => {
    const [a, b] = [await authority.agent(), await authority.agent()];
    const [parent, child] = [await programs[name](a), await programs[name](b)];
    const offered = await parent.grant('client_credentials', {
      resource: authority.issuer,
      may_act: b.id,
      authorization_details: details(),
      delegation_depth: '1',
    });
    const exchange = (subject: string) =>
      child.grant(exchangeGrant, { subject_token: subject, subject_token_type: accessTokenType, resource: crm });
    const held = await exchange(offered.access_token);
    assert.deepEqual([held.token_type, held['issued_token_type'], held.scope], ['dpop', accessTokenType, 'call']);
    assert.deepEqual(held.authorization_details, JSON.parse(details()));
    const told = await child.introspect(held.access_token);
    assert.deepEqual(
      [told.active, told.sub, told.client_id, told['sub_profile'], told.authorization_details],
      [true, a.id, b.id, 'ai_agent', JSON.parse(details())],
    );
    assert.deepEqual(told['act'], { iss: authority.issuer, sub: b.id, sub_profile: 'ai_agent' });
    await assert.rejects(exchange(offered.access_token), { status: 400, error: 'invalid_request' });
    await child.revoke(held.access_token);
    assert.deepEqual(await child.introspect(held.access_token), { active: false });
  },
);

test('revoking a delegation token ends the work that came of it, and what hangs from that; not the work of others', async () => {
  const [a, b, c] = [await authority.agent(), await authority.agent(), await authority.agent()];
  const [parent, child, below] = [await byOauth4webapi(a), await byOauth4webapi(b), await byOauth4webapi(c)];
  const offer = (by: Program, to: Principal, task?: string) =>
    by.grant('client_credentials', { resource: authority.issuer, may_act: to.id, ...(task === undefined ? {} : { task }) });
  const exchange = (by: Program, subject: oauth.TokenEndpointResponse) =>
    by.grant(exchangeGrant, { subject_token: subject.access_token, subject_token_type: accessTokenType, resource: crm });
  const isActive = async (by: Program, token: oauth.TokenEndpointResponse) => (await by.introspect(token.access_token)).active;
  const offered = await offer(parent, b);
  const taskOf = (token: oauth.TokenEndpointResponse) => token['task'] as string;
  const task = taskOf(offered);
  const held = await exchange(child, offered);
  const lower = await exchange(below, await offer(child, c, taskOf(held)));
  const sibling = await exchange(below, await offer(parent, c, task));
  assert.deepEqual(
    [await isActive(child, held), await isActive(below, lower), await isActive(below, sibling)],
    [true, true, true],
  );
  await assert.rejects(child.revoke(offered.access_token));
  assert.equal(await isActive(child, held), true);
  await parent.revoke(offered.access_token);
  await authority.settled(Promise.resolve());
  assert.deepEqual(
    [await isActive(child, held), await isActive(below, lower), await isActive(below, sibling)],
    [false, false, true],
  );
  await assert.rejects(child.grant('client_credentials', { resource: crm, task: taskOf(held) }), {
    error: 'invalid_grant',
  });
  const { rows } = await authority.db.query<{ state: string }>('select state from task where root = $1 order by depth, id', [
    task,
  ]);
  assert.deepEqual(rows.map(({ state }) => state).toSorted(), ['ended', 'ended', 'open', 'open']);
});

test('revoking a delegation token before it is exchanged leaves nothing to exchange', async () => {
  const [a, b] = [await authority.agent(), await authority.agent()];
  const [parent, child] = [await byOauth4webapi(a), await byOauth4webapi(b)];
  const offered = await parent.grant('client_credentials', { resource: authority.issuer, may_act: b.id });
  await parent.revoke(offered.access_token);
  const exchanged = child.grant(exchangeGrant, {
    subject_token: offered.access_token,
    subject_token_type: accessTokenType,
    resource: crm,
  });
  await assert.rejects(exchanged, (thrown: oauth.ResponseBodyError) => thrown.status === 400);
});
