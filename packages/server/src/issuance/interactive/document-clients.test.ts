import assert from 'node:assert/strict';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { signJws } from '@surety/proof/jws';
import { afterAll, beforeEach, describe, test } from 'vitest';
import { addIssuer } from '#federation/add-issuer';
import { addMatch } from '#federation/add-match';
import { removeMatch } from '#federation/remove-match';
import { openDocumentHost } from '#federation/testing/document-host';
import { openAuthority } from '#http/testing/authority';
import { type Answer, assertionType, openClient, post } from '#http/testing/client';
import { moveAgent } from '#registry/move-agent';
import { openBrowser } from '#signin/testing/browser';
import { answerConsent, newVerifier, openConsent } from './testing/ask-person.ts';
import { at, claimsOf, openConsentRig, redirectUri } from './testing/consent-rig.ts';

const authority = await openAuthority();
const { house, origin, crm, aPerson } = openConsentRig(authority);
await authority.system('crm');
const host = await openDocumentHost();
const receiver = await authority.human(['owner']);
const trusting = { ...house, issuer: authority.issuer, allowLoopback: true };
await authority.settled(
  addIssuer(trusting, authority.admin, {
    name: 'apps',
    kind: 'client-document',
    issuer: host.host,
    keys: { from: 'discovery' },
    isInternal: false,
    receiver: receiver.id,
  }),
);
const nobody = openClient(authority.issuer, receiver, crm, authority.clock);
let count = 0;

afterAll(async () => {
  await host.close();
  await authority.close();
});
beforeEach(() => {
  host.answer = undefined;
});

/** A document at an address of its own, and its agent, active, when it is matched to one. */
async function aProgram(changes: object = {}, isMatched = true) {
  const path = `/programs/${++count}.json`;
  const url = `${host.host.slice(0, -1)}${path}`;
  host.documents.set(path, {
    client_id: url,
    client_name: 'A Program',
    redirect_uris: ['http://127.0.0.1/callback'],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    ...changes,
  });
  const agent = await authority.agent();
  const claims = { sub: url };
  const match = isMatched
    ? await authority.settled(addMatch(trusting, authority.admin, { issuer: 'apps', claims, agent: agent.id }))
    : undefined;
  return { url, path, agent, match };
}

function request(url: string, challenge: string, changes: Readonly<Record<string, string>> = {}): URLSearchParams {
  return new URLSearchParams({
    client_id: url,
    response_type: 'code',
    redirect_uri: redirectUri,
    resource: crm,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 'abc',
    ...changes,
  });
}

async function aCode(url: string, person: Awaited<ReturnType<typeof aPerson>>) {
  const { verifier, challenge } = newVerifier();
  const opened = await openConsent(person.browser, at(request(url, challenge)));
  const back = await answerConsent(person.browser, opened, 'yes');
  return { code: back.searchParams.get('code') ?? '', verifier, page: opened.shown.page };
}

async function ask(parameters: Readonly<Record<string, string>>, key: SigningKey): Promise<Answer> {
  await nobody.nonce();
  return post(`${authority.issuer}/token`, new URLSearchParams(parameters), { dpop: nobody.proof({}, {}, key) });
}

const redeem = (url: string, { code, verifier }: { code: string; verifier: string }, key: SigningKey, more = {}) =>
  ask(
    { grant_type: 'authorization_code', client_id: url, code, code_verifier: verifier, redirect_uri: redirectUri, ...more },
    key,
  );

const refresh = (url: string, token: unknown, key: SigningKey) =>
  ask({ grant_type: 'refresh_token', client_id: url, refresh_token: String(token) }, key);

const credentials = async (agent: string) =>
  (await authority.db.query('select id from credential where principal = $1', [agent])).rowCount;

function assertionOf(url: string, key: SigningKey, changes: object = {}): Record<string, string> {
  const seconds = Math.floor(authority.clock() / 1_000);
  const claims = { iss: url, sub: url, aud: authority.issuer, iat: seconds, exp: seconds + 60, jti: `${++count}`, ...changes };
  return {
    client_assertion_type: assertionType,
    client_assertion: signJws(key, { typ: 'JWT', kid: key.jkt }, JSON.stringify(claims)),
  };
}

