import assert from 'node:assert/strict';
import { afterAll, describe, test } from 'vitest';
import { post } from '#http/testing/client';
import { openAuthority } from '#http/testing/authority';
import { changeHuman } from '#registry/change-human';
import { moveAgent } from '#registry/move-agent';
import { readPasskeys, revokePasskey } from '#signin/revoke-passkey';
import { openBrowser, signIn } from '#signin/testing/browser';
import {
  at,
  type Changes,
  claimsOf,
  openConsentRig,
  type Party,
  redirectUri,
  refused,
  signedInOf,
} from './testing/consent-rig.ts';
import { accessTokenType, tokenExchangeGrant } from '../grants/token-exchange.ts';
import { answerConsent, hidden, newVerifier, openConsent } from './testing/ask-person.ts';

const authority = await openAuthority();
const { house, origin, crm, anAgent, aPerson, request, aCode, ask, redeem, refresh, isActive } = openConsentRig(authority);
await authority.system('crm');

afterAll(() => authority.close());

describe('a person lets an agent work for them', () => {
  test('code, token of our shape, refresh; the task is the person’s, and all of it is on record', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const code = await aCode(agent, person.browser);
    const { status, body } = await redeem(agent, code);
    assert.equal(status, 200, JSON.stringify(body));
    const claims = claimsOf(body['access_token']);
    assert.equal(claims['sub'], person.id);
    assert.equal(claims['sub_profile'], 'user');
    assert.equal(claims['client_id'], agent.id);
    assert.deepEqual(claims['act'], { iss: authority.issuer, sub: agent.id, sub_profile: 'ai_agent' });
    assert.equal(claims['aud'], crm);
    assert.equal(claims['instance'], agent.credential);
    assert.deepEqual(claims['cnf'], { jkt: agent.key.jkt });
    assert.ok(Number(claims['exp']) - Number(claims['iat']) <= 300);
    const signedIn = signedInOf(claims);
    assert.deepEqual([signedIn.acr, signedIn.amr], ['phr', ['pop', 'user', 'mfa']]);
    assert.ok(Math.abs(Number(signedIn.auth_time) - authority.clock() / 1_000) < 30, String(signedIn.auth_time));
    assert.equal(await isActive(agent, body['access_token']), true);
    const { rows } = await authority.db.query<Record<string, unknown>>(
      'select requester, answerable, trigger, purpose, granted, depth from task where id = $1',
      [String(body['task'])],
    );
    const [task] = rows;
    assert.deepEqual([task?.['requester'], task?.['answerable'], task?.['trigger']], [person.id, person.id, 'human']);
    assert.equal(task?.['purpose'], 'Tidy the contacts of Acme');
    assert.deepEqual((task?.['granted'] as { audiences?: string[] } | undefined)?.audiences, ['crm']);
    assert.equal(await authority.count('consent.given', agent.id), 1);
    assert.equal(await authority.count('passkey.registered', person.id), 1);

    const next = await refresh(agent, body['refresh_token']);
    assert.equal(next.status, 200, JSON.stringify(next.body));
    assert.equal(next.body['task'], body['task']);
    assert.notEqual(next.body['refresh_token'], body['refresh_token']);
    const known = await agent.client.ask('/introspect', String(next.body['access_token']));
    assert.equal(known.body['active'], true);
    assert.deepEqual(signedInOf(known.body), signedIn, 'told by introspection, and fixed for the whole family');
    const again = await refresh(agent, next.body['refresh_token']);
    assert.deepEqual(signedInOf(claimsOf(again.body['access_token'])), signedIn);
    const exchanged = await ask(agent, {
      grant_type: tokenExchangeGrant,
      subject_token: String(again.body['access_token']),
      subject_token_type: accessTokenType,
      resource: crm,
    });
    assert.deepEqual(signedInOf(claimsOf(exchanged.body['access_token'])), signedIn, JSON.stringify(exchanged.body));
  });

  test('how they sign in may be asked for: phr is what there is, and a list that has it will do (RFC 9470)', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    for (const acr_values of ['phr', 'urn:example:gold phr']) {
      const { body } = await redeem(agent, await aCode(agent, person.browser, { acr_values }));
      assert.equal(claimsOf(body['access_token'])['acr'], 'phr');
    }
  });

  test('a pushed request is as good, and binds the code to the key that was proven', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const { verifier, challenge } = newVerifier();
    await agent.client.nonce();
    const form = request(agent, challenge);
    form.set('client_assertion', agent.client.assertion());
    form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const dpop = agent.client.proof({ htu: `${authority.issuer}/par` }, {}, agent.key);
    const pushed = await post(`${authority.issuer}/par`, form, { dpop });
    assert.equal(pushed.status, 201, JSON.stringify(pushed.body));
    const query = new URLSearchParams({ client_id: agent.id, request_uri: String(pushed.body['request_uri']) });
    const back = await answerConsent(person.browser, await openConsent(person.browser, at(query)), 'yes');
    const code = { code: back.searchParams.get('code') ?? '', verifier };
    const { key: other } = await authority.enrol(agent.id);
    refused(await redeem(agent, code, {}, other));
    assert.equal((await redeem(agent, code)).status, 200);
    const replayed = await post(`${authority.issuer}/par`, form, { dpop });
    assert.notEqual(replayed.status, 201);
  });

  test('no is told to the client and recorded, and gives nothing', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const opened = await openConsent(person.browser, at(request(agent, newVerifier().challenge)));
    const back = await answerConsent(person.browser, opened, 'no');
    assert.equal(back.searchParams.get('error'), 'access_denied');
    assert.equal(back.searchParams.get('code'), null);
    assert.equal(await authority.count('consent.refused', agent.id), 1);
  });

  test('whoever is not signed in signs in first, and comes back to the same question', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const fresh = openBrowser(origin);
    const { path, shown } = await openConsent(fresh, at(request(agent, newVerifier().challenge)));
    assert.equal(shown.status, 303);
    assert.equal(shown.location, `/signin?next=${encodeURIComponent(path)}`);
    assert.equal(await signIn(fresh, person.passkey, path), path);
    assert.equal((await fresh.get(path)).status, 200);
  });

  test('a client that wants a fresh sign-in gets one: prompt=login and max_age (RFC 9470)', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    for (const changes of [{ prompt: 'login' }, { max_age: '0' }]) {
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      const url = at(request(agent, newVerifier().challenge, changes));
      const { path, shown } = await openConsent(person.browser, url);
      assert.equal(shown.status, 303, JSON.stringify(changes));
      await signIn(person.browser, person.passkey, path);
      assert.equal((await person.browser.get(path)).status, 200);
    }
  });

  test('nobody is asked where that is not wanted: prompt=none is an error, never a code', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    await aCode(agent, person.browser);
    const shown = await person.browser.get(at(request(agent, newVerifier().challenge, { prompt: 'none' })));
    assert.equal(new URL(shown.location).searchParams.get('error'), 'login_required');
  });
});

