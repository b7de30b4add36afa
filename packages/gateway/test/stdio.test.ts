import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import type { Upstream } from '@surety/contract/system';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { describeUpstream } from '../src/describe-upstream.ts';
import { createBackOff } from '../src/upstream/back-off.ts';
import { at, messagesOf, type RawAnswer } from './raw-caller.ts';
import { openRig, type Rig } from './rig.ts';

const child: Upstream = {
  kind: 'mcp-stdio',
  command: process.execPath,
  args: [fileURLToPath(new URL('stdio-child.mjs', import.meta.url))],
};
const operations = ['echo', 'die', 'silence', 'environment', 'progress', 'garbage'];
const canary = 'canary-stdio-5d21';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig({ limits: { callMs: 2_000 } });
  rig.system('shop', child, operations, { name: 'SHOP_KEY', value: canary });
  rig.system('fragile', child, operations);
  rig.system('absent', { kind: 'mcp-stdio', command: '/nonexistent/command', args: [] }, operations);
  rig.system('shell', { kind: 'mcp-stdio', command: 'echo hello; sh', args: [] }, operations);
});

afterAll(() => rig.close());

const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
const call = (system: string, name: string, args: object = {}, token?: string): Promise<RawAnswer> =>
  rig
    .caller(system)
    .post('tools/call', { name, arguments: args, _meta: { ...meta, ...(token === undefined ? {} : { progressToken: token }) } });
const textOf = (answer: RawAnswer): string => String(at(messagesOf(answer).at(-1), 'result', 'content', 0, 'text'));
const problemOf = (answer: RawAnswer): unknown => at(messagesOf(answer).at(-1), 'result', 'structuredContent', 'problem');

describe('a system behind a command', () => {
  test("gets the call, no word of the caller's envelope, and every digit", async () => {
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"n":9007199254740993,"deep":[123456789012345678901]},"_meta":${JSON.stringify({ ...meta, traceparent: '00-t' })}}}`;
    const answer = await rig.caller('shop').post('tools/call', { name: 'echo' }, { body });
    assert.match(
      textOf(answer),
      /"params":\{"name":"echo","arguments":\{"n":9007199254740993,"deep":\[123456789012345678901\]\},"_meta":\{"traceparent":"00-t"\}\}/,
    );
  });

  test('gets a small environment and its own credential; no caller sees that (MG-29, I13)', async () => {
    const answer = await call('shop', 'environment');
    assert.ok(!answer.text.includes(canary));
    const { names, key } = JSON.parse(textOf(answer)) as { names: string[]; key: string };
    assert.match(key, /removed by Surety/);
    const allowed = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER', 'SHOP_KEY', '__CF_USER_TEXT_ENCODING'];
    assert.deepEqual(
      names.filter((name) => !allowed.includes(name)),
      [],
    );
  });

  test('is one process for all callers, and speaks to callers of both versions', async () => {
    const pids = await Promise.all(
      [1, 2, 3].map(async () => (JSON.parse(textOf(await call('shop', 'environment'))) as { pid: number }).pid),
    );
    assert.equal(new Set(pids).size, 1);
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    };
    const older = await rig
      .caller('shop')
      .send({ headers, body: JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'environment' } }) });
    assert.equal((JSON.parse(textOf(older)) as { pid: number }).pid, pids[0]);
  });

  test("tells of its progress under the caller's own token", async () => {
    const messages = messagesOf(await call('shop', 'progress', {}, 'mine'));
    assert.deepEqual(
      messages.slice(0, 2).map((message) => [at(message, 'params', 'progressToken'), at(message, 'params', 'progress')]),
      [
        ['mine', 1],
        ['mine', 2],
      ],
    );
  });

  test('offers what the guard offers of it: no tasks, no logging for all to see', async () => {
    const [answer] = messagesOf(await rig.caller('shop').post('server/discover'));
    assert.deepEqual(Object.keys(at(answer, 'result', 'capabilities') as object), ['tools']);
  });

  test('may write nonsense, and is silent in vain', async () => {
    assert.equal(textOf(await call('shop', 'garbage')), 'after garbage');
    assert.equal(problemOf(await call('shop', 'silence')), 'upstream_timeout');
    assert.equal(rig.house.settled.at(-1)?.outcome.state, 'cut');
    assert.equal(textOf(await call('shop', 'garbage')), 'after garbage');
  });

  test('that ends in the middle of a call: it is not known what became of it; it is started again, paced', async () => {
    assert.equal(problemOf(await call('fragile', 'die')), 'connection_lost');
    assert.deepEqual([rig.house.settled.at(-1)?.outcome.state], ['cut']);
    assert.equal(problemOf(await call('fragile', 'environment')), 'upstream_unreachable');
    await pause(600);
    assert.match(textOf(await call('fragile', 'environment')), /pid/);
  });

  test('that is not there, or is a line for a shell, does nothing', async () => {
    for (const system of ['absent', 'shell']) {
      assert.equal(problemOf(await call(system, 'echo')), 'upstream_unreachable');
      assert.equal(rig.house.settled.at(-1)?.outcome.state, 'failed');
    }
  });

  test('ends with the guard', async () => {
    const own = await openRig();
    own.system('shop', child, operations);
    const answer = await own.caller('shop').post('tools/call', { name: 'environment', arguments: {} });
    const { pid } = JSON.parse(textOf(answer)) as { pid: number };
    assert.ok(isAlive(pid));
    await own.close();
    await pause(50);
    assert.ok(!isAlive(pid));
  });

  test('is described by starting it and ending it again', async () => {
    const described = await describeUpstream(child, { place: { kind: 'environment', name: 'SHOP_KEY' }, reveal: () => canary });
    assert.deepEqual(
      described.map(({ name }) => name),
      operations,
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('restarts wait longer after each end in a row, and start anew after a long life', () => {
  let now = 1_000;
  const backOff = createBackOff(() => now);
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
    backOff.started();
    backOff.ended();
    const endedAt = now;
    while (!backOff.mayStart()) now += 100;
    return now - endedAt;
  });
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  backOff.started();
  now += 60_000;
  backOff.ended();
  now += 500;
  assert.ok(backOff.mayStart());
});
