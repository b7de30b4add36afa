import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { hashAccessToken } from '@surety/proof/dpop';
import { afterAll, beforeEach, test } from 'vitest';
import { openAuthority } from '#http/testing/authority';
import { openClient } from '#http/testing/client';
import { Fault } from '#kernel/fault';
import { renderProblem } from '#http/render-problem';
import { signIn } from '#signin/testing/browser';
import { setSignInDemand } from '#signin/sign-in-demands';
import { accessTokenType, tokenExchangeGrant } from '../grants/token-exchange.ts';
import { answerConsent, newVerifier, openConsent } from './testing/ask-person.ts';
import { at, claimsOf, openConsentRig, type Party, signedInOf } from './testing/consent-rig.ts';

const authority = await openAuthority();
const { house, crm, anAgent, aPerson, request, aCode, ask, redeem, refresh } = openConsentRig(authority);
const system = await authority.system('crm');
await authority.system('open');

afterAll(() => authority.close());
beforeEach(() => demand(null));

const demand = (withinSeconds: number | null) =>
  authority.settled(setSignInDemand(house, authority.admin, { system, withinSeconds }));

/** What the door of a resource says to a token: who comes, or the fault. */
async function come(party: Party, token: unknown, audience = crm) {
  const text = String(token);
  const { authenticator } = authority.nodes[0]!;
  const nonce = authenticator.nonce();
  const claims = { htm: 'POST', htu: audience, ath: hashAccessToken(text), jti: randomUUID(), nonce };
  const dpop = party.client.proof(claims, {}, party.key);
  const head = { method: 'POST', url: audience, audience, authorization: `DPoP ${text}`, dpop };
  return authenticator.authenticate(head).catch((thrown: unknown) => {
    if (thrown instanceof Fault) return thrown;
    throw thrown;
  });
}

async function isRefused(party: Party, token: unknown, maxAge: number) {
  const fault = await come(party, token);
  assert.ok(fault instanceof Fault, 'it was let in');
  assert.deepEqual([fault.code, fault.challenge], ['token.signin_insufficient', { acr_values: 'phr', max_age: maxAge }]);
  return fault;
}

async function isLetIn(party: Party, token: unknown, audience?: string) {
  const came = await come(party, token, audience);
  assert.ok(!(came instanceof Fault), came instanceof Fault ? `${came.code} ${came.detail}` : '');
}

/** A person whose sign-in was a while ago. */
async function aPersonFrom(secondsAgo: number) {
  const person = await aPerson();
  await authority.db.query("update session set authenticated_at = authenticated_at - $2 * interval '1 second' where human = $1", [
    person.id,
    secondsAgo,
  ]);
  return person;
}

test('a sign-in that is too old for a system is refused with what would do, and a fresh one is let in (RFC 9470)', async () => {
  const [agent, person] = [await anAgent(), await aPersonFrom(700)];
  const first = (await redeem(agent, await aCode(agent, person.browser))).body;
  await isLetIn(agent, first['access_token']);
  await demand(900);
  await isLetIn(agent, first['access_token']);
  await demand(600);
  const stale = (await refresh(agent, first['refresh_token'])).body;
  const fault = await isRefused(agent, stale['access_token'], 600);
  const { status, headers } = renderProblem(fault, { requestId: 'req', metadataUrl: 'https://a.example/m' });
  assert.equal(status, 401);
  assert.match(
    headers['www-authenticate'] ?? '',
    /^DPoP error="insufficient_user_authentication",.* acr_values="phr", max_age="600",/,
  );

  const { verifier, challenge } = newVerifier();
  const url = at(request(agent, challenge, { max_age: '600', acr_values: 'phr' }));
  const { path, shown } = await openConsent(person.browser, url);
  assert.equal(shown.status, 303, 'the person signs in again first');
  await signIn(person.browser, person.passkey, path);
  const back = await answerConsent(person.browser, { path, shown: await person.browser.get(path) }, 'yes');
  const fresh = (await redeem(agent, { code: back.searchParams.get('code') ?? '', verifier })).body;
  await isLetIn(agent, fresh['access_token']);
  await isRefused(agent, stale['access_token'], 600);
});

test('a consent for such a system asks for a fresh sign-in by itself, whatever the client says', async () => {
  const [agent, person] = [await anAgent(), await aPersonFrom(400)];
  await demand(300);
  for (const changes of [{}, { max_age: '86400' }]) {
    const { path, shown } = await openConsent(person.browser, at(request(agent, newVerifier().challenge, changes)));
    assert.equal(shown.status, 303);
    assert.equal(shown.location, `/signin?next=${encodeURIComponent(path)}`);
  }
});

test('how the person signed in travels to the tasks below: handing work on freshens nothing', async () => {
  const [agent, child, person] = [await anAgent(), await anAgent(), await aPersonFrom(100)];
  const mine = (await redeem(agent, await aCode(agent, person.browser))).body;
  const offer = await ask(agent, {
    grant_type: 'client_credentials',
    resource: authority.issuer,
    may_act: child.id,
    task: String(mine['task']),
  });
  assert.equal(offer.status, 200, JSON.stringify(offer.body));
  const below = await ask(child, {
    grant_type: tokenExchangeGrant,
    subject_token: String(offer.body['access_token']),
    subject_token_type: accessTokenType,
    resource: crm,
  });
  assert.equal(below.status, 200, JSON.stringify(below.body));
  assert.deepEqual(signedInOf(claimsOf(below.body['access_token'])), signedInOf(claimsOf(mine['access_token'])));
  await isLetIn(child, below.body['access_token']);
  const own = await ask(child, { grant_type: 'client_credentials', resource: crm, task: String(below.body['task']) });
  assert.deepEqual(signedInOf(claimsOf(own.body['access_token'])), signedInOf(claimsOf(mine['access_token'])));
  await demand(60);
  await isRefused(child, below.body['access_token'], 60);
  await isRefused(child, own.body['access_token'], 60);
});

test('it is asked of people alone: an agent on its own trigger comes as before, and another system demands nothing', async () => {
  const [agent, person] = [await anAgent(), await aPersonFrom(60)];
  const whole = await ask(agent, { grant_type: 'client_credentials', resource: crm });
  const open = `${authority.gatewayUrl}/mcp/open`;
  const elsewhere = (await redeem(agent, await aCode(agent, person.browser, { resource: open }))).body;
  await demand(30);
  await isLetIn(agent, whole.body['access_token']);
  await isLetIn(agent, elsewhere['access_token'], open);
});

test('a person who handed work on by a key, without signing in, does not count as signed in', async () => {
  const child = await anAgent();
  const human = await authority.human(['owner']);
  const client = openClient(authority.issuer, human, authority.issuer, authority.clock);
  const offer = await client.token({ may_act: child.id, purpose: 'Tidy up' });
  assert.equal(offer.status, 200, JSON.stringify(offer.body));
  const below = await ask(child, {
    grant_type: tokenExchangeGrant,
    subject_token: String(offer.body['access_token']),
    subject_token_type: accessTokenType,
    resource: crm,
  });
  assert.equal(below.status, 200, JSON.stringify(below.body));
  await isLetIn(child, below.body['access_token']);
  await demand(86_400);
  await isRefused(child, below.body['access_token'], 86_400);
});