describe('codes and refresh tokens in wrong hands', () => {
  test('a code is good once, also for two requests at the same moment, and what came of it ends', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const code = await aCode(agent, person.browser);
    const answers = await Promise.all([redeem(agent, code), redeem(agent, code)]);
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((one, other) => one - other),
      [200, 400],
    );
    const won = answers.find(({ status }) => status === 200);
    assert.equal(await isActive(agent, won?.body['access_token']), false);
    refused(await refresh(agent, won?.body['refresh_token']));
    refused(await redeem(agent, code));
    assert.equal((await authority.count('grant.reused', agent.id)) >= 1, true);
  });

  test('one proof sent twice at once gives one token', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const codes = [await aCode(agent, person.browser), await aCode(agent, person.browser)];
    await agent.client.nonce();
    const dpop = agent.client.proof({}, {}, agent.key);
    const send = ({ code, verifier }: { code: string; verifier: string }) =>
      post(
        `${authority.issuer}/token`,
        agent.client.form({
          grant_type: 'authorization_code',
          resource: undefined,
          code,
          code_verifier: verifier,
          redirect_uri: redirectUri,
        }),
        { dpop },
      );
    const statuses = (await Promise.all(codes.map(send))).map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join());
  });

  test.for([
    ['a wrong verifier', { code_verifier: newVerifier().verifier }, 'invalid_grant'],
    ['no verifier', { code_verifier: undefined }, 'invalid_request'],
    ['another redirect_uri', { redirect_uri: 'http://127.0.0.1:9998/callback' }, 'invalid_grant'],
    ['another code', { code: 'x'.repeat(43) }, 'invalid_grant'],
  ] as const)('%s gets nothing', async ([, changes, error]) => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const { status, body } = await redeem(agent, await aCode(agent, person.browser), changes);
    assert.deepEqual([status, body['error']], [400, error]);
  });

  test('a code stolen by another client, or used with a key that is not enrolled, gets nothing', async () => {
    const [agent, thief, person] = [await anAgent(), await anAgent(), await aPerson()];
    const code = await aCode(agent, person.browser);
    refused(await redeem(thief, code));
    const strange = await redeem(agent, code, {}, agent.client.dpopKey);
    assert.equal(strange.body['error'], 'invalid_dpop_proof');
    assert.match(String(strange.body['error_description']), /enrolled key/);
    assert.equal((await redeem(agent, code)).status, 200, 'the thief has not spoilt it');
  });

  test('a refresh token that comes again ends the family, and another client or key gets nothing', async () => {
    const [agent, thief, person] = [await anAgent(), await anAgent(), await aPerson()];
    const first = (await redeem(agent, await aCode(agent, person.browser))).body;
    refused(await refresh(thief, first['refresh_token']));
    const { key } = await authority.enrol(agent.id);
    refused(await ask(agent, { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) }, key));
    const second = (await refresh(agent, first['refresh_token'])).body;
    assert.equal(await isActive(agent, second['access_token']), true);
    refused(await refresh(agent, first['refresh_token']));
    assert.equal(await isActive(agent, second['access_token']), false);
    refused(await refresh(agent, second['refresh_token']));
  });

  test('a refresh token that is given back ends all that came of the consent, and only its client can (RFC 7009)', async () => {
    const [agent, thief, person] = [await anAgent(), await anAgent(), await aPerson()];
    const first = (await redeem(agent, await aCode(agent, person.browser))).body;
    const second = (await refresh(agent, first['refresh_token'])).body;
    const stolen = await thief.client.ask('/revoke', String(second['refresh_token']));
    assert.deepEqual([stolen.status, await isActive(agent, second['access_token'])], [403, true], JSON.stringify(stolen.body));
    for (const token of [second, first, second]) {
      const { status } = await agent.client.ask('/revoke', String(token['refresh_token']));
      assert.equal(status, 200);
    }
    assert.equal(await isActive(agent, first['access_token']), false);
    assert.equal(await isActive(agent, second['access_token']), false);
    refused(await refresh(agent, second['refresh_token']));
    assert.equal(await authority.count('token.revoked', agent.id), 1);
    assert.equal(await authority.count('task.ended', String(first['task'])), 1);
  });

  test.for(['srt_' + 'A'.repeat(80), 'x', ''])('a made-up refresh token gets nothing: %s', async (made) => {
    assert.equal((await refresh(await anAgent(), made)).status, 400);
  });

  test('what was agreed to for one system opens no other', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const { body } = await redeem(agent, await aCode(agent, person.browser));
    const other = await refresh(agent, body['refresh_token'], { resource: `${authority.issuer}/v1` });
    assert.equal(other.body['error'], 'invalid_target');
  });
});

