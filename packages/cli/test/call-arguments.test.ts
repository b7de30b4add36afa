import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import { allowed, denied, type ScriptedGuard, scriptGuard } from './guard.ts';
import type { Terminal, Typed } from './terminal.ts';
import { enrolled, signedIn } from './world.ts';

let terminal: Terminal;
let guard: ScriptedGuard;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

beforeEach(async () => {
  terminal = await signedIn();
  await enrolled(terminal);
  guard = scriptGuard(terminal);
});
afterEach(() => terminal.close());

test('call: numbers keep their digits, all the way, there and back', async () => {
  terminal.server.mcp = (_request, body, response) => {
    if (guard.answersList(body, response)) return;
    guard.heard.push({ headers: {}, body: body.toString(), path: '' });
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(
        '{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":{"balance":9007199254740993.0,"id":12345678901234567890}}}',
      );
  };
  const refused = await run('call payments.refund amount=0.1000000000000000055511151231257827');
  assert.equal(refused.code, 2);
  const { code, out } = await run(
    'call payments.refund account=9007199254740993 amount=420.00 big=123456789012345678901234567890 -o json',
  );
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.match(
    guard.heard[0]?.body ?? '',
    /"arguments":\{"account":9007199254740993,"amount":420\.00,"big":123456789012345678901234567890\}/,
  );
  terminal.server.mcp = (_request, body, response) =>
    void (
      guard.answersList(body, response) ||
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":{"balance":420.00,"id":12345678901234567890}}}')
    );
  const back = await run('call payments.balance -o json');
  assert.match(
    back.out,
    /^\{"state":"allowed",.*"result":\{"content":\[\],"structuredContent":\{"balance":420\.00,"id":12345678901234567890\}\}\}\n$/,
  );
});

test('call: of a tool that is not listed, what was typed is what is sent', async () => {
  guard.answers(allowed);
  const argumentsOf = async (line: string | readonly string[], typed?: Typed) => {
    guard.heard = [];
    const ran = await run(line, typed);
    assert.equal(ran.code, 0, ran.err);
    return JSON.parse(guard.heard[0]?.body ?? '{}').params.arguments;
  };
  assert.deepEqual(
    await argumentsOf('call a.b n=-5 t=true f=false z=null s=hello e= d=2026-11-25 ip=10.0.0.1 eq=a=b url=https://x/?q=1'),
    {
      n: -5,
      t: true,
      f: false,
      z: null,
      s: 'hello',
      e: '',
      d: '2026-11-25',
      ip: '10.0.0.1',
      eq: 'a=b',
      url: 'https://x/?q=1',
    },
  );
  assert.deepEqual(await argumentsOf(['call', 'a.b', 'list=[1,"2"]', 'o={"a":1}', 'q="7"', '--text', 'order=8841']), {
    list: [1, '2'],
    o: { a: 1 },
    q: '7',
    order: '8841',
  });
  assert.deepEqual(await argumentsOf(['call', 'a.b', '--json', '{"order":8841}']), { order: 8841 });
  assert.deepEqual(await argumentsOf('call a.b --json -', { stdin: '{"from":"a pipe"}' }), { from: 'a pipe' });
  await writeFile(join(terminal.home, 'args.json'), '{"from":"a file"}');
  assert.deepEqual(await argumentsOf(['call', 'a.b', '--json', `@${join(terminal.home, 'args.json')}`]), { from: 'a file' });
  assert.deepEqual(await argumentsOf('call a.b'), {});
  for (const line of [
    ['call', 'a.b', 'x'],
    ['call', 'a.b', '=1'],
    ['call', 'a.b', 'x=1', 'x=2'],
    ['call', 'a.b', 'x=[1'],
    ['call', 'a.b', '--json', '[1]'],
    ['call', 'a.b', '--json', '{"a":1,"a":2}'],
    ['call', 'a.b', 'x=1', '--json', '{}'],
    ['call', 'a'],
    ['call', '.b'],
  ]) {
    assert.equal((await run(line)).code, 2, line.join(' '));
  }
});

const schema = {
  type: 'object',
  properties: {
    order: { type: 'string' },
    amount: { type: 'number' },
    count: { type: 'integer' },
    urgent: { type: 'boolean' },
    lines: { type: 'array' },
    address: { $ref: '#/$defs/address' },
    note: { type: ['string', 'null'] },
    any: { anyOf: [{ type: 'string' }, { type: 'number' }] },
    currency: { enum: ['EUR', '978'] },
    free: { description: 'anything' },
    loop: { $ref: '#/properties/loop' },
  },
  $defs: { address: { type: 'object' } },
};

