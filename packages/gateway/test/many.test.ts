import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'vitest';
import { at, envelope, messagesOf, type RawCaller, rawRequest } from './raw-caller.ts';
import { answerJson, event, openRawSystem, progress, textResult } from './raw-system.ts';
import { openRig } from './rig.ts';

const calls = 3_000;
const callers = 40;

test(`${calls} calls of ${callers} callers with equal ids, in any order: every answer reaches its own (MG-10)`, async () => {
  const shop = await openRawSystem(({ message }, response) => {
    const who = String(at(message, 'params', 'arguments', 'who'));
    const answer = (): void => {
      if (who.length % 2 === 0) return answerJson(response, textResult(message?.['id'], who));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event(progress(1, who.length)));
      response.end(event(textResult(message?.['id'], who)));
    };
    setTimeout(answer, (who.length * 7) % 20);
  });
  const rig = await openRig();
  rig.system('shop', shop.url, ['echo']);
  const wrong: string[] = [];
  await Promise.all(
    Array.from({ length: callers }, async (_, index) => {
      const caller = rig.caller('shop');
      for (let turn = 0; turn < calls / callers; turn++) {
        const who = `${caller.principal} ${index} ${turn} ${'x'.repeat(turn % 7)}`;
        const messages = messagesOf(await caller.post('tools/call', { name: 'echo', arguments: { who } }, { id: turn % 3 }));
        const answer = messages.at(-1);
        if (at(answer, 'id') !== turn % 3 || at(answer, 'result', 'content', 0, 'text') !== who)
          wrong.push(JSON.stringify(answer));
      }
    }),
  );
  assert.deepEqual(wrong, []);
  assert.equal(rig.house.settled.length, calls);
  assert.ok(rig.house.settled.every(({ outcome }) => outcome.state === 'completed'));
  await rig.close();
  await shop.close();
});

test('a connection cut at any moment never makes a call go out twice (I28)', async () => {
  const seen = new Map<string, number>();
  const shop = await openRawSystem(({ message }, response) => {
    const key = String(at(message, 'params', 'arguments', 'key'));
    seen.set(key, (seen.get(key) ?? 0) + 1);
    const way = key.length % 3;
    if (way === 0) response.destroy();
    else if (way === 1)
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': 500 })
        .write('{"jsonrpc"', () => response.destroy());
    else answerJson(response, textResult(message?.['id'], key), 200, { connection: 'close' });
  });
  const rig = await openRig();
  rig.system('shop', shop.url, ['pay']);
  const caller = rig.caller('shop');
  await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      caller.post('tools/call', { name: 'pay', arguments: { key: `${index}${'k'.repeat(index % 5)}` } }),
    ),
  );
  assert.equal(seen.size, 300);
  assert.deepEqual(
    [...seen.values()].filter((count) => count !== 1),
    [],
  );
  assert.equal(rig.house.settled.length, 300);
  await rig.close();
  await shop.close();
});

test('a caller that reads slowly holds up the system, not the memory of the guard; nothing is lost', async () => {
  const notices = 400;
  const filler = 'x'.repeat(100_000);
  let written = 0;
  const shop = await openRawSystem(({ message }, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const go = async (): Promise<void> => {
      for (; written < notices; written++) {
        const note = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: { written, filler } } };
        if (!response.write(event(note))) await new Promise((resolve) => response.once('drain', resolve));
      }
      response.end(event(textResult(message?.['id'], 'whole')));
    };
    void go();
  });
  const rig = await openRig();
  rig.system('shop', shop.url, ['tell']);
  const caller = rig.caller('shop');
  const { promise, socket } = slowRead(rig.gateway.port, caller);
  await pause(500);
  assert.ok(written < notices / 2, `the system got rid of ${written} notices though nobody reads`);
  socket.resume();
  const text = await promise;
  const seen = [...text.matchAll(/"written":(\d+)/g)].map(([, number]) => Number(number));
  assert.deepEqual(
    seen,
    Array.from({ length: notices }, (_, index) => index),
  );
  assert.match(text, /whole/);
  await rig.close();
  await shop.close();
});

/** Asks, and reads nothing until the socket is resumed. */
function slowRead(port: number, caller: RawCaller): { readonly promise: Promise<string>; readonly socket: Socket } {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'tell', arguments: {}, _meta: envelope },
  });
  const head = [
    'POST /mcp/shop HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    `authorization: DPoP ${caller.token}`,
    `dpop: ${caller.proof()}`,
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    'mcp-protocol-version: 2026-07-28',
    'mcp-method: tools/call',
    'mcp-name: tell',
    `content-length: ${body.length}`,
    'connection: close',
  ];
  const socket = connect(port, '127.0.0.1', () => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`));
  socket.pause();
  let text = '';
  const promise = new Promise<string>((resolve, reject) => {
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    socket.once('end', () => resolve(text));
    socket.once('error', reject);
  });
  socket.pause();
  return { promise, socket };
}

test('more than the guard can carry is refused, not suffered', async () => {
  const shop = await openRawSystem(() => {});
  const rig = await openRig({ limits: { inFlight: 5, callMs: 800 } });
  rig.system('shop', shop.url, ['wait']);
  const caller = rig.caller('shop');
  const stuck = Array.from({ length: 5 }, () => caller.post('tools/call', { name: 'wait', arguments: {} }));
  while (shop.received.length < 5) await pause(5);
  const refused = await caller.post('tools/call', { name: 'wait', arguments: {} });
  assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1']);
  await Promise.all(stuck);
  await rig.close();
  await shop.close();
});

test('a port that is taken makes it the next free one, and its addresses say so', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const rig = await openRig({ port });
  rig.system('shop', 'http://127.0.0.1:9/mcp', []);
  assert.ok(rig.gateway.port > port);
  assert.equal(rig.gateway.url, `http://127.0.0.1:${rig.gateway.port}`);
  assert.equal(
    (await rawRequest(`${rig.gateway.url}/.well-known/oauth-protected-resource/mcp/shop`, { method: 'GET' })).status,
    200,
  );
  await rig.close();
  other.close();
});

test('behind a proxy the addresses are those of the public URL, with its path', async () => {
  const rig = await openRig({ publicUrl: 'https://guard.example/in/' });
  rig.system('shop', 'http://127.0.0.1:9/mcp', []);
  assert.equal(rig.gateway.url, 'https://guard.example/in');
  const at443 = `http://127.0.0.1:${rig.gateway.port}`;
  const document = await rawRequest(`${at443}/.well-known/oauth-protected-resource/in/mcp/shop`, {
    method: 'GET',
    headers: { host: 'guard.example' },
  });
  assert.equal(at(JSON.parse(document.text), 'resource'), 'https://guard.example/in/mcp/shop');
  const challenge = await rawRequest(`${at443}/in/mcp/shop`, {
    body: '{}',
    headers: { host: 'guard.example:443', origin: 'https://guard.example' },
  });
  assert.equal(challenge.status, 401);
  assert.match(
    String(challenge.headers['www-authenticate']),
    /resource_metadata="https:\/\/guard\.example\/\.well-known\/oauth-protected-resource\/in\/mcp\/shop"/,
  );
  assert.equal(
    (await rawRequest(`${at443}/in/mcp/shop`, { body: '{}', headers: { host: 'guard.example', origin: 'http://guard.example' } }))
      .status,
    403,
  );
  await rig.close();
});
