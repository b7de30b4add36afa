import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { hashAccessToken } from '@surety/proof/dpop';
import { readJws } from '@surety/proof/jws';
import { afterAll, beforeAll, test } from 'vitest';
import { announce } from '#change/announce';
import { removeSystem } from '#catalogue/remove-system';
import { endTask } from '#delegation/end-task';
import { type Authority, openAuthority } from '#http/testing/authority';
import { type Client, openClient, type Principal } from '#http/testing/client';
import { changeAgent } from '#registry/change-agent';
import { changeHuman } from '#registry/change-human';
import { retireTokenKeys, rotateTokenKey, shownSeconds } from '#keys/rotate-token-key';
import { moveAgent } from '#registry/move-agent';
import { revokeCredential } from '#registry/revoke-credential';

let authority: Authority;
let resource: string;
let reader: Client;

beforeAll(async () => {
  authority = await openAuthority({ nodes: 3 });
  await authority.system('crm');
  resource = `${authority.gatewayUrl}/mcp/crm`;
  const admin = await authority.human(['administrator']);
  reader = openClient(authority.issuer, admin, `${authority.issuer}/v1`);
});
afterAll(() => authority.close());

type Held = { readonly agent: Principal; readonly client: Client; readonly token: string; readonly task: string };

async function hold(): Promise<Held> {
  const agent = await authority.agent();
  const client = openClient(authority.issuer, agent, resource);
  const { body } = await client.token();
  const held = { agent, client, token: String(body['access_token']), task: String(body['task']) };
  assert.equal(await authenticates(held), 'agent');
  assert.equal(await isActive(held), true);
  return held;
}

/** What the guard of each node says of a request with the token: the kind of caller, or a fault; the same on every node. */
async function authenticates({ client, token }: Held): Promise<string> {
  const nonce = await client.nonce();
  const dpop = () => client.proof({ htm: 'POST', htu: resource, ath: hashAccessToken(token), nonce, jti: randomUUID() });
  const head = () => ({ method: 'POST', url: resource, audience: resource, authorization: `DPoP ${token}`, dpop: dpop() });
  const said = await Promise.all(
    authority.nodes.map(({ authenticator }) =>
      authenticator.authenticate(head()).then(
        ({ kind }) => kind as string,
        (thrown: { code?: string }) => thrown.code ?? 'unknown',
      ),
    ),
  );
  assert.equal(new Set(said).size, 1, said.join());
  return said[0] ?? '';
}

async function isActive({ token }: Held): Promise<boolean> {
  const { status, body } = await reader.ask('/introspect', token);
  assert.equal(status, 200, JSON.stringify(body));
  if (body['active'] === false) assert.deepEqual(body, { active: false });
  return body['active'] === true;
}

const house = () => ({ db: authority.db, clock: authority.clock });
const move = (agent: string, to: 'active' | 'suspended' | 'retired') =>
  moveAgent(house(), authority.admin, { agent, to, reason: 'test' });

type Ending = readonly [string, (held: Held) => Promise<unknown>, { readonly error: string; readonly status: number }];

const grantRefused = { status: 400, error: 'invalid_grant' };
const clientUnknown = { status: 401, error: 'invalid_client' };

const endings: readonly Ending[] = [
  ['a suspended agent', ({ agent }) => move(agent.id, 'suspended'), grantRefused],
  ['a retired agent', ({ agent }) => move(agent.id, 'retired'), grantRefused],
  [
    'an owner who is suspended',
    ({ agent }) => changeHuman(house(), authority.admin, { human: agent.owner, state: 'suspended' }),
    grantRefused,
  ],
  [
    'an owner who left',
    ({ agent }) => changeHuman(house(), authority.admin, { human: agent.owner, state: 'left' }),
    grantRefused,
  ],
  ['a revoked key', ({ agent }) => revokeCredential(house(), authority.admin, { credential: agent.credential }), clientUnknown],
];

test.each(endings)(
  '%s: no token, the one it holds is dead on every node at once, and introspection says so',
  async (_name, end, refused) => {
    const held = await hold();
    await authority.settled(end(held));
    assert.equal(await authenticates(held), 'token.ended');
    assert.equal(await isActive(held), false);
    for (const { url } of authority.nodes) {
      const { status, body } = await held.client.token({}, url);
      assert.deepEqual({ status, error: body['error'] }, refused);
    }
    const named = await held.client.token({ task: held.task });
    assert.equal(named.body['error'], refused.error);
    assert.equal((await held.client.ask('/introspect', held.token)).body['error'], 'invalid_client');
  },
);

