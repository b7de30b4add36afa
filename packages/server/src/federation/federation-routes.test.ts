import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { type Authority, openAuthority } from '#http/testing/authority';
import { type Client, openClient, type Principal } from '#http/testing/client';

let authority: Authority;
let owner: Principal;
let agent: Principal;
const clients = {} as Record<'administrator' | 'owner' | 'auditor' | 'security' | 'agent', Client>;

beforeAll(async () => {
  authority = await openAuthority();
  const api = `${authority.issuer}/v1`;
  owner = await authority.human(['owner', 'developer', 'approver']);
  agent = await authority.agent({ owner: owner.id });
  clients.administrator = openClient(authority.issuer, await authority.human(['administrator']), api);
  clients.owner = openClient(authority.issuer, owner, api);
  clients.auditor = openClient(authority.issuer, await authority.human(['auditor']), api);
  clients.security = openClient(authority.issuer, await authority.human(['security']), api);
  clients.agent = openClient(authority.issuer, agent, api);
});
afterAll(() => authority.close());

const github = { name: 'github', kind: 'github', issuer: 'https://token.actions.githubusercontent.com' };
const settle = () => authority.settled(Promise.resolve());

test('an administrator says who is trusted, and nobody else; security may take it back, auditors may look', async () => {
  for (const who of ['owner', 'auditor', 'security', 'agent'] as const) {
    assert.equal((await clients[who].call('POST', '/v1/issuers', { body: github })).body['code'], 'access.denied', who);
    const introduction = { audience: 'https://as.partner.example', agent: agent.id, clientId: 'x' };
    assert.equal((await clients[who].call('POST', '/v1/partners', { body: introduction })).body['code'], 'access.denied', who);
  }
  const added = await clients.administrator.call('POST', '/v1/issuers', { body: github });
  assert.equal(added.status, 200, JSON.stringify(added.body));
  assert.deepEqual(
    [added.body['algs'], added.body['maxLifetimeSeconds'], added.body['keys']],
    [['RS256'], 900, { from: 'discovery' }],
  );
  assert.equal((await clients.administrator.call('POST', '/v1/issuers', { body: github })).body['code'], 'name.taken');
  assert.equal((await clients.owner.call('GET', '/v1/issuers')).body['code'], 'access.denied');
  assert.equal((await clients.auditor.call('GET', '/v1/issuers')).status, 200);

  const match = { claims: { repository: 'acme/deployer' }, agent: agent.id };
  assert.equal((await clients.owner.call('POST', '/v1/issuers/github/matches', { body: match })).body['code'], 'access.denied');
  const made = await clients.administrator.call('POST', '/v1/issuers/github/matches', { body: match });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const again = await clients.administrator.call('POST', '/v1/issuers/github/matches', { body: match });
  assert.equal(again.body['code'], 'issuer.match_refused');
  const shown = await clients.auditor.call('GET', '/v1/issuers/github');
  assert.deepEqual(
    (shown.body['matches'] as readonly { agent: string }[]).map((one) => one.agent),
    [agent.id],
  );

  assert.equal((await clients.security.call('DELETE', '/v1/issuers/github')).body['state'], 'removed');
  await settle();
  assert.deepEqual((await clients.auditor.call('GET', '/v1/issuers')).body['items'], []);
  assert.equal((await clients.auditor.call('GET', '/v1/issuers/github')).body['code'], 'issuer.not_found');
  assert.equal((await clients.administrator.call('POST', '/v1/issuers', { body: github })).status, 200);
});