describe('requests that are not let through', () => {
  const direct = (agent: Party, changes: Changes) =>
    openBrowser(origin).get(at(request(agent, newVerifier().challenge, changes)));

  test.for([
    ['PKCE plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
    ['no resource', { resource: undefined }, 'invalid_target'],
    ['our API as the resource', { resource: `${authority.issuer}/v1` }, 'invalid_target'],
    ['details that are none', { authorization_details: '[{"type":"other"}]' }, 'invalid_authorization_details'],
    ['a way to sign in that there is not', { acr_values: 'phrh urn:example:gold' }, 'unmet_authentication_requirements'],
    ['a purpose with control characters', { purpose: 'a\u0000b' }, 'invalid_request'],
  ] as const)('%s', async ([, changes, error]) => {
    const shown = await direct(await anAgent(), changes);
    const back = new URL(shown.location);
    assert.equal(back.origin + back.pathname, redirectUri);
    const told = new URLSearchParams(back.search || back.hash.slice(1));
    assert.equal(told.get('error'), error, shown.location);
    assert.equal(told.get('iss'), authority.issuer);
  });

  test.for([
    ['a redirect_uri that is not the agent’s', { redirect_uri: 'https://evil.example/callback' }],
    ['a longer path', { redirect_uri: 'http://127.0.0.1:9999/callback/x' }],
    ['no redirect_uri of two', { client_id: 'agt_00000000000000000000000000' }],
    ['a client that is a URL', { client_id: 'https://evil.example/client' }],
  ] as const)('%s: never redirected, and nothing of it shown', async ([, changes]) => {
    const shown = await direct(await anAgent(), changes);
    assert.equal(shown.status, 400, shown.page);
    assert.equal(shown.location, '');
    assert.doesNotMatch(shown.page, /evil|callback/);
    assert.match(shown.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
  });

  test('an agent without redirects, a suspended agent, and one whose owner is suspended: nobody is asked', async () => {
    const [bare, suspended, orphaned] = [await authority.agent(), await anAgent(), await anAgent()];
    await authority.settled(moveAgent(house, authority.admin, { agent: suspended.id, to: 'suspended', reason: 'test' }));
    await authority.settled(changeHuman(house, authority.admin, { human: orphaned.owner, state: 'suspended' }));
    for (const agent of [{ ...bare, client: suspended.client }, suspended, orphaned])
      assert.equal((await direct(agent, {})).status, 400);
  });
});

describe('the end of anyone ends it at every step', () => {
  const move = async (id: string, agent: 'suspended' | 'active', human: 'suspended' | 'active') => {
    if (id.startsWith('agt_'))
      await authority.settled(moveAgent(house, authority.admin, { agent: id, to: agent, reason: 'test' }));
    else await authority.settled(changeHuman(house, authority.admin, { human: id, state: human }));
  };
  const suspend = (id: string) => move(id, 'suspended', 'suspended');
  const enable = (id: string) => move(id, 'active', 'active');

  test('a suspended person is signed out, their code and refresh token are dead, and stay so when they come back', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const issued = (await redeem(agent, await aCode(agent, person.browser))).body;
    const code = await aCode(agent, person.browser);
    await suspend(person.id);
    assert.equal(await isActive(agent, issued['access_token']), false);
    refused(await redeem(agent, code));
    refused(await refresh(agent, issued['refresh_token']));
    const { shown } = await openConsent(person.browser, at(request(agent, newVerifier().challenge)));
    assert.equal(shown.status, 303);
    await enable(person.id);
    assert.match((await person.browser.get('/signin')).page, /Sign in with a passkey/);
    refused(await redeem(agent, code));
    refused(await refresh(agent, issued['refresh_token']));
  });

  test('what was agreed to by a passkey that is revoked before the code is used gives nothing', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const [code, other] = [await aCode(agent, person.browser), await aPerson()];
    const [one] = await readPasskeys(authority.db, person.id);
    await authority.settled(revokePasskey(house, authority.admin, { passkey: one?.id ?? '' }));
    refused(await redeem(agent, code));
    const { shown } = await openConsent(person.browser, at(request(agent, newVerifier().challenge)));
    assert.equal(shown.status, 303, 'signed out');
    assert.equal((await redeem(agent, await aCode(agent, other.browser))).status, 200, 'nobody else is');
  });

  test('a suspended agent’s code and refresh token are dead, and stay so', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const issued = (await redeem(agent, await aCode(agent, person.browser))).body;
    const code = await aCode(agent, person.browser);
    await suspend(agent.id);
    refused(await redeem(agent, code));
    refused(await refresh(agent, issued['refresh_token']));
    await enable(agent.id);
    refused(await redeem(agent, code));
    refused(await refresh(agent, issued['refresh_token']));
  });
});

