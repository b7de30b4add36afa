import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { at, makeProof, messagesOf, rawRequest, type RawAnswer, type RawCaller, type RawRequest } from './raw-caller.ts';
import { answerJson, event, openRawSystem, progress, type RawSystem, type Received, resultOf, textResult } from './raw-system.ts';
import { openRig, type Rig } from './rig.ts';
import { decision } from './scripted-house.ts';

/** The older protocol: a session that the system opens, a stream, and an end. */
const systemSession = 'system-session-1';
const version = '2025-11-25';

let rig: Rig;
let shop: RawSystem;
let behave: ((received: Received, response: ServerResponse) => void) | undefined;

const openStream = (response: ServerResponse): void =>
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();

beforeAll(async () => {
  shop = await openRawSystem((received, response) => {
    const { message, method } = received;
    if (behave !== undefined) return behave(received, response);
    if (method === 'DELETE') return void response.writeHead(204).end();
    if (method === 'GET') return void response.writeHead(405).end();
    if (message?.['method'] === 'initialize') {
      const capabilities = {
        tools: {},
        tasks: { list: {} },
        extensions: { 'io.modelcontextprotocol/tasks': {}, 'com.example/x': {} },
      };
      return answerJson(
        response,
        resultOf(message['id'], { protocolVersion: version, capabilities, serverInfo: { name: 's', version: '1' } }),
        200,
        { 'mcp-session-id': systemSession },
      );
    }
    if (message?.['id'] === undefined || message['method'] === undefined) return void response.writeHead(202).end();
    answerJson(response, textResult(message['id'], 'done'));
  });
  rig = await openRig();
  rig.system('shop', shop.url, ['refund']);
  rig.system('twin', shop.url, ['refund']);
});

beforeEach(() => {
  behave = undefined;
});

afterAll(async () => {
  await rig.close();
  await shop.close();
});

const say = (
  caller: RawCaller,
  message: object | undefined,
  mcpSession?: string,
  more: Partial<RawRequest> = {},
): Promise<RawAnswer> =>
  caller.send({
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      ...(mcpSession === undefined ? {} : { 'mcp-session-id': mcpSession }),
      ...more.headers,
    },
    ...(message === undefined ? {} : { body: JSON.stringify({ jsonrpc: '2.0', ...message }) }),
    ...(more.method === undefined ? {} : { method: more.method }),
    ...(more.signal === undefined ? {} : { signal: more.signal }),
    ...(more.onChunk === undefined ? {} : { onChunk: more.onChunk }),
  });

const initialize = {
  id: 0,
  method: 'initialize',
  params: { protocolVersion: version, capabilities: { elicitation: {}, tasks: {} }, clientInfo: { name: 'c', version: '1' } },
};

async function open(caller: RawCaller): Promise<string> {
  const answer = await say(caller, initialize);
  assert.equal(answer.status, 200);
  return String(answer.headers['mcp-session-id']);
}

async function until(holds: () => boolean, ms = 3_000): Promise<void> {
  for (const end = Date.now() + ms; !holds(); await pause(5)) assert.ok(Date.now() < end, 'it did not come to that in time');
}