test('what cannot be trusted is refused with the part that is wrong', async () => {
  const wrong = [
    [{ ...github, name: 'a', issuer: 'http://token.example' }, '/issuer'],
    [{ ...github, name: 'a', issuer: authority.issuer }, '/issuer'],
    [{ name: 'a', kind: 'spiffe', issuer: 'spiffe://acme.example' }, '/keys'],
    [{ name: 'a', kind: 'workload-grant', issuer: 'https://agents.example' }, '/receiver'],
    [{ ...github, name: 'a', issuer: 'https://b.example', receiver: owner.id }, '/receiver'],
  ] as const;
  for (const [body, path] of wrong) {
    const answer = await clients.administrator.call('POST', '/v1/issuers', { body });
    assert.equal(answer.body['code'], 'issuer.refused', JSON.stringify(answer.body));
    assert.equal((answer.body['issues'] as readonly { path: string }[])[0]?.path, path);
  }
  const malformed = { ...github, name: 'a', algs: ['HS256'] };
  assert.equal((await clients.administrator.call('POST', '/v1/issuers', { body: malformed })).body['code'], 'request.malformed');
});

test('who answers for an agent accepts what its copies are made of, and nobody else does, least of all the agent', async () => {
  const body = { digest: 'sha256:0123456789abcdef' };
  const path = `/v1/agents/${agent.id}/manifest/accept`;
  const other = openClient(authority.issuer, await authority.human(['owner']), `${authority.issuer}/v1`);
  for (const who of [other, clients.auditor, clients.agent])
    assert.equal((await who.call('POST', path, { body })).body['code'], 'access.denied');
  const answer = await clients.owner.call('POST', path, { body });
  assert.deepEqual([answer.status, answer.body], [200, { agent: agent.id, ...body, instances: 0 }]);
});

test('what an agent is called at a partner is one name, and one agent has it', async () => {
  const body = { audience: 'https://as.partner.example', agent: agent.id, clientId: 'acme-refunds' };
  const made = await clients.administrator.call('POST', '/v1/partners', { body });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const other = (await authority.agent()).id;
  assert.equal(
    (await clients.administrator.call('POST', '/v1/partners', { body: { ...body, agent: other } })).body['code'],
    'name.taken',
  );
  assert.equal(
    (await clients.administrator.call('POST', '/v1/partners', { body: { ...body, clientId: 'x' } })).body['code'],
    'name.taken',
  );
  const listed = await clients.auditor.call('GET', '/v1/partners');
  assert.equal((listed.body['items'] as readonly unknown[]).length, 1);
  assert.equal((await clients.security.call('DELETE', `/v1/partners/${String(made.body['id'])}`)).body['state'], 'removed');
});

test('what is said of an issuer changes in place, member by member; its kind and address never do, and matches stay', async () => {
  const added = await clients.administrator.call('POST', '/v1/issuers', {
    body: { name: 'cloud', kind: 'cloud', issuer: 'https://cloud.example', algs: ['RS256'] },
  });
  const match = { claims: { sub: 'x' }, agent: agent.id };
  await clients.administrator.call('POST', '/v1/issuers/cloud/matches', { body: match });
  for (const who of ['owner', 'auditor', 'security', 'agent'] as const)
    assert.equal(
      (await clients[who].call('POST', '/v1/issuers/cloud', { body: { algs: ['ES256'] } })).body['code'],
      'access.denied',
    );
  const keys = { from: 'jwks', url: 'https://cloud.example/keys' };
  const body = { algs: ['ES256'], keys, maxLifetimeSeconds: 600 };
  const changed = await clients.administrator.call('POST', '/v1/issuers/cloud', { body });
  assert.deepEqual(changed.body, { ...added.body, ...body });
  const shown = await clients.auditor.call('GET', '/v1/issuers/cloud');
  assert.deepEqual([shown.body['issuer'], (shown.body['matches'] as readonly unknown[]).length], [changed.body, 1]);
  assert.equal(await authority.count('issuer.changed', String(added.body['id'])), 1);
  for (const [wrong, code] of [
    [{ keys: { from: 'jwks', url: 'http://cloud.example/keys' } }, 'issuer.refused'],
    [{ receiver: owner.id }, 'issuer.refused'],
    [{ issuer: 'https://other.example' }, 'request.malformed'],
    [{ kind: 'github' }, 'request.malformed'],
  ] as const)
    assert.equal((await clients.administrator.call('POST', '/v1/issuers/cloud', { body: wrong })).body['code'], code);
  assert.equal((await clients.administrator.call('POST', '/v1/issuers/none', { body })).body['code'], 'issuer.not_found');
});
