import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import type { Terminal } from './terminal.ts';
import { at, ids, signedIn } from './world.ts';

let terminal: Terminal;
let inputs: Record<string, unknown>;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

const issuer = {
  id: 'iss_01k9z7qh4m8y2c3d4e5f6g7h8j',
  name: 'github',
  kind: 'github',
  issuer: 'https://token.actions.githubusercontent.com',
  keys: { from: 'discovery' },
  algs: ['RS256'],
  maxLifetimeSeconds: 900,
  isInternal: false,
  receiver: null,
  state: 'active',
  createdAt: at,
};
const match = {
  id: 'mat_01k9z7qh4m8y2c3d4e5f6g7h8j',
  issuer: issuer.id,
  claims: { repository: 'acme/deployer' },
  below: null,
  agent: ids.refundAgent,
  manifestClaim: null,
  state: 'active',
  createdAt: at,
};
const partner = {
  id: 'ptn_01k9z7qh4m8y2c3d4e5f6g7h8j',
  audience: 'https://as.partner.example',
  agent: ids.refundAgent,
  clientId: 'acme-refunds',
  state: 'active',
  createdAt: at,
};

beforeEach(async () => {
  terminal = await signedIn();
  inputs = {};
  const answers: Record<string, unknown> = {
    addIssuer: issuer,
    listIssuers: { items: [issuer] },
    getIssuer: { issuer, matches: [match] },
    removeIssuer: { ...issuer, state: 'removed' },
    addMatch: match,
    removeMatch: { ...match, state: 'removed' },
    addPartnerClient: partner,
    listPartnerClients: { items: [partner] },
    removePartnerClient: { ...partner, state: 'removed' },
    acceptManifest: { agent: ids.refundAgent, digest: 'sha256:0123456789abcdef', instances: 2 },
  };
  for (const [name, answer] of Object.entries(answers))
    terminal.server.answers[name] = (input) => {
      inputs[name] = input;
      return answer;
    };
});
afterEach(() => terminal.close());

test('an issuer is trusted by its address, and its keys come from where it is said', async () => {
  const { code, out } = await run(`issuer add github ${issuer.issuer} --kind github --alg RS256 --max-seconds 600`);
  assert.equal(code, 0, out);
  const said = {
    name: 'github',
    kind: 'github',
    issuer: issuer.issuer,
    algs: ['RS256'],
    maxLifetimeSeconds: 600,
    isInternal: false,
  };
  assert.deepEqual(inputs['addIssuer'], { ...said, keys: { from: 'discovery' } });
  assert.match(out, /Next: surety issuer match github/);
  await run('issuer add mesh spiffe://acme.example --kind spiffe --bundle https://mesh.example/bundle --internal');
  assert.deepEqual((inputs['addIssuer'] as { keys: unknown }).keys, { from: 'bundle', url: 'https://mesh.example/bundle' });
  const file = join(terminal.home, 'keys.json');
  await writeFile(file, '{"keys":[{"kty":"RSA","n":"x","e":"AQAB"}]}');
  await run(['issuer', 'add', 'cluster', 'https://k8s.example', '--kind', 'kubernetes', '--keys-file', file]);
  assert.deepEqual((inputs['addIssuer'] as { keys: unknown }).keys, {
    from: 'pinned',
    keys: [{ kty: 'RSA', n: 'x', e: 'AQAB' }],
  });
});

test('what is not said, said twice or unknown is wrong usage, before anything is sent', async () => {
  for (const line of [
    'issuer add github https://token.example',
    'issuer add github https://token.example --kind gitlub',
    'issuer add github https://token.example --kind github --alg HS256',
    'issuer add github https://token.example --kind github --jwks https://a.example --bundle https://b.example',
    'issuer match github refund-bot --claim repository',
    'issuer match github refund-bot --claim =x',
  ])
    assert.equal((await run(line)).code, 2, line);
  assert.deepEqual(inputs, {});
});

test('a match names its claims, also nested ones and values with an equals sign', async () => {
  const line = [
    'issuer',
    'match',
    'github',
    'refund-bot',
    '--claim',
    'repository=acme/deployer',
    '--claim',
    '/kubernetes.io/namespace=a=b',
  ];
  assert.equal((await run(line)).code, 0);
  assert.deepEqual(inputs['addMatch'], {
    issuer: 'github',
    agent: 'refund-bot',
    claims: { repository: 'acme/deployer', '/kubernetes.io/namespace': 'a=b' },
  });
  const { out } = await run('issuer show github');
  assert.match(out, /repository=acme\/deployer/);
  assert.match((await run('issuer list')).out, /token\.actions\.githubusercontent\.com/);
});

test('what is taken back is asked about first', async () => {
  for (const line of ['issuer remove github', `issuer unmatch ${match.id}`]) assert.notEqual((await run(line)).code, 0, line);
  assert.deepEqual(inputs, {});
  for (const line of ['issuer remove github --yes', `issuer unmatch ${match.id} --yes`])
    assert.equal((await run(line)).code, 0, line);
});

test('partners know an agent by the name that is introduced; a manifest is accepted by its digest', async () => {
  await run('partner introduce refund-bot https://as.partner.example acme-refunds');
  assert.deepEqual(inputs['addPartnerClient'], {
    agent: 'refund-bot',
    audience: 'https://as.partner.example',
    clientId: 'acme-refunds',
  });
  assert.match((await run('partner list')).out, /acme-refunds/);
  assert.equal((await run(`partner withdraw ${partner.id}`)).code, 0);
  const { out } = await run('agent accept-manifest refund-bot sha256:0123456789abcdef');
  assert.match(out, /copies that may act now: 2/);
});
