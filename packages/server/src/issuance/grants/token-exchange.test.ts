import assert from 'node:assert/strict';
import { readJws, signJws } from '@surety/proof/jws';
import { generateSigningKey } from '@surety/proof/jwk';
import { toPlain } from '@surety/contract/exact-json';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { endTask } from '#delegation/end-task';
import { type Authority, openAuthority } from '#http/testing/authority';
import { type Client, openClient, type Principal } from '#http/testing/client';
import { changeHuman } from '#registry/change-human';
import { moveAgent } from '#registry/move-agent';
import { revokeCredential } from '#registry/revoke-credential';
import { orderStop } from '#stop/order-stop';
import { refusesToken } from '../testing/refuses-token.ts';
import { accessTokenType, tokenExchangeGrant } from './token-exchange.ts';

let authority: Authority;
let crm: string;
let erp: string;

beforeAll(async () => {
  authority = await openAuthority();
  await authority.system('crm');
  await authority.system('erp');
  crm = `${authority.gatewayUrl}/mcp/crm`;
  erp = `${authority.gatewayUrl}/mcp/erp`;
});
afterAll(() => authority.close());

type Party = Principal & { readonly client: Client };
type Parameters = Readonly<Record<string, string | undefined>>;

async function anAgent(): Promise<Party> {
  const agent = await authority.agent();
  return { ...agent, client: openClient(authority.issuer, agent, crm) };
}

/** A token of `from` that names `to`, to be exchanged. */
async function offer(from: Party, to: { readonly id: string }, parameters: Parameters = {}): Promise<string> {
  return from.client.accessToken({ resource: authority.issuer, may_act: to.id, ...parameters });
}

const exchanging = (subject: string, parameters: Parameters = {}) => ({
  grant_type: tokenExchangeGrant,
  subject_token: subject,
  subject_token_type: accessTokenType,
  ...parameters,
});

const exchange = (by: Party, subject: string, parameters: Parameters = {}) => by.client.token(exchanging(subject, parameters));
const claimsOf = (token: unknown) => toPlain(readJws(String(token), { typ: 'at+jwt' }).claims) as Record<string, unknown>;
const refuses = (by: Party, subject: string, error: string, parameters: Parameters = {}) =>
  refusesToken(authority, by.id, exchange(by, subject, parameters), { status: 400, error });

/** A hands its work to B, who works under a task below A's. */
async function handOver(from: Party, to: Party, parameters: Parameters = {}, own: Parameters = {}) {
  const { status, body } = await exchange(to, await offer(from, to, parameters), own);
  assert.equal(status, 200, JSON.stringify(body));
  return { token: String(body['access_token']), task: String(body['task']), body, claims: claimsOf(body['access_token']) };
}

const isActive = async (by: Party, token: string) => (await by.client.ask('/introspect', token)).body['active'];
const act = (agent: string, earlier?: object) => ({
  iss: authority.issuer,
  sub: agent,
  sub_profile: 'ai_agent',
  ...(earlier === undefined ? {} : { act: earlier }),
});
const action = (location: string, identifier: string, constraints?: object) => ({
  type: 'agent_action',
  locations: [location],
  actions: ['invoke'],
  identifier,
  ...(constraints === undefined ? {} : { constraints }),
});

