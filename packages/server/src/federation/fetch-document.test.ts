import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'vitest';
import type { TrustedIssuer } from '@surety/contract/federation';
import { createAddressCheck } from './blocked-address.ts';
import { createFetchDocument } from './fetch-document.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { openPlatform } from './testing/platform.ts';

async function serving(listener: RequestListener, work: (address: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('addresses that are not the public internet are not reached, in whatever clothes they come', () => {
  const isBlocked = createAddressCheck();
  const never = [
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '198.18.0.1',
    '::',
    '::ffff:a9fe:a9fe',
  ];
  const tunnels = [
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001::1',
    '::7f00:1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    'localhost',
  ];
  for (const ip of [...never, ...tunnels]) assert.deepEqual([isBlocked(ip, false), isBlocked(ip, true)], [true, true], ip);
  for (const ip of ['10.1.2.3', '172.16.0.1', '192.168.1.1', '100.64.0.1', '127.0.0.1', 'fc00::1', 'fd00::1', '::1'])
    assert.deepEqual([isBlocked(ip, false), isBlocked(ip, true)], [true, false], ip);
  for (const ip of ['140.82.112.3', '8.8.8.8', '172.32.0.1', '2606:50c0:8000::153'])
    assert.equal(isBlocked(ip, false), false, ip);
});

test('the address that was looked at is the one connected to; one bad address of a host spoils it', async () => {
  let asked = 0;
  const answers = [['140.82.112.3', '127.0.0.1'], ['127.0.0.1'], ['::ffff:7f00:1'], []];
  const fetchDocument = createFetchDocument({ allowLoopback: false, resolve: async () => answers[asked++] ?? [] });
  for (const _ of answers) await assert.rejects(fetchDocument('https://rebinding.example/keys', { isInternal: false }));
  assert.equal(asked, answers.length);
  for (const host of [
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '169.254.169.254',
    '①②⑦.⓪.⓪.①',
  ])
    await assert.rejects(fetchDocument(`https://${host}/`, { isInternal: false }), /not one that may be reached/, host);
  await assert.rejects(fetchDocument('http://token.example/', { isInternal: true }), /not https/);
});

test('a redirect, a page, a flood, a drip and a compressed answer are no keys', async () => {
  const fetchDocument = createFetchDocument({ allowLoopback: true, timeoutMs: 300 });
  const json = { 'content-type': 'application/json' };
  const refused: RequestListener[] = [
    (_, response) => response.writeHead(302, { location: 'https://token.example/keys' }).end(),
    (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('{"keys":[]}'),
    (_, response) => response.writeHead(200, json).end(`{"keys":["${'x'.repeat(200_000)}"]}`),
    (_, response) => void response.writeHead(200, { ...json, 'content-length': 900_000_000 }).write('{'),
    (_, response) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end('x'),
    (_, response) => response.writeHead(200, json).end('{"keys":[],"keys":[]}'),
    (_, response) => response.writeHead(200, json).end('[]'),
    (_, response) => void response.writeHead(200, json).write('{'),
    () => undefined,
    (_, response) => response.writeHead(304).end(),
    (_, response) => response.writeHead(500, json).end('{"canary":"secret"}'),
  ];
  for (const listener of refused)
    await serving(listener, async (address) => {
      await assert.rejects(fetchDocument(address, { isInternal: false }), (thrown: Error) => !thrown.message.includes('canary'));
    });
});

const issuerAt = (issuer: string, keys: TrustedIssuer['keys']): TrustedIssuer => ({
  id: 'iss_1' as TrustedIssuer['id'],
  name: 'test',
  kind: 'github',
  issuer,
  keys,
  algs: ['ES256'],
  maxLifetimeSeconds: 300,
  isInternal: false,
  receiver: null,
  state: 'active',
  createdAt: '',
});

test('keys are asked for once while they are fresh, again for a key that is new, and not more often for keys that are made up', async () => {
  const clock = Object.assign(() => clock.now, { now: 1_000_000 });
  const platform = await openPlatform({ audience: 'x' });
  try {
    const keys = createIssuerKeys(createFetchDocument({ allowLoopback: true }), clock);
    const issuer = issuerAt(platform.issuer, { from: 'discovery' });
    await Promise.all(Array.from({ length: 50 }, () => keys.keysOf(issuer, 'key-1')));
    for (let n = 0; n < 200; n++) assert.equal((await keys.keysOf(issuer, `made-up-${n}`)).length, 0);
    assert.equal(platform.asked(), 1);
    await platform.rotate();
    clock.now += 31_000;
    assert.equal((await keys.keysOf(issuer, platform.kid)).length, 1);
    assert.equal((await keys.keysOf(issuer, 'key-1')).length, 0);
    assert.equal(platform.asked(), 2);
    platform.answer = (_, response) => response.writeHead(500).end();
    clock.now += 3_000_000;
    assert.equal((await keys.keysOf(issuer, platform.kid)).length, 1);
    clock.now += 700_000;
    await assert.rejects(keys.keysOf(issuer, platform.kid), { code: 'issuer.unreachable' });
    await assert.rejects(keys.keysOf(issuer, platform.kid), { code: 'issuer.unreachable' });
    assert.equal(platform.asked(), 3);
    platform.answer = undefined;
    clock.now += 3_000;
    assert.equal((await keys.keysOf(issuer, platform.kid)).length, 1);
  } finally {
    await platform.close();
  }
});

test('metadata of another issuer, or that sends us elsewhere for keys, is not believed', async () => {
  for (const metadata of [
    { issuer: 'https://token.example' },
    { jwks_uri: 'https://keys.example/keys' },
    { jwks_uri: 'http://169.254.169.254/keys' },
    { jwks_uri: 7 },
  ]) {
    const platform = await openPlatform({ audience: 'x', metadata });
    try {
      const keys = createIssuerKeys(createFetchDocument({ allowLoopback: true }), Date.now);
      await assert.rejects(keys.keysOf(issuerAt(platform.issuer, { from: 'discovery' }), undefined), {
        code: 'issuer.unreachable',
      });
    } finally {
      await platform.close();
    }
  }
});
