import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Io } from '@surety/cli/io';
import { runCli } from '@surety/cli/run-cli';
import { openEnrolment } from '@surety/contract/registry-routes';
import { afterAll, beforeAll, test } from 'vitest';
import { type DemoServer, startServer } from '../src/demo/start-servers.ts';
import type { ByHand } from './by-hand.ts';
import { protect, refunds } from './company.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let home: string;
let bot: ByHand;
/** A system made with the official SDK. */
let shop: DemoServer;

beforeAll(async () => {
  rig = await openRig();
  home = await mkdtemp(join(tmpdir(), `surety-test-${process.pid}-`));
  shop = await startServer('shop');
  await protect(rig.maya, 'shop', shop.url);
  bot = await rig.hire('refund-bot', { permissions: [...refunds, { system: 'shop', actions: ['read_order'] }] });
});
afterAll(async () => {
  await shop.close();
  await rig.close();
  await rm(home, { recursive: true, force: true });
});

type Typed = { readonly signal?: AbortSignal; readonly onOutput?: (text: string) => void };

/** One line at a prompt that is no terminal, with a folder of its own. */
async function type(
  words: readonly string[],
  { signal, onOutput }: Typed = {},
): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const never = async (): Promise<never> => Promise.reject(new Error('nobody is at the keyboard'));
  const write = (stream: 'out' | 'err') => (text: string) => {
    said[stream] += text;
    onOutput?.(text);
  };
  const io: Io = {
    stdout: { write: write('out') },
    stderr: { write: write('err') },
    stdin: (async function* () {})(),
    env: { SURETY_HOME: home },
    isTty: { stdin: false, stdout: false, stderr: false },
    columns: 80,
    signal: signal ?? new AbortController().signal,
    now: Date.now,
    fetch: globalThis.fetch,
    ask: { yesOrNo: never, text: never, secret: never },
  };
  return { code: await runCli(words, io), ...said };
}

const run = (line: string, typed?: Typed) => type(line.split(' '), typed);
const codeFor = async (principal: string) => (await rig.maya.client.call(openEnrolment, { principal: principal as never })).code;

test('with two codes a person and an agent have keys here; both know the gateway from the server', async () => {
  const { issuer, gateway } = rig.place;
  const person = await run(`context add ${issuer} --name here --code ${await codeFor(rig.maya.id)}`);
  assert.deepEqual([person.code, person.err], [0, '']);
  assert.match(person.out, new RegExp(`you are: maya\\ngateway: ${gateway}\\n`));
  const agent = await run(`agent enrol refund-bot --url ${issuer} --code ${await codeFor(bot.id)} -o json`);
  assert.equal(agent.code, 0, agent.err);
  assert.equal(JSON.parse(agent.out).gateway, gateway);
});

test('a call is allowed, denied or held by the real guard; a person sees all of it, signs a yes, and it runs once', async () => {
  const before = rig.payments.executed.length;
  const allowed = await run('call payments.refund order=8839 amount=61.50');
  assert.equal(allowed.code, 0, allowed.err);
  assert.match(rig.payments.executed.at(-1)?.text ?? '', /"order":"8839"/, 'text, because the tool says so');
  assert.match(rig.payments.executed.at(-1)?.text ?? '', /"amount":61\.50\b/);
  const denied = await run('call payments.refund order=8842 amount=9800');
  assert.deepEqual([denied.code, /✗ \/amount is at most 1000 {6}found 9800/.test(denied.out)], [3, true]);
  assert.match(denied.out, /Computed again from what was kept, it falls the same way\./);
  const held = await run('call payments.refund order=8841 amount=420');
  assert.equal(held.code, 5);
  const request = /surety request show (apr_\w+)/.exec(held.out)?.[1] ?? '';
  const shown = await run(`request show ${request}`);
  assert.match(shown.out, /asks: refund-bot\nto call: payments\.refund\nwith: \{"amount":420,"order":"8841"\}\n/);
  assert.equal((await run(`request approve ${request} --yes`)).code, 0);
  assert.equal((await run('call payments.refund order=8841 amount=420')).code, 0);
  assert.equal((await run('call payments.refund order=8841 amount=420')).code, 5, 'and once');
  assert.equal(rig.payments.executed.length, before + 2);
});

test('who answered and why, and the log that proves it', async () => {
  await rig.checkLog();
  const { out } = await run('activity ls --state allowed --limit 1 -o name');
  const who = await run(`who ${out.trim()}`);
  assert.match(who.out, /^Maya Okafor \(head of support\) answered for this action at the time\.\n/);
  assert.match(who.out, /approved exactly this call, signed/);
  assert.equal((await run('log verify')).code, 0);
  assert.equal((await run(`log prove ${/surety log prove (\d+)/.exec(who.out)?.[1]}`)).code, 0);
});

/** Opens a bridge, and an official client that knows no keys, at the address that `surety connect` prints for this port. */
async function throughBridge(mode: 'auto' | undefined): Promise<void> {
  const stop = new AbortController();
  let say: (url: string) => void = () => undefined;
  const listening = new Promise<string>((resolve) => (say = resolve));
  const onOutput = (text: string): void => {
    const address = /http:\/\/127\.0\.0\.1:\d+\/mcp\/shop/.exec(text)?.[0];
    if (address !== undefined) say(address);
  };
  const ran = run('bridge shop --port 0', { signal: stop.signal, onOutput });
  const address = await listening;
  const printed = await run(`connect vscode shop --print --port ${new URL(address).port}`);
  assert.deepEqual(JSON.parse(printed.out), { servers: { shop: { type: 'http', url: address } } });
  const client = new Client({ name: 'test', version: '1' }, mode === undefined ? {} : { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(address)));
  assert.equal(client.getNegotiatedProtocolVersion(), mode === 'auto' ? '2026-07-28' : '2025-11-25');
  assert.deepEqual(
    (await client.listTools()).tools.map(({ name }) => name),
    ['read_order'],
  );
  const done = await client.callTool({ name: 'read_order', arguments: { order: '8839' } });
  assert.equal((done.structuredContent as { customer: string }).customer, 'Lena Fischer');
  const denied = await client.callTool({ name: 'cancel_order', arguments: { order: '8839' } });
  assert.equal((denied.structuredContent as { status: string }).status, 'denied');
  await client.close();
  stop.abort();
  assert.equal((await ran).code, 0);
}

test('an official client that knows no keys works through the bridge with the real guard, in both protocols', async () => {
  await throughBridge('auto');
  await throughBridge(undefined);
});

test('after a stop the command line says so: exit 10, and no token', async () => {
  const stopped = await run('stop agent refund-bot --reason tested');
  assert.deepEqual([stopped.code, /1 of 1 enforcement points/.test(stopped.out)], [0, true]);
  const { code, out, err } = await run('call payments.refund order=8839 amount=1');
  assert.deepEqual([code, out], [10, '']);
  assert.match(
    err,
    /No token is given: .* not active\n {2}→ Ask the person who answers for it whether it was stopped\.\n {2}id req_/,
  );
  assert.equal((await run('start refund-bot --reason tested')).code, 0);
  assert.equal((await run('call payments.refund order=8839 amount=1')).code, 0);
});