describe('a program that a document describes works for a person', () => {
  test('code, token, refresh; the page says whose program it is; it is one agent, whose own work it can not do', async () => {
    const [{ url, agent }, person, key] = [await aProgram(), await aPerson(), generateSigningKey()];
    const code = await aCode(url, person);
    assert.match(code.page, /Program of<\/dt>\s*<dd>127\.0\.0\.1:\d+<\/dd>/);
    assert.match(code.page, /Go on only if you have just started it\s+yourself/);
    const { status, body } = await redeem(url, code, key);
    assert.equal(status, 200, JSON.stringify(body));
    const claims = claimsOf(body['access_token']);
    assert.deepEqual([claims['sub'], claims['client_id'], claims['aud']], [person.id, agent.id, crm]);
    assert.deepEqual(claims['cnf'], { jkt: key.jkt });
    assert.equal(await authority.count('instance.admitted', agent.id), 1);

    const next = await refresh(url, body['refresh_token'], key);
    assert.equal(next.status, 200, JSON.stringify(next.body));
    const thief = await refresh(url, next.body['refresh_token'], generateSigningKey());
    assert.equal(thief.body['error'], 'invalid_grant');
    assert.equal((await refresh(url, body['refresh_token'], key)).body['error'], 'invalid_grant', 'used before');
    assert.equal((await refresh(url, next.body['refresh_token'], key)).body['error'], 'invalid_grant', 'so all has ended');

    for (const identity of [
      { client_id: url },
      assertionOf(agent.id, key),
      { client_id: agent.id, ...assertionOf(agent.id, key) },
    ]) {
      const own = await ask({ grant_type: 'client_credentials', resource: crm, ...identity }, key);
      assert.match(String(own.body['error']), /^invalid_(?:client|grant)$/, JSON.stringify(own.body));
    }
  });

  test('one with a key proves itself by it, at the pushed request and for the code; nobody else is believed', async () => {
    const [clientKey, key, person] = [generateSigningKey(), generateSigningKey(), await aPerson()];
    const jwks = { keys: [{ ...clientKey.publicJwk, kid: clientKey.jkt }] };
    const { url } = await aProgram({ token_endpoint_auth_method: 'private_key_jwt', jwks });
    const { verifier, challenge } = newVerifier();
    const push = (identity: Record<string, string>) =>
      post(`${authority.issuer}/par`, new URLSearchParams([...request(url, challenge), ...Object.entries(identity)]));
    assert.equal((await push({})).body['error'], 'invalid_client');
    assert.equal((await push(assertionOf(url, generateSigningKey()))).body['error'], 'invalid_client');
    const identity = assertionOf(url, clientKey);
    const pushed = await push(identity);
    assert.equal(pushed.status, 201, JSON.stringify(pushed.body));
    assert.equal((await push(identity)).body['error'], 'invalid_client', 'the assertion is spent');
    const query = new URLSearchParams({ client_id: url, request_uri: String(pushed.body['request_uri']) });
    const back = await answerConsent(person.browser, await openConsent(person.browser, at(query)), 'yes');
    const code = { code: back.searchParams.get('code') ?? '', verifier };
    for (const wrong of [
      {},
      assertionOf(url, generateSigningKey()),
      assertionOf(url, clientKey, { aud: `${authority.issuer}/token` }),
      assertionOf(url, clientKey, { sub: 'https://other.example/client' }),
      assertionOf(url, clientKey, { exp: Math.floor(authority.clock() / 1_000) + 3_600 }),
    ])
      assert.equal((await redeem(url, code, key, wrong)).body['error'], 'invalid_client', JSON.stringify(wrong));
    const { status, body } = await redeem(url, code, key, assertionOf(url, clientKey));
    assert.equal(status, 200, JSON.stringify(body));
  });

  test('its keys may be at an address of its host; one that is no longer published proves nothing, also for a task that is under way', async () => {
    const [old, next, key, person] = [generateSigningKey(), generateSigningKey(), generateSigningKey(), await aPerson()];
    const jwks_uri = `${host.host}keys/${old.jkt}`;
    const publish = (one: SigningKey) => host.documents.set(`/keys/${old.jkt}`, { keys: [{ ...one.publicJwk, kid: one.jkt }] });
    publish(old);
    const { url } = await aProgram({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri });
    const first = await redeem(url, await aCode(url, person), key, assertionOf(url, old));
    assert.equal(first.status, 200, JSON.stringify(first.body));
    publish(next);
    authority.clock.moveMs += 61_000;
    const by = (one: SigningKey) =>
      ask(
        {
          grant_type: 'refresh_token',
          client_id: url,
          refresh_token: String(first.body['refresh_token']),
          ...assertionOf(url, one),
        },
        key,
      );
    assert.equal((await by(old)).body['error'], 'invalid_client');
    assert.equal((await refresh(url, first.body['refresh_token'], key)).body['error'], 'invalid_client', 'nor does nothing');
    assert.equal((await by(next)).status, 200);
    authority.clock.moveMs = 0;
  });

  test('whoever has no code that is theirs leaves no key behind', async () => {
    const [{ url, agent }, other, person] = [await aProgram(), await aProgram(), await aPerson()];
    const before = await credentials(agent.id);
    const code = await aCode(url, person);
    const attempts = [
      redeem(url, { code: 'x'.repeat(43), verifier: code.verifier }, generateSigningKey()),
      redeem(url, { code: code.code, verifier: newVerifier().verifier }, generateSigningKey()),
      redeem(other.url, code, generateSigningKey()),
      refresh(url, `srt_${'A'.repeat(80)}`, generateSigningKey()),
    ];
    for (const { body } of await Promise.all(attempts)) assert.equal(body['error'], 'invalid_grant', JSON.stringify(body));
    assert.equal(await credentials(agent.id), before);
  });
});