test('call: a word is read as the type that the tool says its argument has', async () => {
  guard.listed = [{ name: 'other' }, { name: 'b', inputSchema: schema }];
  guard.answers(allowed);
  const argumentsOf = async (...words: readonly string[]) => {
    guard.heard = [];
    const ran = await run(['call', 'a.b', ...words]);
    assert.equal(ran.code, 0, ran.err);
    return /"arguments":(\{.*\}),"_meta"/.exec(guard.heard[0]?.body ?? '')?.[1];
  };
  const typed: readonly (readonly [string, string])[] = [
    ['order=8839', '{"order":"8839"}'],
    ['order=true', '{"order":"true"}'],
    ['order="7"', '{"order":"\\"7\\""}'],
    ['order=[1', '{"order":"[1"}'],
    ['order=', '{"order":""}'],
    ['amount=420.00', '{"amount":420.00}'],
    ['amount=-0.5', '{"amount":-0.5}'],
    ['count=9007199254740993', '{"count":9007199254740993}'],
    ['urgent=false', '{"urgent":false}'],
    ['lines=[1,"2"]', '{"lines":[1,"2"]}'],
    ['address={"city":"Ulm"}', '{"address":{"city":"Ulm"}}'],
    ['note=null', '{"note":null}'],
    ['note=12', '{"note":"12"}'],
    ['note={"a":1,"a":2}', '{"note":"{\\"a\\":1,\\"a\\":2}"}'],
    ['any=12', '{"any":12}'],
    ['any=twelve', '{"any":"twelve"}'],
    ['any=true', '{"any":"true"}'],
    ['currency=978', '{"currency":"978"}'],
    ['free=12', '{"free":12}'],
    ['loop=12', '{"loop":12}'],
    ['absent=12', '{"absent":12}'],
  ];
  for (const [word, sent] of typed) assert.equal(await argumentsOf(word), sent, word);
  assert.equal(await argumentsOf('--text', 'amount=12'), '{"amount":"12"}');
  assert.equal(await argumentsOf('--json', '{"order":8839,"amount":"x"}'), '{"order":8839,"amount":"x"}');
});

test('call: a word that cannot be what the tool says its argument is, is not sent', async () => {
  guard.listed = [{ name: 'b', inputSchema: schema }];
  guard.answers(allowed);
  for (const word of [
    'amount=much',
    'amount=',
    'amount=true',
    'urgent=yes',
    'urgent=1',
    'lines=1',
    'lines=[1',
    'address=[]',
    'amount=0.1000000000000000055511151231257827',
  ]) {
    const { code, err } = await run(['call', 'a.b', word]);
    assert.equal(code, 2, word);
    assert.match(err, /The argument "\w+" takes |An argument cannot be read/, word);
  }
  assert.deepEqual(guard.heard, []);
});

test('call: the tool is looked for on every page of the list, and the arguments it wants in headers are mirrored there', async () => {
  const properties = {
    order: { type: 'string', 'x-mcp-header': 'Order' },
    deep: { properties: { region: { 'x-mcp-header': 'Region' } } },
  };
  const pages: Readonly<Record<string, object>> = {
    '': { tools: [{ name: 'other' }], nextCursor: 'two' },
    two: { tools: [{ name: 'b', inputSchema: { properties } }] },
  };
  terminal.server.mcp = (request, body, response) => {
    const { method, params } = JSON.parse(body.toString());
    const result = method === 'tools/list' ? pages[params.cursor ?? ''] : allowed.result;
    if (method === 'tools/call') guard.heard.push({ headers: request.headers, body: body.toString(), path: '' });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
  };
  assert.equal((await run(['call', 'a.b', 'order=8839', 'deep={"region":"größe"}'])).code, 0);
  const { headers } = guard.heard[0]!;
  assert.deepEqual(
    [headers['mcp-param-order'], headers['mcp-param-region']],
    ['8839', `=?base64?${Buffer.from('größe').toString('base64')}?=`],
  );
});

test('call: when no list comes, the call is made all the same, and the guard says what there is to say', async () => {
  for (const refuse of [
    (response: ServerResponse) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"no"}}'),
    (response: ServerResponse) => response.writeHead(500, { 'content-type': 'text/html' }).end('<html>'),
    (response: ServerResponse) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","id":1,"result":{"tools":{"length":-1},"nextCursor":5}}'),
  ]) {
    terminal.server.mcp = (_request, body, response) => {
      if (JSON.parse(body.toString()).method === 'tools/list') return void refuse(response);
      guard.heard.push({ headers: {}, body: body.toString(), path: '' });
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...denied }));
    };
    assert.equal((await run('call a.b order=8839')).code, 3);
    assert.match(guard.heard.at(-1)?.body ?? '', /"arguments":\{"order":8839\}/);
  }
});

test('call: __proto__ is an argument like any other', async () => {
  guard.answers(allowed);
  await run(['call', 'a.b', '__proto__={"admin":true}']);
  assert.match(guard.heard[0]?.body ?? '', /"arguments":\{"__proto__":\{"admin":true\}\}/);
});

test('call: a name beyond ASCII is mirrored as MCP 2026-07-28 has it', async () => {
  guard.answers(allowed);
  await run(['call', 'shop.größe']);
  assert.equal(guard.heard[0]?.headers['mcp-name'], `=?base64?${Buffer.from('größe').toString('base64')}?=`);
});
