import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { refreshSystem } from '@surety/contract/authority-routes';
import { getAction, listActions } from '@surety/contract/oversight-routes';
import { afterAll, beforeAll, test } from 'vitest';
import { type ByHand, readTold, type Told } from './by-hand.ts';
import { hashOf } from './forge.ts';
import { bodyOf, messagesOf, sendRaw } from './raw-http.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let agent: ByHand;
let payments: string;

beforeAll(async () => {
  rig = await openRig();
  agent = await rig.hire('refund-bot');
  payments = `${rig.place.gateway}/mcp/payments`;
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

/** A call with exactly this text as its arguments; what was said, and what the system saw of it. */
async function call(text: string, tool = 'refund'): Promise<{ told: Told; seen: readonly string[] }> {
  const before = rig.payments.executed.length;
  const told = await agent.call('payments', tool, text);
  return { told, seen: rig.payments.executed.slice(before).map((one) => one.text) };
}

async function assertNotPassed(text: string, said: Told['said'], reason?: string): Promise<void> {
  const { told, seen } = await call(text);
  assert.deepEqual(
    [told.said, reason === undefined ? undefined : told.reason, seen],
    [said, reason, []],
    `${text}: ${told.text}`,
  );
  if (said === 'denied') {
    const [record] = (await rig.entries('call.denied', agent.id)).slice(-1);
    assert.deepEqual([record?.about, record?.data['reason']], [told.action, told.reason]);
  }
}

test('where a number is limited, only a number within the limit passes', async () => {
  const wrong = ['"1"', '"0100"', '"NaN"', '"Infinity"', '"1e3"', '" 1 "', 'null', 'true', '[1]', '{"value":1}', '[]', '""'];
  for (const amount of wrong) await assertNotPassed(`{"order":"w","amount":${amount}}`, 'denied', 'mandate.constraint');
  for (const text of [
    '{"order":"w"}',
    '{"order":"w","Amount":1}',
    '{"order":"w","amount ":1}',
    '{"order":"w","nested":{"amount":1}}',
    '{}',
  ]) {
    await assertNotPassed(text, 'denied', 'mandate.constraint');
  }
  for (const amount of ['0', '-0', '-1', '1000.0001', '1001', '1e4', '0.00001'])
    await assertNotPassed(`{"order":"w","amount":${amount}}`, 'denied', 'mandate.constraint');
  for (const amount of ['1', '250', '1e2', '99.9999', '0.5', '2.5e1']) {
    const { told, seen } = await call(`{"order":"r","amount":${amount}}`);
    assert.equal(told.said, 'allowed', `${amount}: ${told.text}`);
    assert.equal(seen.length, 1);
  }
});

test('what is not a JSON number, or not exactly one, is refused before anything is decided', async () => {
  for (const amount of ['NaN', 'Infinity', '01', '+1', '.5', '1.', '0x10', '1e999', '0.1234567890123456789', '1_000']) {
    await assertNotPassed(`{"order":"n","amount":${amount}}`, 'refused');
  }
});

test('integers past 2^53 are compared and passed on by every digit', async () => {
  // As doubles the last two of each row are the same number.
  const wide = await rig
    .hire('wide', {
      permissions: [
        { system: 'payments', actions: ['refund'], where: { '/amount': { max: '9007199254740992' } } },
        { system: 'payments', actions: ['payout'], where: { '/amount': { max: '99999999999999.9999' } } },
        { system: 'payments', actions: ['read_order'] },
      ],
    })
    .catch((thrown: unknown) => thrown);
  // A limit past 15 digits cannot be given: nothing that Cedar cannot hold becomes a rule.
  assert.ok(wide instanceof Error, 'a limit of 16 digits was taken');
  const exact = await rig.hire('exact', {
    permissions: [
      { system: 'payments', actions: ['refund'], where: { '/amount': { max: '900719925474099' } } },
      { system: 'payments', actions: ['payout'] },
    ],
  });
  for (const amount of [
    '9007199254740993',
    '9007199254740992',
    '1234567890123456789',
    '9223372036854775808',
    '900719925474099.1',
    '1e15',
  ]) {
    const told = await exact.call('payments', 'refund', `{"order":"big","amount":${amount}}`);
    assert.deepEqual([told.said, told.reason], ['denied', 'mandate.constraint'], amount);
  }
  assert.equal((await exact.call('payments', 'refund', '{"order":"big","amount":900719925474099}')).said, 'allowed');
  for (const amount of [
    '9007199254740993',
    '1234567890123456789',
    '-9223372036854775809',
    '123456789012345678901234567890',
    '1e2',
    '1.50',
  ]) {
    const before = rig.payments.executed.length;
    assert.equal((await exact.call('payments', 'payout', `{"iban":"x","amount":${amount}}`)).said, 'allowed', amount);
    const seen = /"amount":([^,}]+)/.exec(rig.payments.executed[before]?.text ?? '')?.[1];
    assert.equal(seen, amount, 'the system saw other digits');
  }
});

test('a number is the same to the person who is asked as to the system', async () => {
  const { told } = await call('{"order":"shown","amount":900.10}');
  assert.equal(told.said, 'held', told.text);
  const shown = await rig.maya.byHand.api('GET', `/v1/requests/${told.approval}`);
  assert.match(String(bodyOf(shown)['argumentsText']), /900\.1/);
});

test('an object with a key twice is refused, however the key is written', async () => {
  for (const text of [
    '{"order":"d","amount":1,"amount":900}',
    '{"order":"d","amount":1,"\\u0061mount":900}',
    '{"order":"d","amount":1,"note":{"x":1,"x":2}}',
  ]) {
    await assertNotPassed(text, 'refused');
  }
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"payout","arguments":{}}}';
  const answer = await agentSends(body, { 'mcp-method': 'tools/list' });
  assert.equal(answer.status, 400);
});