describe('a session', () => {
  test("is the caller's own: the system's id is sealed, and opened for whoever opened it (MG-12)", async () => {
    const caller = rig.caller('shop');
    const mcpSession = await open(caller);
    assert.ok(!mcpSession.includes(systemSession));
    const answer = await say(caller, { id: 1, method: 'tools/call', params: { name: 'refund', arguments: {} } }, mcpSession);
    assert.equal(answer.status, 200);
    assert.equal(shop.received.at(-1)?.headers['mcp-session-id'], systemSession);
    assert.equal(shop.received.at(-1)?.headers['mcp-protocol-version'], version);
    assert.equal(shop.received.at(-1)?.headers['mcp-method'], undefined);
  });

  test('of another principal, another key, another system, or made up, is not found', async () => {
    const principal = 'agt_same';
    const caller = rig.caller('shop', { principal });
    const mcpSession = await open(caller);
    const before = shop.received.length;
    const others = [
      rig.caller('shop'),
      rig.caller('shop', { principal }),
      rig.caller('shop', { key: caller.key }),
      rig.caller('twin', { principal, key: caller.key }),
    ];
    for (const other of others) {
      for (const method of ['POST', 'GET', 'DELETE']) {
        const answer = await say(other, method === 'POST' ? { id: 1, method: 'ping' } : undefined, mcpSession, { method });
        assert.equal(answer.status, 404);
      }
    }
    for (const guess of [systemSession, '', 'A'.repeat(60), 'A'.repeat(5_000), mcpSession.slice(0, -1), `${mcpSession}A`]) {
      assert.equal((await say(caller, { id: 1, method: 'ping' }, guess)).status, 404);
    }
    assert.equal(shop.received.length, before);
  });

  test('is ended by its caller; a system that has forgotten it says 404', async () => {
    const caller = rig.caller('shop');
    const mcpSession = await open(caller);
    assert.equal((await say(caller, undefined, mcpSession, { method: 'DELETE' })).status, 204);
    assert.deepEqual([shop.received.at(-1)?.method, shop.received.at(-1)?.headers['mcp-session-id']], ['DELETE', systemSession]);
    behave = (_, response) =>
      answerJson(response, { jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'Session not found' } }, 404);
    const answer = await say(caller, { id: 5, method: 'ping' }, mcpSession);
    assert.equal(answer.status, 404);
    assert.equal(at(messagesOf(answer)[0], 'id'), 5);
  });

  test('offers nothing that this guard does not: tasks are taken out both ways', async () => {
    const answer = await say(rig.caller('shop'), initialize);
    assert.deepEqual(at(messagesOf(answer)[0], 'result', 'capabilities'), { tools: {}, extensions: { 'com.example/x': {} } });
    assert.deepEqual(at(shop.received.at(-1)?.message, 'params', 'capabilities'), { elicitation: {} });
    for (const method of ['tasks/list', 'tasks/result']) {
      const refused = await say(rig.caller('shop'), { id: 2, method });
      assert.equal(refused.status, 200);
      assert.equal(at(messagesOf(refused)[0], 'error', 'code'), -32_601);
    }
  });

  test('has no stream where the system has none, and none in 2026-07-28', async () => {
    const caller = rig.caller('shop');
    const mcpSession = await open(caller);
    assert.equal((await say(caller, undefined, mcpSession, { method: 'GET' })).status, 405);
    assert.equal(
      (await say(caller, undefined, undefined, { method: 'GET', headers: { 'mcp-protocol-version': '2026-07-28' } })).status,
      405,
    );
  });
});

describe('the stream of a session', () => {
  const request = { jsonrpc: '2.0', id: 'q1', method: 'elicitation/create', params: { message: 'Who?' } };
  const note = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' };

  test('brings requests and notifications, never an answer: answers come with their call', async () => {
    const caller = rig.caller('shop');
    const mcpSession = await open(caller);
    behave = (_, response) => {
      openStream(response);
      response.end(event(request) + event(textResult(7, 'an answer out of its call')) + event(note));
    };
    const answer = await say(caller, undefined, mcpSession, { method: 'GET' });
    assert.deepEqual(
      messagesOf(answer).map(({ method }) => method),
      ['elicitation/create', 'notifications/tools/list_changed'],
    );
    behave = undefined;
    assert.equal((await say(caller, { id: 'q1', result: { action: 'accept' } }, mcpSession)).status, 202);
    assert.deepEqual(shop.received.at(-1)?.message, { jsonrpc: '2.0', id: 'q1', result: { action: 'accept' } });
  });

  test("an answer, or word of progress, that belongs to no session is nobody's", async () => {
    const before = shop.received.length;
    const progressOf = { method: 'notifications/progress', params: { progressToken: 1, progress: 1 } };
    for (const message of [{ id: 0, result: { action: 'accept' } }, progressOf]) {
      assert.equal((await say(rig.caller('shop'), message)).status, 400);
    }
    assert.equal(shop.received.length, before);
  });

  test('stands before anything is said, ends with a stop, and with its token', async () => {
    for (const end of ['stop', 'expiry'] as const) {
      behave = undefined;
      const caller = rig.caller('shop');
      const mcpSession = await open(caller);
      let closed = false;
      behave = (_, response) => {
        openStream(response);
        response.once('close', () => (closed = true));
      };
      const token = end === 'expiry' ? rig.house.mint(caller.principal, caller.key.jkt, caller.resource, 1) : caller.token;
      const startedAt = Date.now();
      const stream =
        end === 'expiry' ? sendWith(caller, token, mcpSession) : say(caller, undefined, mcpSession, { method: 'GET' });
      if (end === 'stop') setTimeout(() => rig.house.stop(caller.principal), 50);
      assert.equal((await stream).status, 200);
      assert.ok(Date.now() - startedAt < 2_000);
      await until(() => closed);
    }
  });
});

