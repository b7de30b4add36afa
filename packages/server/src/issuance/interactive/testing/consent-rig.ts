import assert from 'node:assert/strict';
import type { Authority } from '#http/testing/authority';
import { type Answer, type Client, openClient, post, type Principal } from '#http/testing/client';
import { openEnrolment } from '#registry/open-enrolment';
import { browserOrigin } from '#signin/browser-origin';
import { type Browser, enrolPasskey, openBrowser, signIn } from '#signin/testing/browser';
import type { SoftwarePasskey } from '#signin/testing/software-passkey';
import { setRedirects } from '../set-redirects.ts';
import { answerConsent, newVerifier, openConsent } from './ask-person.ts';

/** Where the browser is sent back to: nothing listens there. */
export const redirectUri = 'http://127.0.0.1:9999/callback';

export type Party = Principal & { readonly client: Client };

export type Changes = Readonly<Record<string, string | undefined>>;

export const at = (parameters: URLSearchParams) => `/authorize?${parameters.toString()}`;

export const claimsOf = (token: unknown) =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

export const signedInOf = ({ auth_time, acr, amr }: Record<string, unknown>) => ({ auth_time, acr, amr });

export const refused = ({ status, body }: Answer) =>
  assert.deepEqual([status, body['error']], [400, 'invalid_grant'], JSON.stringify(body));

/** Agents that may ask people, people with a passkey who are signed in, and what passes between them. */
export function openConsentRig(authority: Authority) {
  const house = { db: authority.db, clock: authority.clock };
  const origin = browserOrigin(authority.issuer);
  const crm = `${authority.gatewayUrl}/mcp/crm`;

  async function anAgent(): Promise<Party> {
    const agent = await authority.agent();
    await setRedirects(house, authority.admin, { agent: agent.id, redirects: ['http://127.0.0.1/callback'] });
    return { ...agent, client: openClient(authority.issuer, agent, crm, authority.clock) };
  }

  async function aPerson(): Promise<{ id: string; browser: Browser; passkey: SoftwarePasskey }> {
    const { id } = await authority.human(['owner']);
    const browser = openBrowser(origin);
    const { code } = await openEnrolment(house, authority.admin, { principal: id, seconds: 900 });
    const passkey = await enrolPasskey(browser, code);
    await signIn(browser, passkey);
    return { id, browser, passkey };
  }

  function request(agent: Party, challenge: string, changes: Changes = {}): URLSearchParams {
    const whole: Changes = {
      client_id: agent.id,
      response_type: 'code',
      redirect_uri: redirectUri,
      resource: crm,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      state: 'abc',
      purpose: 'Tidy the contacts of Acme',
      ...changes,
    };
    return new URLSearchParams(Object.entries(whole).filter((pair): pair is [string, string] => pair[1] !== undefined));
  }

  /** A code, agreed to by a person. */
  async function aCode(agent: Party, browser: Browser, changes: Changes = {}): Promise<{ code: string; verifier: string }> {
    const { verifier, challenge } = newVerifier();
    const back = await answerConsent(browser, await openConsent(browser, at(request(agent, challenge, changes))), 'yes');
    assert.equal(back.searchParams.get('iss'), authority.issuer);
    assert.equal(back.searchParams.get('state'), 'abc');
    return { code: back.searchParams.get('code') ?? '', verifier };
  }

  /** A token request with the agent's enrolled key for the proof. */
  async function ask(agent: Party, parameters: Changes, key = agent.key): Promise<Answer> {
    const { client } = agent;
    await client.nonce();
    const form = client.form({ resource: undefined, ...parameters });
    return post(`${authority.issuer}/token`, form, { dpop: client.proof({}, {}, key) });
  }

  const redeem = (agent: Party, { code, verifier }: { code: string; verifier: string }, changes: Changes = {}, key = agent.key) =>
    ask(agent, { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri, ...changes }, key);

  const refresh = (agent: Party, token: unknown, changes: Changes = {}) =>
    ask(agent, { grant_type: 'refresh_token', refresh_token: String(token), ...changes });

  const isActive = async ({ client }: Party, token: unknown) => (await client.ask('/introspect', String(token))).body['active'];

  return { house, origin, crm, anAgent, aPerson, request, aCode, ask, redeem, refresh, isActive };
}