async function agentSends(body: string | Buffer, headers: Record<string, string> = {}) {
  const token = await agent.token(payments);
  const dpop = await agent.proof({ method: 'POST', url: payments, token });
  const common = {
    'content-type': 'application/json',
    accept: 'application/json',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
  };
  return sendRaw(payments, { headers: { ...common, authorization: `DPoP ${token}`, dpop, ...headers }, body });
}

test('what nests too deeply, is too large, or is no UTF-8 is refused, and the guard goes on', async () => {
  for (const depth of [65, 1_000, 100_000]) {
    await assertNotPassed(`{"order":"deep","amount":1,"note":${'['.repeat(depth)}${']'.repeat(depth)}}`, 'refused');
  }
  const large = await agentSends(Buffer.alloc(10 << 20, 0x20));
  assert.equal(large.status, 413);
  const many = await agentSends(
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refund","arguments":{"order":[${'1,'.repeat(600_000)}1]}}}`,
  );
  assert.equal(many.status, 400);
  for (const bytes of [
    [0xff, 0xfe],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xef, 0xbb, 0xbf],
  ]) {
    const text = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"'),
      Buffer.from(bytes),
      Buffer.from('"}}'),
    ]);
    assert.equal((await agentSends(text)).status, 400);
  }
  assert.equal((await agentSends('{"jsonrpc":"2.0","id":1')).status, 400);
  assert.equal((await agentSends('[{"jsonrpc":"2.0","id":1,"method":"tools/call"}]')).status, 400);
  assert.equal((await call('{"order":"after","amount":1}')).told.said, 'allowed');
});

test('a body that never ends is cut off at its limit', async () => {
  const token = await agent.token(payments);
  const dpop = await agent.proof({ method: 'POST', url: payments, token });
  const headers = { 'content-type': 'application/json', authorization: `DPoP ${token}`, dpop, 'transfer-encoding': 'chunked' };
  const outgoing = httpRequest(payments, { method: 'POST', headers });
  const filler = setInterval(() => outgoing.write(Buffer.alloc(1 << 20, 0x20)), 5);
  const closed = new Promise<void>((resolve) => outgoing.once('close', resolve));
  outgoing.on('error', () => clearInterval(filler)); // how it ends when the guard has enough
  const status = await new Promise<number>((resolve) => {
    outgoing.once('response', (incoming) => resolve(incoming.resume().statusCode ?? 0));
    outgoing.once('close', () => resolve(0));
  });
  assert.equal(status, 413);
  await closed;
  clearInterval(filler);
});

test('a tool that is not listed for the agent is denied when it is called all the same', async () => {
  const listed = messagesOf(await agent.message('payments', 'tools/list', {}))[0]?.['result'] as { tools: { name: string }[] };
  const names = listed.tools.map(({ name }) => name);
  assert.equal(names.includes('payout'), false);
  assert.equal(names.includes('refund'), true);
  const { told, seen } = await call('{"iban":"x","amount":1}', 'payout');
  assert.deepEqual([told.said, told.reason, seen], ['denied', 'mandate.silent', []]);
});