test('an ended task: its tokens are dead and it gives no more; the agent may begin another', async () => {
  const held = await hold();
  const other = await hold();
  await authority.settled(endTask(house(), authority.admin, { task: held.task }));
  assert.equal(await authenticates(held), 'token.ended');
  assert.equal(await isActive(held), false);
  assert.equal((await held.client.token({ task: held.task })).body['error'], 'invalid_grant');
  assert.equal((await held.client.token()).status, 200);
  assert.equal(await authenticates(other), 'agent');
});

test('a draft and an unknown agent get nothing', async () => {
  const draft = await authority.agent({ activate: false });
  assert.equal((await openClient(authority.issuer, draft, resource).token()).body['error'], 'invalid_grant');
  const ghostly = { ...draft, id: 'agt_00000000000000000000000000' };
  assert.equal((await openClient(authority.issuer, ghostly, resource).token()).body['error'], 'invalid_client');
});

test('a removed system is not a resource any more', async () => {
  await authority.settled(authority.system('old'));
  const agent = await authority.agent();
  const client = openClient(authority.issuer, agent, `${authority.gatewayUrl}/mcp/old`);
  assert.equal((await client.token()).status, 200);
  await authority.settled(removeSystem(house(), authority.admin, { system: 'old' }));
  assert.equal((await client.token()).body['error'], 'invalid_target');
});

test('activated again, an agent gets new tokens at once, and nothing it held before comes back', async () => {
  const held = await hold();
  await move(held.agent.id, 'suspended');
  await authority.settled(move(held.agent.id, 'active'));
  assert.equal(await authenticates(held), 'token.ended');
  assert.equal(await isActive(held), false);
  const fresh = { ...held, token: await held.client.accessToken() };
  assert.equal(await authenticates(fresh), 'agent');
  assert.equal(await isActive(fresh), true);
});

test('an owner who was suspended and comes back brings none of the old tokens back', async () => {
  const held = await hold();
  await changeHuman(house(), authority.admin, { human: held.agent.owner, state: 'suspended' });
  await authority.settled(changeHuman(house(), authority.admin, { human: held.agent.owner, state: 'active' }));
  assert.equal(await authenticates(held), 'token.ended');
  assert.equal(await authenticates({ ...held, token: await held.client.accessToken() }), 'agent');
});

test('a client ends its own token, everywhere, and no other', async () => {
  const held = await hold();
  const again = { ...held, token: await held.client.accessToken() };
  const { status, body } = await held.client.ask('/revoke', held.token, { token_type_hint: 'access_token' });
  assert.deepEqual([status, body['text']], [200, '']);
  await authority.settled(Promise.resolve());
  assert.equal(await authenticates(held), 'token.ended');
  assert.equal(await isActive(held), false);
  assert.equal(await authenticates(again), 'agent');
  assert.equal(await authority.count('token.revoked', held.agent.id), 1);
  assert.equal((await held.client.ask('/revoke', held.token)).status, 200);
  assert.equal(await authority.count('token.revoked', held.agent.id), 1);
});

test('revoking what is no token is as good as done; a token of somebody else is refused and lives on', async () => {
  const held = await hold();
  const other = await hold();
  for (const nothing of ['nothing', 'a.b.c', `${held.token}x`, `${held.token}=`, held.client.assertion()]) {
    assert.equal((await held.client.ask('/revoke', nothing)).status, 200);
  }
  const refused = await held.client.ask('/revoke', other.token);
  assert.deepEqual([refused.status, refused.body['error']], [403, 'access_denied']);
  assert.equal(await authenticates(other), 'agent');
  assert.equal(await authority.count('token.revoked', held.agent.id), 0);
  assert.equal(await authority.count('token.revoked', other.agent.id), 0);
});

test('a token that was revoked does not live on in another spelling', async () => {
  const held = await hold();
  await held.client.ask('/revoke', held.token);
  await authority.settled(Promise.resolve());
  for (const spelled of [held.token, `${held.token}=`, ` ${held.token}`, `${held.token}\n`, held.token.replace('.', '=.')]) {
    assert.notEqual(await authenticates({ ...held, token: spelled }), 'agent');
    assert.equal((await reader.ask('/introspect', spelled)).body['active'] ?? false, false);
  }
});

test('a client learns of its own tokens all there is, and of others nothing', async () => {
  const held = await hold();
  const other = await hold();
  const own = await held.client.ask('/introspect', held.token);
  const { iat, exp, jti, cnf, change, ...said } = own.body;
  assert.deepEqual(said, {
    active: true,
    token_type: 'DPoP',
    iss: authority.issuer,
    sub: held.agent.id,
    client_id: held.agent.id,
    aud: resource,
    scope: 'call',
    sub_profile: 'ai_agent',
    task: held.task,
    instance: held.agent.credential,
  });
  assert.ok(typeof iat === 'number' && typeof exp === 'number' && typeof change === 'number');
  assert.ok(String(jti).startsWith('tok_') && typeof cnf === 'object');
  assert.deepEqual((await held.client.ask('/introspect', other.token)).body, { active: false });
  const workload = openClient(authority.issuer, await authority.workload(), resource);
  assert.deepEqual((await workload.ask('/introspect', held.token)).body, { active: false });
  const auditor = openClient(authority.issuer, await authority.human(['auditor']), `${authority.issuer}/v1`);
  assert.deepEqual((await auditor.ask('/introspect', held.token)).body, { active: false });
  assert.equal((await reader.ask('/introspect', held.token)).body['active'], true);
});

