import assert from 'node:assert/strict';
import { getHuman, listAgents, moveAgent, registerAgent } from '@surety/contract/registry-routes';
import { getCheckpoint, listActions, proveInclusion } from '@surety/contract/oversight-routes';
import { getSystem, removeSystem } from '@surety/contract/authority-routes';
import { test } from 'vitest';
import { buildRequest, createClient } from '../src/client.ts';
import { SuretyError } from '../src/surety-error.ts';

const checkpoint = { origin: 'surety.example/log', size: 3, root: 'AAAA', note: 'a\n', vkey: 'v' };

function clientThatHears(answer: unknown, init: ResponseInit = {}) {
  const sent: { url: string; init: RequestInit | undefined }[] = [];
  const fetch: typeof globalThis.fetch = async (input, options) => {
    sent.push({ url: new Request(input).url, init: options });
    return answer instanceof Response ? answer : Response.json(answer, init);
  };
  return { client: createClient({ url: 'https://surety.example', fetch, openFetch: fetch }), sent };
}

async function errorOf(promise: Promise<unknown>): Promise<SuretyError> {
  const thrown = await promise.then(
    () => assert.fail('was not refused'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof SuretyError, String(thrown));
  return thrown;
}

test('members in braces go into the path, others into the query or the body', () => {
  assert.deepEqual(buildRequest(getHuman, { human: 'maya' }), { method: 'GET', target: '/v1/humans/maya', body: undefined });
  assert.deepEqual(buildRequest(listActions, { agent: 'refund-bot', limit: 5, system: undefined }), {
    method: 'GET',
    target: '/v1/actions?agent=refund-bot&limit=5',
    body: undefined,
  });
  assert.deepEqual(buildRequest(moveAgent, { agent: 'refund-bot', to: 'retired', reason: 'a & b' }), {
    method: 'POST',
    target: '/v1/agents/refund-bot/state',
    body: '{"to":"retired","reason":"a & b"}',
  });
  assert.deepEqual(buildRequest(removeSystem, { system: 'shop' }), {
    method: 'DELETE',
    target: '/v1/systems/shop',
    body: undefined,
  });
  assert.deepEqual(buildRequest(listAgents, {}), { method: 'GET', target: '/v1/agents', body: undefined });
  assert.deepEqual(buildRequest(proveInclusion, { index: 0 }), {
    method: 'GET',
    target: '/v1/log/entries/0/proof',
    body: undefined,
  });
});

test('attack: a name cannot step out of its place in the path', () => {
  assert.equal(buildRequest(getSystem, { system: 'a/b?c#d%2e' }).target, '/v1/systems/a%2Fb%3Fc%23d%252e');
  for (const value of ['', '.', '..']) {
    assert.throws(
      () => buildRequest(getSystem, { system: value }),
      (thrown) => thrown instanceof SuretyError && thrown.code === 'request.malformed',
    );
  }
});

test('an answer is parsed by its route', async () => {
  const { client, sent } = clientThatHears(checkpoint);
  assert.deepEqual(await client.call(getCheckpoint, {}), checkpoint);
  assert.equal(sent[0]?.url, 'https://surety.example/v1/log/checkpoint');
  assert.equal(sent[0]?.init?.redirect, 'error');
});

test('what a newer server says beside it is left out, at any depth', async () => {
  const human = {
    id: 'hum_01k9z7qh4m8y2c3d4e5f6g7h8j',
    name: 'maya',
    displayName: 'Maya Okafor',
    title: 'head of support',
    groups: [],
    roles: ['owner'],
    state: 'active',
    revision: 1,
    createdAt: '2026-11-25T02:00:00Z',
  };
  const { client } = clientThatHears({ human: { ...human, pronouns: 'she' }, answersFor: [], deputyOf: [], more: { deep: 1 } });
  assert.deepEqual(await client.call(getHuman, { human: 'maya' }), { human, answersFor: [], deputyOf: [] });
});

test('an answer that is something else is refused, and said without its values', async () => {
  const { client } = clientThatHears({ ...checkpoint, size: 'secret' });
  const error = await errorOf(client.call(getCheckpoint, {}));
  assert.equal(error.code, 'local.unexpected_answer');
  assert.doesNotMatch(JSON.stringify([error.message, error.why]), /secret/);
  for (const body of ['<html>', '', '[]', 'null']) {
    const other = clientThatHears(new Response(body, { headers: { 'content-type': 'text/html' } }));
    assert.equal((await errorOf(other.client.call(getCheckpoint, {}))).code, 'local.unexpected_answer');
  }
});

test('a problem document is an error with code, status, next, why, issues and id', async () => {
  const { client } = clientThatHears(
    {
      type: 'urn:surety:fault:access.denied',
      title: 'Policy does not permit this',
      status: 403,
      code: 'access.denied',
      next: 'Ask.',
      requestId: 'req_1',
      why: ['because'],
      issues: [{ path: '/a', message: 'is wrong' }],
    },
    { status: 403 },
  );
  const error = await errorOf(client.call(registerAgent, { name: 'a', displayName: 'A', purpose: 'p', owner: 'maya' }));
  assert.deepEqual(
    [error.code, error.status, error.title, error.next, error.why, error.issues, error.requestId],
    ['access.denied', 403, 'Policy does not permit this', 'Ask.', ['because'], [{ path: '/a', message: 'is wrong' }], 'req_1'],
  );
});

test('a refusal that explains nothing keeps its status', async () => {
  const { client } = clientThatHears(new Response('bad gateway', { status: 502 }));
  const error = await errorOf(client.call(getCheckpoint, {}));
  assert.deepEqual([error.code, error.status], ['local.unexpected_answer', 502]);
});

test('a network that fails is named, with its cause for developers', async () => {
  const client = createClient({
    url: 'https://surety.example',
    fetch: async () => {
      throw new TypeError('fetch failed');
    },
  });
  const error = await errorOf(client.call(getCheckpoint, {}));
  assert.equal(error.code, 'local.unreachable');
  assert.ok(error.cause instanceof TypeError);
});

test('without a key only the doors for a code are open', async () => {
  const client = createClient({ url: 'https://surety.example' });
  assert.equal((await errorOf(client.call(getCheckpoint, {}))).code, 'local.not_configured');
});