test('a tool that the system does not have, or that nobody has looked at, is denied', async () => {
  for (const tool of ['nothing', 'REFUND', 'refund ', 'ref\u200bund', '__proto__', 'constructor', 'refund/../payout']) {
    const { told, seen } = await callNamed(tool);
    assert.deepEqual([told.said, seen], ['denied', []], tool);
    assert.equal(told.reason, 'operation.unknown');
  }
  assert.equal((await callNamed('x'.repeat(201))).told.said, 'refused');
  const all = await rig.hire('all', { permissions: [{ system: 'payments', actions: ['*'] }] });
  assert.equal((await all.call('payments', 'nothing', {})).reason, 'operation.unknown');
});

async function callNamed(name: string): Promise<{ told: Told; seen: readonly string[] }> {
  const before = rig.payments.executed.length;
  const header = /^[\x21-\x7e]+$/.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`;
  const params = JSON.stringify({ name, arguments: { order: 't', amount: 1 } });
  const raw = await agent.message('payments', 'tools/call', params, { headers: { 'mcp-name': header } });
  return { told: readTold(raw), seen: rig.payments.executed.slice(before).map((one) => one.text) };
}

test('a system that is not protected here is not there, and what a token is for does not become one', async () => {
  const token = await agent.token(payments);
  for (const system of ['nothing', 'PAYMENTS', 'shop%2f..%2fpayments', '..%2fpayments', 'payments%00', 'payments;x=1']) {
    const url = `${rig.place.gateway}/mcp/${system}`;
    const dpop = await agent.proof({ method: 'POST', url, token });
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refund","arguments":{"order":"s","amount":1}}}';
    const answer = await sendRaw(url, {
      headers: { authorization: `DPoP ${token}`, dpop, 'content-type': 'application/json' },
      body,
    });
    assert.equal([401, 404].includes(answer.status), true, `${system}: ${answer.status}`);
  }
  assert.equal(
    rig.payments.executed.some(({ text }) => text.includes('"order":"s"')),
    false,
  );
});

test('headers that say something else than the body are refused', async () => {
  const body = (name: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":{"order":"h","amount":1},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`;
  const before = rig.payments.executed.length;
  for (const headers of [
    { 'mcp-name': 'read_order' },
    { 'mcp-method': 'tools/list', 'mcp-name': 'refund' },
    {},
    { 'mcp-name': 'refund', 'mcp-protocol-version': '2025-11-25' },
  ]) {
    assert.equal((await agentSends(body('refund'), headers as Record<string, string>)).status, 400);
  }
  assert.equal((await agentSends(body('refund'), { 'mcp-name': 'refund', 'content-type': 'text/plain' })).status, 415);
  assert.equal(rig.payments.executed.length, before);
});

test('what was allowed is told of with its digits, and its record is the digest of what was sent', async () => {
  const { told, seen } = await call('{"note":"b","order":"t","amount":12.30}');
  assert.equal(told.said, 'allowed');
  const sent = /"arguments":(\{.*?\})/.exec(seen[0] ?? '')?.[1];
  assert.equal(sent?.includes('"amount":12.30') === true || sent?.includes('"amount":12.3') === true, true, sent);
  const { items } = await rig.maya.client.call(listActions, { agent: 'refund-bot', limit: 1 });
  const action = await rig.maya.client.call(getAction, { action: items[0]?.id as never });
  assert.equal(action.state, 'allowed');
  assert.match(action.summary, /amount 12\.3/);
  const [outcome] = (await rig.entries('call.completed', agent.id)).slice(-1);
  assert.equal(outcome?.about, action.id);
  assert.equal(outcome?.data['resultDigest'], hashOf(told.raw.text));
});

test('reading the operations again does not turn one that was looked at into another', async () => {
  rig.payments.redescribe('read_order', 'Reads an order, and pays it out.');
  const { operations } = await rig.maya.client.call(refreshSystem, { system: 'payments' });
  assert.equal(operations.find(({ name }) => name === 'read_order')?.effect, 'unknown');
  assert.equal(operations.find(({ name }) => name === 'refund')?.effect, 'money');
});