async function sendWith(caller: RawCaller, token: string, mcpSession: string): Promise<RawAnswer> {
  const dpop = makeProof(caller.key, { method: 'GET', url: caller.resource, token, nonce: rig.house.nonce() });
  return rawRequest(caller.resource, {
    method: 'GET',
    headers: {
      authorization: `DPoP ${token}`,
      dpop,
      accept: 'text/event-stream',
      'mcp-protocol-version': version,
      'mcp-session-id': mcpSession,
    },
  });
}

describe('notifications/cancelled', () => {
  const cancel = (requestId: unknown): object => ({ method: 'notifications/cancelled', params: { requestId } });
  const slow = { id: 41, method: 'tools/call', params: { name: 'refund', arguments: {}, _meta: { progressToken: 1 } } };

  test("ends the caller's own call, and is passed on within its session", async () => {
    const caller = rig.caller('shop');
    const mcpSession = await open(caller);
    behave = ({ message }, response) => {
      if (message?.['method'] === 'notifications/cancelled') return void response.writeHead(202).end();
      openStream(response);
      response.write(event(progress(1, 1)));
    };
    const answer = say(caller, slow, mcpSession);
    await until(() => shop.received.at(-1)?.message?.['method'] === 'tools/call');
    await pause(30);
    assert.equal((await say(caller, cancel(41), mcpSession)).status, 202);
    assert.deepEqual(shop.received.at(-1)?.message?.['params'], { requestId: 41 });
    assert.match((await answer).text, /Cut off/);
    assert.deepEqual(
      [rig.house.settled.at(-1)?.outcome.state, rig.house.settled.at(-1)?.outcome.problem],
      ['cut', 'client_gone'],
    );
  });

  test('ends a call of the caller that waits for a person', async () => {
    const caller = rig.caller('shop');
    const mcpSession = await open(caller);
    const before = shop.received.length;
    const { decide } = rig.house;
    const waits = new Promise<void>((resolve) => {
      rig.house.decide = (_caller, _call, { signal }) => {
        resolve();
        const result = {
          actionId: 'act_9',
          approvalId: 'apr_9',
          expiresAt: 'then',
          answerableName: 'Maya',
          decision: decision('held.mandate', 'hold'),
        };
        return new Promise((end) => signal.addEventListener('abort', () => end({ kind: 'held', ...result })));
      };
    });
    const answer = say(caller, slow, mcpSession);
    await waits;
    await say(caller, cancel(41), mcpSession);
    assert.match((await answer).text, /Held: refund/);
    assert.equal(shop.received.length, before + 1, 'the cancellation alone has gone out');
    rig.house.decide = decide;
  });

  test("of somebody else's call does nothing (MG-23)", async () => {
    const caller = rig.caller('shop');
    const others = [
      rig.caller('shop'),
      rig.caller('shop', { principal: caller.principal }),
      rig.caller('shop', { key: caller.key }),
      rig.caller('twin', { principal: caller.principal, key: caller.key }),
    ];
    let answerNow = (): void => {};
    behave = ({ message }, response) => {
      answerNow = () => answerJson(response, textResult(message?.['id'], 'whole'));
    };
    const answer = say(caller, slow);
    await until(() => shop.received.at(-1)?.message?.['method'] === 'tools/call');
    const before = shop.received.length;
    for (const other of others) assert.equal((await say(other, cancel(41))).status, 202);
    assert.equal((await say(caller, cancel('41'))).status, 202);
    assert.equal(shop.received.length, before, 'without a session the system could not tell whose it is');
    answerNow();
    assert.match((await answer).text, /whole/);
  });

  test('of one of two calls that cannot be told apart ends neither', async () => {
    const caller = rig.caller('shop');
    const waiting: (() => void)[] = [];
    behave = ({ message }, response) => void waiting.push(() => answerJson(response, textResult(message?.['id'], 'whole')));
    const answers = [say(caller, slow), say(caller, slow)];
    await until(() => waiting.length === 2);
    await say(caller, cancel(41));
    for (const answerNow of waiting) answerNow();
    for (const answer of await Promise.all(answers)) assert.match(answer.text, /whole/);
  });
});
