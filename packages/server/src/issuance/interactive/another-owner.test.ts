import assert from 'node:assert/strict';
import { generateSigningKey } from '@surety/proof/jwk';
import { afterAll, describe, test } from 'vitest';
import { openAuthority } from '#http/testing/authority';
import { changeAgent } from '#registry/change-agent';
import { enrolKey } from '#registry/enrol-key';
import { openEnrolment } from '#registry/open-enrolment';
import { answerConsent, hidden, newVerifier, openConsent } from './testing/ask-person.ts';
import { at, openConsentRig, type Party, refused } from './testing/consent-rig.ts';

const authority = await openAuthority();
const { house, crm, anAgent, aPerson, request, aCode, ask, redeem, refresh, isActive } = openConsentRig(authority);
await authority.system('crm');

afterAll(() => authority.close());

describe('an agent gets another owner', () => {
  const handOver = (agent: Party, owner: string) =>
    authority.settled(changeAgent(house, authority.admin, { agent: agent.id, owner }));

  test('what people agreed to under the old one has ended: token, code and refresh token; also when the old one comes back', async () => {
    const [agent, person, next] = [await anAgent(), await aPerson(), await authority.human(['owner'])];
    const issued = (await redeem(agent, await aCode(agent, person.browser))).body;
    const own = await ask(agent, { grant_type: 'client_credentials', resource: crm });
    const code = await aCode(agent, person.browser);
    assert.equal(await isActive(agent, issued['access_token']), true);
    for (const owner of [next.id, agent.owner]) {
      await handOver(agent, owner);
      assert.equal(await isActive(agent, issued['access_token']), false);
      assert.equal(await isActive(agent, own.body['access_token']), false);
      refused(await redeem(agent, code));
      refused(await refresh(agent, issued['refresh_token']));
      refused(await ask(agent, { grant_type: 'client_credentials', resource: crm, task: String(own.body['task']) }));
    }
    assert.equal((await redeem(agent, await aCode(agent, person.browser))).status, 200, 'asked anew, they may agree anew');
  });

  test('a page that was opened under the old owner agrees to nothing under the new one', async () => {
    const [agent, person, next] = [await anAgent(), await aPerson(), await authority.human(['owner'])];
    const { verifier, challenge } = newVerifier();
    const opened = await openConsent(person.browser, at(request(agent, challenge)));
    await handOver(agent, next.id);
    const said = await person.browser.submit(opened.path, { csrf: hidden(opened.shown.page, 'csrf'), answer: 'yes' });
    assert.equal(said.status, 403, said.page);
    assert.equal(await authority.count('consent.given', agent.id), 0);
    const anew = await person.browser.get(opened.path);
    const back = await answerConsent(person.browser, { path: opened.path, shown: anew }, 'yes');
    assert.equal((await redeem(agent, { code: back.searchParams.get('code') ?? '', verifier })).status, 200);
  });

  test('an enrolment code that the old owner made enrols nothing any more', async () => {
    const [agent, next] = [await anAgent(), await authority.human(['owner'])];
    const { code } = await openEnrolment(house, agent.owner, { principal: agent.id, seconds: 900 });
    await handOver(agent, next.id);
    const enrolling = enrolKey(house, { code, jwk: generateSigningKey().publicJwk, label: 'kept' });
    await assert.rejects(enrolling, { code: 'enrolment.refused' });
  });
});