describe('agent to agent', () => {
  test('the child gets a token of its own, bound to its key, for a task below, with the chain that is stored', async () => {
    const [a, b, c] = [await anAgent(), await anAgent(), await anAgent()];
    const first = await handOver(a, b);
    assert.equal(first.body['issued_token_type'], accessTokenType);
    assert.equal(first.body['token_type'], 'DPoP');
    assert.deepEqual(
      [first.claims['sub'], first.claims['client_id'], first.claims['sub_profile'], first.claims['cnf'], first.claims['act']],
      [a.id, b.id, 'ai_agent', { jkt: b.client.dpopKey.jkt }, act(b.id)],
    );
    assert.equal('may_act' in first.claims, false);
    const second = await handOver(b, c, { task: first.task });
    assert.deepEqual([second.claims['sub'], second.claims['act']], [a.id, act(c.id, act(b.id))]);
    const { rows } = await authority.db.query<Record<string, unknown>>(
      `select agent, requester, answerable, depth, parent, (granted->>'depthLeft')::int as left from task where id = any($1) order by depth`,
      [[first.task, second.task]],
    );
    assert.deepEqual(
      rows.map(({ agent, requester, answerable, depth, left }) => [agent, requester, answerable, depth, left]),
      [
        [b.id, a.id, a.owner, 1, 3],
        [c.id, b.id, a.owner, 2, 2],
      ],
    );
    assert.equal(await authority.count('hop.granted', second.task), 1);
    assert.equal(await authority.count('delegation.offered', b.id), 1);
    const told = (await c.client.ask('/introspect', second.token)).body;
    assert.deepEqual([told['active'], told['act'], told['sub']], [true, act(c.id, act(b.id)), a.id]);
  });

  test('the task is gone on with: renewed, and for another resource without another hop', async () => {
    const [a, b] = [await anAgent(), await anAgent()];
    const { task, token } = await handOver(a, b);
    const renewed = await b.client.token({ task });
    assert.deepEqual([renewed.body['task'], claimsOf(renewed.body['access_token'])['act']], [task, act(b.id)]);
    const other = await exchange(b, token, { resource: erp });
    assert.deepEqual([other.status, other.body['task'], claimsOf(other.body['access_token'])['aud']], [200, task, erp]);
    await refuses(a, token, 'actor_unauthorized', { resource: erp });
  });

  test('a delegation token opens nothing else, and nobody else can use it', async () => {
    const [a, b, c] = [await anAgent(), await anAgent(), await anAgent()];
    const subject = await offer(a, b);
    await refuses(c, subject, 'actor_unauthorized'); // TX-06, TX-09
    await refuses(a, subject, 'actor_unauthorized');
    assert.equal((await a.client.call('GET', '/v1/whoami', { token: subject })).status, 401); // TX-23
    assert.equal((await exchange(b, subject)).status, 200);
  });

  test('a delegation token is good once, also for fifty at once (I11)', async () => {
    const [a, b] = [await anAgent(), await anAgent()];
    const subject = await offer(a, b);
    await b.client.nonce();
    const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(b, subject)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const { rowCount } = await authority.db.query('select id from task where agent = $1', [b.id]);
    assert.equal(rowCount, 1);
  });
});

describe('what is presented changes nothing', () => {
  test('a token with another chain, signed by somebody else, by an unknown key or not at all (TX-04, TX-08)', async () => {
    const [a, b] = [await anAgent(), await anAgent()];
    const subject = await offer(a, b);
    const [head = '', body = '', signature = ''] = subject.split('.');
    const forged = (change: object) =>
      signJws(b.key, { typ: 'at+jwt', kid: b.key.kid }, JSON.stringify({ ...claimsOf(subject), ...change }));
    const edited = Buffer.from(JSON.stringify({ ...claimsOf(subject), act: act('agt_x') })).toString('base64url');
    for (const token of [
      forged({}),
      forged({ act: act('agt_x') }),
      `${head}.${edited}.${signature}`,
      `${head}.${body}.`,
      `${subject} `,
      `${subject}=`,
      'x'.repeat(9_000),
    ])
      await refuses(b, token, 'invalid_request');
    for (const type of ['id_token', 'refresh_token', 'saml2', 'jwt'])
      await refuses(b, subject, 'invalid_request', { subject_token_type: `urn:ietf:params:oauth:token-type:${type}` });
    await refuses(b, subject, 'invalid_request', { subject_token_type: undefined });
    await refuses(b, subject, 'invalid_request', { actor_token_type: accessTokenType });
    assert.equal((await exchange(b, subject)).status, 200);
  });

  test('an actor token of somebody else, or with a chain of its own (TX-05)', async () => {
    const [a, b, c] = [await anAgent(), await anAgent(), await anAgent()];
    const subject = await offer(a, b);
    const own = await b.client.accessToken();
    const chained = (await handOver(c, b)).token;
    const actor = (token: string) => ({ actor_token: token, actor_token_type: accessTokenType });
    await refuses(b, subject, 'actor_unauthorized', actor(await c.client.accessToken()));
    await refuses(b, subject, 'actor_unauthorized', actor(chained));
    assert.equal((await exchange(b, subject, actor(own))).status, 200);
  });

  test('an access token that was not handed on is no subject token: nobody is impersonated', async () => {
    const [a, b] = [await anAgent(), await anAgent()];
    await refuses(b, await a.client.accessToken(), 'actor_unauthorized');
    await refuses(a, await a.client.accessToken(), 'actor_unauthorized');
  });
});