describe('what such a program is here', () => {
  test('the end of the match, or of the agent, ends what came of it', async () => {
    const [{ url, agent, match }, person, key] = [await aProgram(), await aPerson(), generateSigningKey()];
    const { body } = await redeem(url, await aCode(url, person), key);
    const code = await aCode(url, person);
    await authority.settled(removeMatch(trusting, authority.admin, { match: match?.id ?? '' }));
    assert.equal((await refresh(url, body['refresh_token'], key)).status >= 400, true);
    assert.equal((await redeem(url, code, key)).status >= 400, true);
    const again = await aProgram();
    const left = await aCode(again.url, person);
    await authority.settled(moveAgent(house, authority.admin, { agent: again.agent.id, to: 'suspended', reason: 'test' }));
    assert.equal((await redeem(again.url, left, generateSigningKey())).body['error'], 'invalid_grant');
    assert.equal(agent.id === again.agent.id, false);
  });

  test('one that nobody has seen becomes a draft of whoever receives it, once, and nobody is asked until it is started', async () => {
    const { url } = await aProgram({ client_name: 'Note \u202eTaker' }, false);
    const direct = () => openBrowser(origin).get(at(request(url, newVerifier().challenge)));
    for (const shown of [await direct(), await direct()]) {
      assert.equal(shown.status, 400);
      assert.match(shown.page, /Nobody answers for this agent yet/);
    }
    const { rows } = await authority.db.query<{ agent: string; owner: string; state: string; display_name: string }>(
      `select agent.id as agent, owner, state, display_name from issuer_subject join agent on agent.id = issuer_subject.agent
       where subject = $1`,
      [url],
    );
    assert.deepEqual([rows.length, rows[0]?.owner, rows[0]?.state], [1, receiver.id, 'draft']);
    assert.equal(rows[0]?.display_name, 'Note  Taker');
    await authority.settled(moveAgent(house, receiver.id, { agent: rows[0]?.agent ?? '', to: 'active', reason: 'known' }));
    const person = await aPerson();
    const { status, body } = await redeem(url, await aCode(url, person), generateSigningKey());
    assert.equal(status, 200, JSON.stringify(body));
  });
});

