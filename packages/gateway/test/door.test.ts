import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { at, makeProof, messagesOf, rawRequest } from './raw-caller.ts';
import { answerJson, openRawSystem, type RawSystem, textResult } from './raw-system.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let shop: RawSystem;

beforeAll(async () => {
  shop = await openRawSystem(({ message }, response) =>
    answerJson(response, textResult(message?.['id'], 'done'), 200, { 'x-internal': 'secret', 'set-cookie': 'a=1' }),
  );
  rig = await openRig({ limits: { bodyMs: 400 } });
  rig.system('shop', shop.url, ['refund', 'read']);
  rig.system('other', shop.url, ['refund']);
});

afterAll(async () => {
  await rig.close();
  await shop.close();
});

const call = { name: 'refund', arguments: { order: '8841', amount: 20 } };

describe('who may knock', () => {
  test('without a token: 401 that says where to get one, and nothing more', async () => {
    const caller = rig.caller('shop');
    const answer = await rawRequest(caller.resource, { body: '{}', headers: { 'content-type': 'application/json' } });
    assert.equal(answer.status, 401);
    assert.equal(
      answer.headers['www-authenticate'],
      `DPoP algs="ES256 EdDSA", resource_metadata="${rig.gateway.url}/.well-known/oauth-protected-resource/mcp/shop"`,
    );
    assert.equal(typeof answer.headers['dpop-nonce'], 'string');
  });

  test('the document the challenge names says how: RFC 9728', async () => {
    const answer = await rawRequest(`${rig.gateway.url}/.well-known/oauth-protected-resource/mcp/shop`, { method: 'GET' });
    assert.deepEqual(JSON.parse(answer.text), {
      resource: `${rig.gateway.url}/mcp/shop`,
      authorization_servers: [rig.house.issuer],
      bearer_methods_supported: [],
      dpop_bound_access_tokens_required: true,
      dpop_signing_alg_values_supported: ['ES256', 'EdDSA'],
      scopes_supported: ['call'],
      resource_name: 'shop',
    });
    assert.equal(
      (await rawRequest(`${rig.gateway.url}/.well-known/oauth-protected-resource/mcp/nothing`, { method: 'GET' })).status,
      404,
    );
  });

  test('a token sent as Bearer is refused, though it is a good token', async () => {
    const caller = rig.caller('shop');
    const answer = await caller.post('tools/call', call, { headers: { authorization: `Bearer ${caller.token}` } });
    assert.equal(answer.status, 401);
    assert.match(String(answer.headers['www-authenticate']), /^DPoP error="invalid_token", algs=/);
  });

  test('a proof without the nonce is told to use one, and the one it is given works', async () => {
    const caller = rig.caller('shop');
    const stale = makeProof(caller.key, { method: 'POST', url: caller.resource, token: caller.token, nonce: 'old' });
    const refused = await caller.post('tools/call', call, { proof: stale });
    assert.equal(refused.status, 401);
    assert.match(String(refused.headers['www-authenticate']), /error="use_dpop_nonce"/);
    const fresh = makeProof(caller.key, {
      method: 'POST',
      url: caller.resource,
      token: caller.token,
      nonce: String(refused.headers['dpop-nonce']),
    });
    assert.equal((await caller.post('tools/call', call, { proof: fresh })).status, 200);
  });

  test.for(['tools/call', 'resources/list'] as const)('a proof that was used is not used again: %s', async (method) => {
    const caller = rig.caller('shop');
    const proof = caller.proof();
    const before = shop.received.length;
    assert.equal((await caller.post(method, call, { proof })).status, 200);
    const again = await caller.post(method, call, { proof });
    assert.equal(again.status, 401);
    assert.match(String(again.headers['www-authenticate']), /error="invalid_dpop_proof"/);
    assert.equal(shop.received.length, before + 1);
  });

  test('a token for one system opens no other (MG-02, MG-04), and a proof is for one address', async () => {
    const caller = rig.caller('shop');
    const other = `${rig.gateway.url}/mcp/other`;
    const headers = { authorization: `DPoP ${caller.token}`, 'content-type': 'application/json' };
    const proof = makeProof(caller.key, { method: 'POST', url: other, token: caller.token, nonce: rig.house.nonce() });
    assert.equal((await rawRequest(other, { headers: { ...headers, dpop: proof }, body: '{}' })).status, 401);
    const elsewhere = makeProof(caller.key, { method: 'POST', url: other, token: caller.token, nonce: rig.house.nonce() });
    assert.equal((await caller.post('tools/call', call, { proof: elsewhere })).status, 401);
  });

  test('two DPoP headers, or two Authorization headers, are none', async () => {
    const caller = rig.caller('shop');
    assert.equal((await caller.send({ headers: { dpop: [caller.proof(), caller.proof()] }, body: '{}' })).status, 401);
    assert.equal(
      (await caller.send({ headers: { authorization: [`DPoP ${caller.token}`, `DPoP ${caller.token}`] }, body: '{}' })).status,
      401,
    );
  });

  test('a page of another site reaches nothing (MG-15)', async () => {
    const caller = rig.caller('shop');
    assert.equal((await caller.post('tools/call', call, { headers: { origin: 'https://evil.example' } })).status, 403);
    assert.equal((await caller.post('tools/call', call, { headers: { host: 'evil.example' } })).status, 403);
    assert.equal((await caller.post('tools/call', call, { headers: { host: `127.0.0.1:${rig.gateway.port + 1}` } })).status, 403);
    assert.equal((await caller.post('tools/call', call, { headers: { origin: rig.gateway.url } })).status, 200);
    const preflight = await caller.send({
      method: 'OPTIONS',
      headers: { origin: rig.gateway.url, 'access-control-request-method': 'POST' },
    });
    assert.equal(preflight.status, 405);
    assert.equal(preflight.headers['access-control-allow-origin'], undefined);
  });

  test.for([
    '/',
    '/mcp',
    '/mcp/',
    '/mcp/Shop',
    '/mcp/shop/',
    '/mcp/shop%2f',
    '/mcp/../mcp/shop',
    '//mcp/shop',
    '/.well-known/oauth-protected-resource',
  ])('no door at %s', async (path) => {
    const status = await new Promise<string>((resolve, reject) => {
      const socket = connect(rig.gateway.port, '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${rig.gateway.port}\r\nconnection: close\r\n\r\n`),
      );
      socket.once('data', (bytes: Buffer) => resolve(bytes.toString().slice(9, 12)));
      socket.once('error', reject);
    });
    assert.equal(status, '404');
  });
});

