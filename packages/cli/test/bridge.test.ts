import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, test } from 'vitest';
import { Refusal } from '../../sdk/test/stand-in.ts';
import type { Ran, Terminal } from './terminal.ts';
import { enrolled, signedIn } from './world.ts';

let terminal: Terminal;
let heard: NodeJS.Dict<string | string[]>[];
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

beforeEach(async () => {
  terminal = await signedIn();
  await enrolled(terminal);
  heard = [];
});
afterEach(() => terminal.close());

/** The guard at the other end lets everything through. */
function guardAllows(): void {
  terminal.server.mcp = (request, _body, response) => {
    heard.push(request.headers);
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"done"}]}}');
  };
}

test('bridge: adds token and proof, streams both ways, and ends with Ctrl-C', async () => {
  const { url, ran, end } = await openBridge(['shop']);
  guardAllows();
  const response = await fetch(`${url}/mcp/shop`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-kept': 'yes', cookie: 'a=b', authorization: 'Bearer theirs' },
    body: '{"jsonrpc":"2.0"}',
  });
  assert.equal(response.status, 200);
  assert.equal(((await response.json()) as { result: { content: unknown[] } }).result.content.length, 1);
  assert.equal(heard[0]?.['x-kept'], 'yes');
  assert.equal(heard[0]?.['cookie'], undefined);
  assert.match(String(heard[0]?.['authorization']), /^DPoP /);
  assert.equal(response.headers.get('dpop-nonce'), null);

  let more = (): void => undefined;
  terminal.server.mcp = (_request, _body, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n');
    more = () => void answer.end('data: last\n\n');
  };
  const stream = await fetch(`${url}/mcp/shop`, { method: 'POST', body: '{}' });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await reader.read()).value ?? '', /first/);
  more();
  assert.match((await reader.read()).value ?? '', /last/);
  end();
  const { code, out, err } = await ran;
  assert.equal(code, 0);
  assert.equal(out, `SYSTEM  ADDRESS\nshop    ${url}/mcp/shop\n`);
  assert.match(err, /acts as refund-bot/);
  await assert.rejects(fetch(`${url}/mcp/shop`));
});

test('attack: a page in a browser does not reach the bridge, by whatever name it calls it', async () => {
  const { url, end, ran } = await openBridge(['shop']);
  guardAllows();
  const port = new URL(url).port;
  const send = (headers: Record<string, string>, path = '/mcp/shop') =>
    new Promise<number>((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port, path, method: 'POST', headers: { 'content-length': '2', ...headers } }, (response) =>
        resolve(response.resume().statusCode ?? 0),
      )
        .on('error', reject)
        .end('{}');
    });
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1.evil.example:${port}`, `0.0.0.0:${port}`])
    assert.equal(await send({ host }), 403, host);
  for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1.evil.example', 'file://'])
    assert.equal(await send({ host: `127.0.0.1:${port}`, origin }), 403, origin);
  assert.deepEqual(heard, []);
  assert.equal(await send({ host: `localhost:${port}`, origin: 'http://localhost:6274' }), 200);
  for (const path of ['/', '/mcp/other', '/mcp/shop/..', '//mcp/shop', '/v1/agents', 'http://evil.example/mcp/shop'])
    assert.equal(await send({ host: `127.0.0.1:${port}` }, path), 404, path);
  end();
  await ran;
});

test('bridge: when the client leaves, the call upstream is cut', async () => {
  const { url, end, ran } = await openBridge(['shop']);
  const cut = new Promise<void>((resolve) => {
    terminal.server.mcp = (_request, _body, response) => void response.once('close', resolve);
  });
  const leave = new AbortController();
  const underway = fetch(`${url}/mcp/shop`, { method: 'POST', body: '{}', signal: leave.signal }).catch(() => undefined);
  setTimeout(() => leave.abort(), 100);
  await underway;
  await cut;
  end();
  await ran;
});

test('bridge: a refusal is a problem the client can show, and never a challenge that would make it sign in somewhere', async () => {
  const { url, end, ran } = await openBridge(['shop']);
  terminal.server.answers['token'] = () => {
    throw new Refusal('grant.refused');
  };
  const response = await fetch(`${url}/mcp/shop`, { method: 'POST', body: '{}' });
  assert.equal(response.status, 403);
  assert.equal(response.headers.get('www-authenticate'), null);
  assert.equal(((await response.json()) as { code: string }).code, 'grant.refused');
  end();
  assert.match((await ran).err, /grant\.refused: No token is given/);
});

test('bridge: a taken port is said to be so', async () => {
  const first = await openBridge(['shop']);
  const { code, err } = await run(['bridge', 'shop', '--agent', 'refund-bot', '--port', new URL(first.url).port]);
  assert.equal(code, 2);
  assert.match(err, /Port \d+ is taken\./);
  first.end();
  await first.ran;
  await enrolled(terminal, 'second');
  const unsaid = await run('bridge shop');
  assert.deepEqual([unsaid.code, /one of: refund-bot, second/.test(unsaid.err)], [2, true]);
});

async function openBridge(systems: readonly string[]): Promise<{ url: string; ran: Promise<Ran>; end: () => void }> {
  const stop = new AbortController();
  let say: (url: string) => void = () => undefined;
  const address = new Promise<string>((resolve) => {
    say = resolve;
  });
  const onOutput = (text: string): void => say(/http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? '');
  const ran = run(['bridge', ...systems, '--agent', 'refund-bot', '--port', '0'], { signal: stop.signal, onOutput });
  return { url: await address, ran, end: () => stop.abort() };
}