describe('authority only shrinks', () => {
  test('loops, oneself, and more hops than there are, are refused (TX-07)', async () => {
    const parties = await Promise.all(Array.from({ length: 6 }, anAgent));
    const [a, b] = parties;
    assert.ok(a && b);
    const offering = (by: Party, parameters: Parameters) =>
      refusesToken(authority, by.id, by.client.token({ resource: authority.issuer, ...parameters }), {
        status: 400,
        error: 'invalid_grant',
      });
    await offering(a, { may_act: a.id });
    const { task } = await handOver(a, b);
    await offering(b, { may_act: a.id, task });
    let last = { by: b, task };
    for (const next of parties.slice(2, 5)) last = { by: next, task: (await handOver(last.by, next, { task: last.task })).task };
    await offering(last.by, { may_act: parties[5]!.id, task: last.task }); // four hops are the default
    const none = await handOver(a, parties[5]!, { delegation_depth: '0' });
    await offering(parties[5]!, { may_act: b.id, task: none.task });
  });

  test('details only narrow, by the parent and by the child; an unknown member is refused (TX-01, TX-17)', async () => {
    const [a, b, c] = [await anAgent(), await anAgent(), await anAgent()];
    const upTo = (max: string) => JSON.stringify([action(crm, 'refund', { '/amount': { max } })]);
    const { task, claims, body } = await handOver(a, b, { authorization_details: upTo('250') });
    assert.deepEqual(claims['authorization_details'], JSON.parse(upTo('250')));
    assert.deepEqual(body['authorization_details'], JSON.parse(upTo('250')));
    const wider = (details: string) =>
      refusesToken(
        authority,
        b.id,
        b.client.token({ resource: authority.issuer, may_act: c.id, task, authorization_details: details }),
        { status: 400, error: 'invalid_authorization_details' },
      );
    for (const details of [
      upTo('250.0001'),
      upTo('1000'),
      JSON.stringify([action(crm, 'refund')]),
      JSON.stringify([action(crm, 'refun*', { '/amount': { max: '1' } })]),
      JSON.stringify([action(crm, '*', { '/amount': { max: '1' } })]),
      JSON.stringify([action(erp, 'refund', { '/amount': { max: '1' } })]),
      JSON.stringify([action(crm, 'refund', { '/Amount': { max: '1' } })]),
      JSON.stringify([action(crm, 'refund', { '/amount': { max: '1' } }), action(crm, 'read')]),
      JSON.stringify([{ ...action(crm, 'refund', { '/amount': { max: '1' } }), max_uses: 1 }]),
      JSON.stringify([{ ...action(crm, 'refund'), type: 'other' }]),
      JSON.stringify([action('https://elsewhere.example/mcp/crm', 'refund')]),
      '[]',
      '{}',
      'null',
      '[{"type":"agent_action","type":"agent_action"}]',
    ])
      await wider(details);
    const narrowed = await handOver(b, c, { task, authorization_details: upTo('100') }, { authorization_details: upTo('99.5') });
    assert.deepEqual(narrowed.claims['authorization_details'], JSON.parse(upTo('99.5')));
    await refuses(c, await offer(b, c, { task, authorization_details: upTo('100') }), 'invalid_authorization_details', {
      authorization_details: upTo('101'),
    });
    await refuses(c, await offer(b, c, { task }), 'invalid_target', { resource: erp }); // TX-03
  });

  test('a child ends no later than its parent', async () => {
    const [a, b] = [await anAgent(), await anAgent()];
    const { body } = await a.client.token();
    await authority.db.query('update task set expires_at = $2 where id = $1', [body['task'], new Date(Date.now() + 40_000)]);
    const child = await handOver(a, b, { task: String(body['task']) });
    assert.ok(Number(child.body['expires_in']) <= 40, JSON.stringify(child.body));
  });
});

describe('for a person', () => {
  test('a person hands on work with a purpose; the task is theirs, and they answer for it', async () => {
    const human = await authority.human();
    const person: Party = { ...human, client: openClient(authority.issuer, human, authority.issuer) };
    const b = await anAgent();
    const values = JSON.stringify({ order: '8841', amount: 120 });
    const subject = await offer(person, b, { purpose: 'Refund order 8841', request_values: values });
    const { body } = await exchange(b, subject);
    const claims = claimsOf(body['access_token']);
    assert.deepEqual([claims['sub'], claims['sub_profile'], claims['act']], [human.id, 'user', act(b.id)]);
    const { rows } = await authority.db.query<Record<string, unknown> & { asked: string[] }>(
      'select requester, answerable, trigger, purpose, asked, depth from task where id = $1',
      [body['task']],
    );
    assert.deepEqual(
      [rows[0]?.['requester'], rows[0]?.['answerable'], rows[0]?.['trigger'], rows[0]?.['purpose']],
      [human.id, human.id, 'human', 'Refund order 8841'],
    );
    assert.ok((rows[0]?.asked.length ?? 0) > 2 && (rows[0]?.asked.length ?? 0) <= 100);
    assert.ok(!JSON.stringify(rows).includes('8841","amount') && !JSON.stringify(rows[0]?.asked).includes('8841'));
    assert.equal(await isActive(b, String(body['access_token'])), true);
    await authority.settled(
      changeHuman({ db: authority.db, clock: authority.clock }, authority.admin, { human: human.id, state: 'suspended' }),
    );
    assert.equal(await isActive(b, String(body['access_token'])), false);
  });

  test('what an agent states of the work is not believed', async () => {
    const [a, b] = [await anAgent(), await anAgent()];
    for (const name of ['purpose', 'request_values'])
      await refusesToken(authority, a.id, a.client.token({ resource: authority.issuer, may_act: b.id, [name]: '{"x":"y"}' }), {
        status: 400,
        error: 'invalid_request',
      });
  });
});