describe('the consent page', () => {
  test('names the agent, who answers, the purpose as text and the system, and cannot be framed', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const url = at(request(agent, newVerifier().challenge, { purpose: '<script>alert(1)</script>' }));
    const { shown } = await openConsent(person.browser, url);
    assert.match(shown.page, /May An Agent work for you on crm\?/);
    assert.match(shown.page, /A Person/);
    assert.match(shown.page, /&#60;script&#62;alert/);
    assert.doesNotMatch(shown.page, /<script>alert/);
    const policy = shown.headers.get('content-security-policy') ?? '';
    assert.match(policy, /frame-ancestors 'none'/);
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.match(policy, /form-action 'self' http:\/\/127\.0\.0\.1:9999;/);
    assert.equal(shown.headers.get('x-frame-options'), 'DENY');
    assert.equal(shown.headers.get('referrer-policy'), 'same-origin');
    assert.equal(shown.headers.get('cache-control'), 'no-store');
  });

  test('takes no answer from elsewhere: without its token, of another session, from another origin or browser', async () => {
    const [agent, person, other] = [await anAgent(), await aPerson(), await aPerson()];
    const { path, shown } = await openConsent(person.browser, at(request(agent, newVerifier().challenge)));
    const csrf = hidden(shown.page, 'csrf');
    assert.equal((await person.browser.submit(path, { answer: 'yes' })).status, 403);
    assert.equal((await person.browser.submit(path, { csrf: 'x', answer: 'yes' })).status, 403);
    assert.equal((await person.browser.submit(path, { csrf, answer: 'yes' }, { origin: 'https://evil.example' })).status, 403);
    assert.equal((await person.browser.submit(path, { csrf, answer: 'yes' }, { origin: 'null' })).status, 403);
    assert.equal((await other.browser.submit(path, { csrf, answer: 'yes' })).status, 400, 'it began in another browser');
    await signIn(person.browser, other.passkey);
    assert.equal(
      (await person.browser.submit(path, { csrf, answer: 'yes' })).status,
      403,
      'the page was made for another session',
    );
    assert.equal(await authority.count('consent.given', agent.id), 0);
  });
});