describe('documents that are not believed', () => {
  const direct = (url: string) => openBrowser(origin).get(at(request(url, newVerifier().challenge)));

  test('nothing is asked of a host that nobody trusted, whatever it is called', async () => {
    const other = await openDocumentHost();
    const asked = host.asked();
    for (const url of [
      `${other.host}client.json`,
      `${host.host.replace('http:', 'https:')}client.json`,
      `${host.host}client.json?a`,
      `${host.host}a/../client.json`,
      host.host,
      'https://169.254.169.254/latest/meta-data',
    ]) {
      const shown = await direct(url);
      assert.deepEqual([shown.status, shown.location], [400, ''], url);
    }
    assert.deepEqual([other.asked(), host.asked()], [0, asked]);
    await other.close();
  });

  test('its word is not taken for the agent’s own work, also when it signs as its own issuer', async () => {
    const [{ url }, key] = [await aProgram(), generateSigningKey()];
    const seconds = Math.floor(authority.clock() / 1_000);
    const claims = { iss: host.host, sub: url, aud: authority.issuer, iat: seconds, exp: seconds + 60, jti: 'a' };
    const assertion = signJws(key, { typ: 'JWT', kid: key.jkt }, JSON.stringify(claims));
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    assert.equal((await ask({ grant_type, assertion, resource: crm }, key)).body['code'], 'assertion.refused');
  });

  const pair = generateSigningKey();
  test.for<[string, object]>([
    ['another client id', { client_id: 'https://app.example/client' }],
    ['a shared secret', { client_secret: 'x' }],
    ['a way to authenticate with a secret', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['a redirect that runs something', { redirect_uris: ['javascript:alert(1)'] }],
    ['a redirect in the clear', { redirect_uris: ['http://app.example/callback'] }],
    ['no redirect', { redirect_uris: [] }],
    ['only other grants', { grant_types: ['client_credentials'] }],
    ['only other answers', { response_types: ['token'] }],
    ['a key that is said and not there', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['a private key', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ ...pair.publicJwk, d: 'x' }] } }],
    ['keys on another host', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://other.example/keys' }],
    ['more than it may be long', { padding: 'x'.repeat(6_000) }],
  ])('%s', async ([, changes]) => {
    const { url } = await aProgram(changes);
    const shown = await direct(url);
    assert.deepEqual([shown.status, shown.location], [503, '']);
    assert.doesNotMatch(shown.page, /javascript|x{100}/);
  });

  test('a redirect is not followed, and neither a failure nor its text is kept or shown', async () => {
    const { url, path } = await aProgram();
    for (const answer of [
      { status: 302, headers: { location: `${host.host.slice(0, -1)}${path}` } },
      { status: 500, headers: { 'content-type': 'application/json' } },
      { status: 200, headers: { 'content-type': 'text/html' } },
    ]) {
      host.answer = (_request, response) => void response.writeHead(answer.status, answer.headers).end('{"canary":"canary"}');
      const shown = await direct(url);
      assert.equal(shown.status, 503);
      assert.doesNotMatch(shown.page, /canary/);
    }
    host.answer = undefined;
    assert.equal((await direct(url)).status, 303);
  });

  test('a document is kept as long as its server lets us, asked for once when many want it, and each minute so often', async () => {
    const { url } = await aProgram();
    const before = host.asked();
    await Promise.all(Array.from({ length: 8 }, () => direct(url)));
    assert.equal(host.asked(), before + 1);
    host.cacheControl = 'no-store';
    authority.clock.moveMs += 61_000;
    const { url: fresh } = await aProgram();
    const asked = host.asked();
    for (let turn = 0; turn < 40; turn++) await direct(fresh);
    assert.ok(host.asked() - asked >= 59, 'no-store is obeyed');
    assert.ok(host.asked() - asked <= 61, `asked ${host.asked() - asked} times`);
    host.cacheControl = 'max-age=60';
    authority.clock.moveMs += 61_000;
  });
});