describe('the end of anything ends everything below', () => {
  const house = () => ({ db: authority.db, clock: authority.clock });
  const ends: Readonly<Record<string, (a: Party, tasks: { readonly root: string }) => Promise<unknown>>> = {
    'the agent above is suspended': (a) => moveAgent(house(), authority.admin, { agent: a.id, to: 'suspended', reason: 'test' }),
    'the agent above retires': (a) => moveAgent(house(), authority.admin, { agent: a.id, to: 'retired', reason: 'test' }),
    'the agent above is stopped': (a) => orderStop(house(), authority.admin, { agent: a.id, reason: 'test' }),
    'its owner is suspended': (a) => changeHuman(house(), authority.admin, { human: a.owner, state: 'suspended' }),
    'its owner leaves': (a) => changeHuman(house(), authority.admin, { human: a.owner, state: 'left' }),
    'the key of the agent above is revoked': (a) => revokeCredential(house(), authority.admin, { credential: a.credential }),
    'the task above ends': (_a, { root }) => endTask(house(), authority.admin, { task: root }),
  };

  test.for(Object.keys(ends))('%s', async (name) => {
    const [a, b, c, sibling] = [await anAgent(), await anAgent(), await anAgent(), await anAgent()];
    const first = await handOver(a, b);
    const root = String(
      (await authority.db.query<{ parent: string }>('select parent from task where id = $1', [first.task])).rows[0]?.parent,
    );
    const second = await handOver(b, c, { task: first.task });
    const apart = await handOver(sibling, c);
    const pending = await offer(b, sibling, { task: first.task });
    assert.deepEqual([await isActive(b, first.token), await isActive(c, second.token)], [true, true]);
    await authority.settled(ends[name]!(a, { root }));
    for (const [party, { token, task }] of [
      [b, first],
      [c, second],
    ] as const) {
      assert.equal(await isActive(party, token), false, 'introspection');
      await refusesToken(authority, party.id, party.client.token({ task }), { status: 400, error: 'invalid_grant' });
      await refuses(party, token, 'invalid_grant', { resource: erp });
    }
    await refuses(sibling, pending, 'invalid_grant');
    assert.equal(await isActive(c, apart.token), true, 'what hangs elsewhere lives');
  });

  test('nothing old revives when the agent above is enabled again', async () => {
    const [a, b] = [await anAgent(), await anAgent()];
    const before = await handOver(a, b);
    const house = { db: authority.db, clock: authority.clock };
    await authority.settled(moveAgent(house, authority.admin, { agent: a.id, to: 'suspended', reason: 'test' }));
    await authority.settled(moveAgent(house, authority.admin, { agent: a.id, to: 'active', reason: 'test' }));
    assert.equal(await isActive(b, before.token), false);
    await refusesToken(authority, b.id, b.client.token({ task: before.task }), { status: 400, error: 'invalid_grant' });
    authority.clock.moveMs += 15_000;
    try {
      const again = openClient(authority.issuer, a, crm, authority.clock);
      const child = openClient(authority.issuer, b, crm, authority.clock);
      const after = await handOver({ ...a, client: again }, { ...b, client: child });
      assert.equal(await isActive({ ...b, client: child }, after.token), true);
    } finally {
      authority.clock.moveMs -= 15_000;
    }
  });

  test('an exchange never wins against the end of the parent that was acknowledged before it (TX-14)', async () => {
    const pairs = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const [a, b] = [await anAgent(), await anAgent()];
        return { a, b, subject: await offer(a, b) };
      }),
    );
    const results = await Promise.all(
      pairs.map(async ({ a, b, subject }) => {
        await moveAgent({ db: authority.db, clock: authority.clock }, authority.admin, {
          agent: a.id,
          to: 'suspended',
          reason: 'x',
        });
        return (await exchange(b, subject)).status;
      }),
    );
    assert.ok(
      results.every((status) => status !== 200),
      results.join(),
    );
  });
});

test('a stolen delegation token is worth nothing without the key of the agent that it names', async () => {
  const [a, b, thief] = [await anAgent(), await anAgent(), await anAgent()];
  const subject = await offer(a, b);
  const asserted = thief.client.assertion({ iss: b.id, sub: b.id }, {}, generateSigningKey());
  await refusesToken(authority, b.id, thief.client.token(exchanging(subject, { client_assertion: asserted })), {
    status: 401,
    error: 'invalid_client',
  });
});
