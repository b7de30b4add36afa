import assert from 'node:assert/strict';
import type { SalientKind } from '@surety/decision/flow/flow-facts';
import { salientValue } from '@surety/decision/flow/normal-form';
import { afterAll, describe, test } from 'vitest';
import { createFingerprints } from '#flow/fingerprints';
import { openAuthority } from '#http/testing/authority';
import { openClient, type Principal } from '#http/testing/client';
import { openConsentRig, type Party } from '../interactive/testing/consent-rig.ts';
import { accessTokenType, tokenExchangeGrant } from './token-exchange.ts';

const authority = await openAuthority();
const { anAgent, aPerson, aCode, redeem, ask, crm } = openConsentRig(authority);
await authority.system('crm');

afterAll(() => authority.close());

const prints = createFingerprints(authority.nodes[0]?.keyRing.flowSecret ?? Buffer.alloc(0));

/** Whether a task knows that somebody said this. */
async function saysIn(task: unknown, kind: SalientKind, text: string): Promise<boolean> {
  const { rows } = await authority.db.query<{ asked: string[] }>('select asked from task where id = $1', [String(task)]);
  const value = salientValue(kind, text);
  return value !== undefined && rows[0]?.asked.includes(prints.of(value).toString('base64url')) === true;
}

const iban = 'DE89370400440532013000';

/** What `to` gets for what `from` hands on. */
async function handedOn(from: Party, to: Party, form: Readonly<Record<string, string>>): Promise<unknown> {
  const subject = await from.client.accessToken({ resource: authority.issuer, may_act: to.id, ...form });
  const { status, body } = await ask(to, {
    grant_type: tokenExchangeGrant,
    subject_token: subject,
    subject_token_type: accessTokenType,
    resource: crm,
  });
  assert.equal(status, 200, JSON.stringify(body));
  return body['task'];
}

const partyOf = (principal: Principal): Party => ({
  ...principal,
  client: openClient(authority.issuer, principal, authority.issuer, authority.clock),
});

describe('the request’s own values', () => {
  test('are what a person read and agreed to on the consent page: its words and the limits of its details', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const details = JSON.stringify([
      {
        type: 'agent_action',
        locations: [crm],
        actions: ['invoke'],
        identifier: 'pay_invoice',
        constraints: { '/iban': { in: [iban] } },
      },
    ]);
    const code = await aCode(agent, person.browser, { authorization_details: details });
    const { body, status } = await redeem(agent, code);
    assert.equal(status, 200, JSON.stringify(body));
    for (const [kind, text] of [
      ['name', 'Acme'],
      ['word', 'tidy'],
      ['word', 'pay'],
      ['iban', iban],
    ] as const)
      assert.ok(await saysIn(body['task'], kind, text), `${kind} ${text}`);
    assert.equal(await saysIn(body['task'], 'name', 'Contoso'), false);
  });

  test('are not what the agent is for in general', async () => {
    const [agent, person] = [await anAgent(), await aPerson()];
    const { body } = await redeem(agent, await aCode(agent, person.browser, { purpose: undefined }));
    const { rows } = await authority.db.query<{ asked: string[] }>('select asked from task where id = $1', [
      String(body['task']),
    ]);
    assert.deepEqual(rows[0]?.asked, []);
  });

  test('are what a person says when they hand on work, and stay with the task of who was asked', async () => {
    const human = partyOf(await authority.human(['owner']));
    const [agent, next] = [await anAgent(), await anAgent()];
    const form = { purpose: 'Refund order 8841', request_values: JSON.stringify({ to: 'dana@customer.example' }) };
    const task = await handedOn(human, agent, form);
    assert.ok(await saysIn(task, 'email', 'dana@customer.example'));
    assert.ok(await saysIn(task, 'word', 'refund'));
    const below = await handedOn(agent, next, { task: String(task) });
    assert.equal(await saysIn(below, 'email', 'dana@customer.example'), false);
  });

  test('are never what an agent says of them, and no value stands anywhere', async () => {
    const [a, b] = [await anAgent(), await anAgent()];
    for (const name of ['purpose', 'request_values']) {
      const { status } = await a.client.token({ resource: authority.issuer, may_act: b.id, [name]: '{"to":"x@evil.example"}' });
      assert.equal(status, 400);
    }
    const { rows } = await authority.db.query<{ count: number }>(
      `select count(*) as count from task where asked::text ilike '%evil%' or asked::text ilike '%customer%'`,
    );
    assert.equal(rows[0]?.count, 0);
  });
});