test('introspection and revocation want the client, once: no assertion, a used one, or one of a stranger is refused', async () => {
  const held = await hold();
  for (const path of ['/introspect', '/revoke'] as const) {
    assert.equal((await held.client.ask(path, held.token, { client_assertion: undefined })).body['error'], 'invalid_client');
    assert.equal((await held.client.ask(path, held.token, { client_assertion: 'x' })).body['error'], 'invalid_client');
    assert.equal((await held.client.ask(path, held.token, { token: undefined })).body['error'], 'invalid_request');
    const client_assertion = held.client.assertion();
    const [first, ...others] = await Promise.all(
      Array.from({ length: 10 }, () => held.client.ask(path, 'nothing', { client_assertion })),
    );
    const statuses = [first, ...others].map((answer) => answer?.status);
    assert.equal(statuses.filter((status) => status === 200).length, 1);
    assert.equal(statuses.filter((status) => status === 401).length, 9);
  }
  assert.equal(await authenticates(held), 'agent');
});

test('the same request on three nodes at once, fifty times each: exactly one token', async () => {
  const { client, agent } = await hold();
  const before = await authority.count('token.issued', agent.id);
  const form = client.form();
  const dpop = client.proof();
  const headers = { 'content-type': 'application/x-www-form-urlencoded', dpop };
  const statuses = await Promise.all(
    authority.nodes.flatMap(({ url }) =>
      Array.from({ length: 50 }, async () => {
        const response = await fetch(`${url}/token`, { method: 'POST', headers, body: form.toString() });
        await response.text();
        return response.status;
      }),
    ),
  );
  assert.equal(statuses.filter((status) => status === 200).length, 1);
  assert.equal(await authority.count('token.issued', agent.id), before + 1);
});

test('suspended while it asks: whatever the order, no token that lives comes out of it', async () => {
  for (let round = 0; round < 8; round++) {
    const held = await hold();
    const asking = Array.from({ length: 6 }, () => held.client.token());
    const [answers] = await Promise.all([Promise.all(asking), authority.settled(move(held.agent.id, 'suspended'))]);
    for (const { body } of answers) {
      const token = body['access_token'];
      if (typeof token === 'string') assert.equal(await authenticates({ ...held, token }), 'token.ended');
    }
    assert.equal((await held.client.token()).status, 400);
  }
});

test('what changes on the way does not stop a request whose grounds still hold', async () => {
  const { client, agent } = await hold();
  const changing = Array.from({ length: 10 }, (_, n) =>
    changeAgent(house(), authority.admin, { agent: agent.id, purpose: `tests ${n}` }),
  );
  const answers = await Promise.all([...Array.from({ length: 10 }, () => client.token()), ...changing]);
  const statuses = answers.slice(0, 10).map((answer) => (answer as { status: number }).status);
  assert.ok(
    statuses.every((status) => status === 200 || status === 503),
    statuses.join(),
  );
  assert.ok(statuses.includes(200));
});

test('a token expires to the second', async () => {
  const held = await hold();
  try {
    authority.clock.moveMs = 301_000;
    const late = { ...held, client: openClient(authority.issuer, held.agent, resource, authority.clock) };
    assert.equal(await authenticates({ ...late, token: held.token }), 'token.invalid');
    assert.deepEqual((await late.client.ask('/introspect', held.token)).body, { active: false });
  } finally {
    authority.clock.moveMs = 0;
  }
});