describe('what gets through', () => {
  test('nothing of the caller but the message: no token, no proof, no header of its own making (MG-01, MG-09)', async () => {
    const caller = rig.caller('shop');
    await caller.post('tools/call', call, {
      headers: {
        'x-user': 'root',
        'x-forwarded-for': '1.2.3.4',
        cookie: 'a=b',
        'mcp-router-key': 'x',
        'mcp-session-id': 'guess',
      },
    });
    const { headers } = shop.received.at(-1)!;
    assert.deepEqual(Object.keys(headers).sort(), [
      'accept',
      'connection',
      'content-length',
      'content-type',
      'host',
      'mcp-method',
      'mcp-name',
      'mcp-protocol-version',
      'user-agent',
    ]);
    assert.ok(!JSON.stringify(shop.received.at(-1)).includes(caller.token));
  });

  test('nothing of the system but its message: no cookie, no internal header', async () => {
    const answer = await rig.caller('shop').post('tools/call', call);
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(answer.headers['x-internal'], undefined);
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  test('a number keeps its digits, and is decided with them', async () => {
    const text =
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"refund","arguments":{"order":9007199254740993,"amount":20.5},"_meta":' +
      '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"com.example/secret":1}}}';
    await rig.caller('shop').post('tools/call', call, { body: text });
    assert.match(shop.received.at(-1)!.text, /"order":9007199254740993,"amount":20\.5/);
    assert.ok(!shop.received.at(-1)!.text.includes('com.example'), 'what was not decided does not reach the tool');
    assert.equal(String(at(rig.house.begun.at(-1)?.call.arguments, 'order', 'text')), '9007199254740993');
  });
});

describe('bodies that are refused', () => {
  const say = (body: string) => rig.caller('shop').post('tools/call', call, { body });
  const meta = JSON.stringify({
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  });
  const withArguments = (text: string): string =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refund","arguments":${text},"_meta":${meta}}}`;

  test.for([
    ['a duplicate key', withArguments('{"amount":20,"amount":2000}'), -32_700, 'json.duplicate_key'],
    ['a number that would change', withArguments('{"amount":0.1234567890123456789}'), -32_700, 'json.inexact_number'],
    ['deep nesting', withArguments(`{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`), -32_700, 'json.too_deep'],
    ['too many values', withArguments(`[${'0,'.repeat(200_000)}0]`), -32_700, 'json.too_large'],
    ['text that is not JSON', '{"jsonrpc":', -32_700, 'json.malformed'],
    ['a batch', `[${withArguments('{}')}]`, -32_600, undefined],
    ['an id that is null', withArguments('{}').replace('"id":1', '"id":null'), -32_600, undefined],
    ['an id with a fraction', withArguments('{}').replace('"id":1', '"id":1.5'), -32_600, undefined],
    ['arguments that are a list', withArguments('[]'), -32_602, undefined],
    ['a name that is kept for the protocol', withArguments('{"mcp:inputResponses":{}}'), -32_602, undefined],
    ['a task', withArguments('{}').replace('"_meta"', '"task":{},"_meta"'), -32_602, undefined],
  ] as const)('%s', async ([, body, code, reason]) => {
    const before = shop.received.length;
    const answer = await say(body);
    assert.equal(answer.status, 400);
    assert.equal(at(JSON.parse(answer.text), 'error', 'code'), code);
    assert.equal(at(JSON.parse(answer.text), 'error', 'data', 'reason'), reason);
    assert.equal(shop.received.length, before);
  });

  test('10 MiB: 413 that says so, though the caller is still sending', async () => {
    const answer = await say(withArguments(`{"a":"${'x'.repeat(10 << 20)}"}`));
    assert.equal(answer.status, 413);
    assert.match(answer.text, /larger than 4194304 bytes/);
  });

  test('a body that trickles: 408, and others are served meanwhile', async () => {
    const caller = rig.caller('shop');
    const trickle = new Promise<string>((resolve, reject) => {
      const head = [
        `POST /mcp/shop HTTP/1.1`,
        `host: 127.0.0.1:${rig.gateway.port}`,
        `authorization: DPoP ${caller.token}`,
        `dpop: ${caller.proof()}`,
        'content-type: application/json',
        'content-length: 1000',
        '',
        '{',
      ];
      const socket = connect(rig.gateway.port, '127.0.0.1', () => socket.write(head.join('\r\n')));
      const timer = setInterval(() => socket.write(' '), 50);
      socket.once('data', (bytes: Buffer) => (clearInterval(timer), resolve(bytes.toString().slice(9, 12)), socket.destroy()));
      socket.once('error', reject);
    });
    assert.equal((await rig.caller('shop').post('tools/call', call)).status, 200);
    assert.equal(await trickle, '408');
  });
});

describe('headers that mirror the body (MG-13)', () => {
  const code = async (headers: Record<string, string>, method = 'tools/call', params: object = call): Promise<unknown> => {
    const before = shop.received.length;
    const answer = await rig.caller('shop').post(method, params, { headers });
    const error = at(messagesOf(answer)[0], 'error', 'code');
    if (error !== undefined) assert.equal(shop.received.length, before, 'a refused message goes nowhere');
    return error === undefined ? answer.status : [answer.status, error];
  };

  test('must say what the body says', async () => {
    assert.deepEqual(await code({ 'mcp-method': 'tools/list' }), [400, -32_020]);
    assert.deepEqual(await code({ 'mcp-method': 'TOOLS/CALL' }), [400, -32_020]);
    assert.deepEqual(await code({ 'mcp-name': 'read' }), [400, -32_020]);
    assert.deepEqual(await code({ 'mcp-name': '=?base64?cmVhZA==?=' }), [400, -32_020]);
    assert.deepEqual(await code({ 'mcp-name': '=?base64?cmVmdW5k!?=' }), [400, -32_020]);
    assert.deepEqual(await code({ 'mcp-protocol-version': '2025-11-25' }), [400, -32_020]);
    assert.equal(await code({ 'mcp-name': '=?base64?cmVmdW5k?=' }), 200);
    assert.equal(await code({ 'mcp-name': '  refund ' }), 200);
  });

  test('a version that is unknown is named, with the one that is spoken', async () => {
    const answer = await rig.caller('shop').post(
      'tools/call',
      {
        ...call,
        _meta: { 'io.modelcontextprotocol/protocolVersion': '2031-01-01', 'io.modelcontextprotocol/clientCapabilities': {} },
      },
      { headers: { 'mcp-protocol-version': '2031-01-01' } },
    );
    assert.equal(answer.status, 400);
    assert.deepEqual(at(JSON.parse(answer.text), 'error', 'code'), -32_022);
    assert.deepEqual(at(JSON.parse(answer.text), 'error', 'data'), { supported: ['2026-07-28'], requested: '2031-01-01' });
    assert.deepEqual(await code({ 'mcp-protocol-version': '1999-01-01' }, 'tools/list', { _meta: {} }), [400, -32_022]);
  });

  test('a message of 2026-07-28 without its envelope is refused', async () => {
    assert.deepEqual(await code({}, 'tools/list', { _meta: {} }), [400, -32_602]);
    assert.deepEqual(
      await code({}, 'tools/list', { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }),
      [400, -32_602],
    );
  });
});

describe('methods', () => {
  test.for([
    'tasks/get',
    'tasks/list',
    'initialize',
    'ping',
    'resources/subscribe',
    'tools/Call',
    'constructor',
    '__proto__',
    'toString',
    'sampling/createMessage',
  ])('%s is not offered in 2026-07-28', async (method) => {
    const before = shop.received.length;
    const answer = await rig.caller('shop').post(method);
    assert.equal(answer.status, 404);
    assert.equal(at(JSON.parse(answer.text), 'error', 'code'), -32_601);
    assert.equal(shop.received.length, before);
  });

  test('a call without an id is no call', async () => {
    const before = shop.received.length;
    const answer = await rig.caller('shop').post('tools/call', call, {
      body: JSON.stringify({
        jsonrpc: '2.0',
        method: 'tools/call',
        params: {
          ...call,
          _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
        },
      }),
    });
    assert.equal(answer.status, 400);
    assert.equal(shop.received.length, before);
  });
});

describe('a sign-in that is too old', () => {
  test('what a person has to sign in again for is in the challenge, and nothing that would leave it (RFC 9470 §3)', async () => {
    const { authenticate } = rig.house;
    const challenge = { acr_values: 'phr', max_age: 300, more: 'a"\r\nset-cookie: b' };
    rig.house.authenticate = async () => {
      throw Object.assign(new Error('too old'), { code: 'token.signin_insufficient', challenge });
    };
    try {
      const { status, headers } = await rig.caller('shop').post('tools/call', call);
      assert.equal(status, 401);
      assert.match(
        String(headers['www-authenticate']),
        /^DPoP error="insufficient_user_authentication", acr_values="phr", max_age="300", algs="[^"]+", resource_metadata="[^"]+"$/,
      );
    } finally {
      rig.house.authenticate = authenticate;
    }
  });
});