test('a token is for one resource, one method, one address and one key', async () => {
  const { client, token } = await hold();
  const { authenticator } = authority.nodes[0]!;
  const nonce = await client.nonce();
  const ath = hashAccessToken(token);
  const good = { htm: 'POST', htu: resource, ath, nonce };
  const head = { method: 'POST', url: resource, audience: resource, authorization: `DPoP ${token}` as string | undefined };
  const says = (proof: string | readonly string[] | undefined, change: Partial<typeof head> = {}) =>
    authenticator.authenticate({ ...head, ...change, dpop: proof }).then(
      () => 'agent',
      (thrown: { code?: string }) => thrown.code,
    );
  assert.equal(await says(client.proof(good)), 'agent');
  assert.equal(await says(client.proof(good), { audience: `${authority.gatewayUrl}/mcp/other` }), 'token.invalid');
  assert.equal(await says(client.proof(good), { audience: `${authority.issuer}/v1` }), 'token.invalid');
  assert.equal(await says(client.proof({ ...good, htm: 'GET' })), 'dpop.proof_invalid');
  assert.equal(await says(client.proof({ ...good, htu: `${authority.issuer}/token` })), 'dpop.proof_invalid');
  assert.equal(await says(client.proof({ ...good, ath: undefined })), 'dpop.proof_invalid');
  assert.equal(await says(client.proof({ ...good, ath: hashAccessToken('other') })), 'dpop.proof_invalid');
  assert.equal(await says(client.proof({ ...good, nonce: undefined })), 'dpop.nonce_required');
  assert.equal(await says(client.proof({ ...good, nonce: 'old' })), 'dpop.nonce_required');
  assert.equal(await says(client.proof(good, {}, (await hold()).client.dpopKey)), 'dpop.proof_invalid');
  assert.equal(await says(undefined), 'dpop.proof_invalid');
  assert.equal(await says([client.proof(good), client.proof(good)]), 'dpop.proof_invalid');
  assert.equal(await says(client.proof(good), { authorization: `Bearer ${token}` }), 'token.not_bound');
  assert.equal(await says(client.proof(good), { authorization: undefined }), 'token.missing');
  assert.equal(await says(client.proof(good), { authorization: `DPoP ${token}, DPoP ${token}` }), 'token.invalid');
  assert.equal(await says(client.proof(good), { authorization: `DPoP ${client.assertion()}` }), 'token.invalid');
});

test('a node whose news is stale issues nothing and lets nobody in', async () => {
  const lonely = await openAuthority();
  try {
    await lonely.system('crm');
    const agent = await lonely.agent();
    const client = openClient(lonely.issuer, agent, `${lonely.gatewayUrl}/mcp/crm`);
    const token = await client.accessToken();
    await lonely.nodes[0]!.feed.close();
    const { status, body, headers } = await client.token();
    assert.deepEqual([status, body['error'], headers.get('retry-after')], [503, 'temporarily_unavailable', '1']);
    assert.equal((await client.call('GET', '/v1/whoami', { token })).status, 503);
  } finally {
    await lonely.close();
  }
});

test('a cut-off by a clock that runs ahead does not kill the tokens that come after it', async () => {
  const held = await hold();
  await authority.db.transaction(async (tx) => {
    const number = await announce(tx, [{ what: 'cutoff', key: held.agent.id }]);
    await tx.query(`update change set at = clock_timestamp() + interval '3 seconds' where number = $1`, [number]);
  });
  await authority.settled(Promise.resolve());
  assert.equal(await authenticates(held), 'token.ended');
  assert.equal(await authenticates({ ...held, token: await held.client.accessToken() }), 'agent');
});

test('keys are rotated under load: every request is answered, and every token verifies until it has expired', async () => {
  const { db, sealer, clock } = authority;
  const agent = await authority.agent();
  const client = openClient(authority.issuer, agent, resource, clock);
  try {
    const signedBy = new Set<string | undefined>();
    for (let round = 0; round < 8; round++) {
      await Promise.all(authority.nodes.map(({ keyRing }) => keyRing.refresh())); // ten minutes pass at once
      clock.moveMs += shownSeconds * 1_000;
      const loose = openClient(authority.issuer, agent, resource, clock);
      const before = { agent, client: loose, token: await loose.accessToken(), task: '' };
      const work = Array.from({ length: 12 }, (_, n) => loose.token({}, authority.nodes[n % 3]?.url));
      const [answers, rotation] = await Promise.all([
        Promise.all(work),
        authority.settled(rotateTokenKey({ db, sealer, clock }, authority.admin)),
      ]);
      assert.notEqual(rotation, 'too_soon');
      assert.deepEqual(
        answers.map(({ status }) => status),
        Array.from(work, () => 200),
      );
      assert.equal(await authenticates(before), 'agent');
      signedBy.add(readJws(before.token, { typ: 'at+jwt' }).kid);
      await retireTokenKeys({ db, sealer, clock });
    }
    assert.equal(signedBy.size, 8);
    assert.equal((await client.token()).status, 200);
  } finally {
    clock.moveMs = 0;
  }
});

test('a node whose clock runs ahead issues nothing that outlives a cut-off', async () => {
  try {
    authority.clock.moveMs = 8_000;
    const agent = await authority.agent();
    const client = openClient(authority.issuer, agent, resource, authority.clock);
    const held = { agent, client, token: await client.accessToken(), task: '' };
    await move(agent.id, 'suspended');
    await authority.settled(move(agent.id, 'active'));
    assert.equal(await authenticates(held), 'token.ended');
    assert.equal(await authenticates({ ...held, token: await client.accessToken() }), 'agent');
  } finally {
    authority.clock.moveMs = 0;
  }
});
