import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { toPlain } from '@surety/contract/exact-json';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { at, messagesOf } from './raw-caller.ts';
import { answerJson, event, progress, resultOf, textResult } from './raw-system.ts';
import { decision, newAction } from './scripted-house.ts';
import { canary, last, openStand, openStream, refund, type Stand, until, withProgress } from './stand.ts';

let stand: Stand;

beforeAll(async () => {
  stand = await openStand();
});

beforeEach(() => stand.reset());

afterAll(() => stand.close());

describe('a call that is not permitted', () => {
  const because = "The amount 420 is above this agent's limit of 250.";

  test('reaches nothing; the model reads what, the limit, what is needed, and not to work around it', async () => {
    stand.rig.house.decide = () => ({
      kind: 'refused',
      actionId: 'act_1',
      decision: decision('mandate.constraint', 'deny', because),
    });
    const before = stand.shop.received.length;
    const answer = await stand.rig.caller('shop').post('tools/call', refund, { id: 'x' });
    const text =
      "Denied: refund. The amount 420 is above this agent's limit of 250. The person who answers for this agent can change that. Action act_1. Do not retry with other arguments to get around this.";
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.text), {
      jsonrpc: '2.0',
      id: 'x',
      result: {
        resultType: 'complete',
        isError: true,
        content: [{ type: 'text', text }],
        structuredContent: { status: 'denied', reason: 'mandate.constraint', link: 'mandate', action: 'act_1' },
      },
    });
    assert.equal(stand.shop.received.length, before);
  });

  test('however long the reason and the name, at most 400 characters, and never without its end', async () => {
    stand.rig.house.decide = () => ({
      kind: 'refused',
      actionId: newAction(),
      decision: decision('mandate.constraint', 'deny', 'x'.repeat(5_000)),
    });
    const answer = await stand.rig
      .caller('shop')
      .post(
        'tools/call',
        { name: 'r\u202e'.repeat(100), arguments: {} },
        { headers: { 'mcp-name': `=?base64?${Buffer.from('r\u202e'.repeat(100)).toString('base64')}?=` } },
      );
    const text = String(at(last(answer), 'result', 'content', 0, 'text'));
    assert.ok(text.length <= 400);
    assert.ok(!text.includes('\u202e'));
    assert.match(text, /Do not retry with other arguments to get around this\.$/);
  });
});

describe('a call that is held', () => {
  const held = {
    kind: 'held',
    actionId: 'act_2',
    approvalId: 'apr_1',
    expiresAt: '2026-11-25T12:00:00.000Z',
    answerableName: 'Maya Okafor',
    decision: decision('held.mandate', 'hold', 'The mandate asks for a person here.'),
  } as const;

  test('ends in words on how to go on, when nobody answers in time', async () => {
    stand.rig.house.decide = () => held;
    const answer = await stand.rig.caller('shop').post('tools/call', refund);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.deepEqual(at(last(answer), 'result', 'structuredContent'), {
      status: 'held',
      approval: 'apr_1',
      expiresAt: '2026-11-25T12:00:00.000Z',
      reason: 'held.mandate',
      action: 'act_2',
    });
    assert.match(
      String(at(last(answer), 'result', 'content', 0, 'text')),
      /waits for Maya Okafor .* Repeat this exact call after approval\./,
    );
  });

  test('tells for whom it waits, if progress was asked for, and goes on when the answer is yes', async () => {
    stand.rig.house.decide = async (_caller, _call, wait) => {
      assert.equal(wait.holdMs, 45_000);
      wait.onHeld?.(held);
      await pause(20);
      return { kind: 'go', actionId: newAction(), decision: decision('approved', 'permit') };
    };
    const [waiting, done] = messagesOf(await stand.rig.caller('shop').post('tools/call', withProgress));
    assert.equal(at(waiting, 'params', 'message'), 'Waiting for Maya Okafor');
    assert.equal(at(waiting, 'params', 'progressToken'), 'p1');
    assert.equal(at(done, 'result', 'content', 0, 'text'), 'done');
  });

  test('of a caller that leaves: the house is told, and nothing goes out', async () => {
    const before = stand.shop.received.length;
    const left = new AbortController();
    let told = false;
    stand.rig.house.decide = (_caller, _call, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          told = true;
          resolve({ kind: 'go', actionId: 'act_late', decision: decision('permitted', 'permit') });
        });
        setTimeout(() => left.abort(), 20);
      });
    await assert.rejects(stand.rig.caller('shop').post('tools/call', refund, { signal: left.signal }));
    await until(() => stand.rig.house.settled.at(-1)?.actionId === 'act_late');
    assert.ok(told);
    assert.deepEqual([stand.outcome()['state'], stand.outcome()['problem']], ['failed', 'client_gone']);
    assert.equal(stand.shop.received.length, before);
  });
});

describe('the last look', () => {
  test('a stop between the decision and the sending: nothing is sent', async () => {
    const before = stand.shop.received.length;
    stand.rig.house.decide = () => {
      stand.rig.house.isFresh = false;
      return { kind: 'go', actionId: newAction(), decision: decision('permitted', 'permit') };
    };
    const answer = await stand.rig.caller('shop').post('tools/call', refund);
    assert.equal(at(last(answer), 'result', 'structuredContent', 'status'), 'stopped');
    assert.deepEqual([stand.outcome()['state'], stand.outcome()['problem']], ['failed', 'stopped']);
    assert.equal(stand.shop.received.length, before);
  });
});

describe('release', () => {
  test.for(['json', 'events'] as const)(
    'the answer waits for its outcome to be durable; what comes before does not: %s',
    async (form) => {
      let isDurable = false;
      stand.behave = ({ message }, response) => {
        if (form === 'json') return answerJson(response, textResult(message?.['id'], canary));
        openStream(response);
        response.write(event(progress('p1', 50)));
        response.end(event(textResult(message?.['id'], 'the answer')));
      };
      stand.rig.house.onSettle = async () => {
        await pause(150);
        isDurable = true;
      };
      const seen: [string, boolean][] = [];
      await stand.rig.caller('shop').post('tools/call', withProgress, { onChunk: (text) => seen.push([text, isDurable]) });
      const answers = seen.filter(([text]) => text.includes('"result"'));
      assert.equal(answers.length, 1);
      assert.ok(answers.every(([, durable]) => durable));
      if (form === 'events') assert.ok(seen.some(([text, durable]) => text.includes('notifications/progress') && !durable));
    },
  );

  test('a request of the system does not reach a caller of 2026-07-28, which has no answer to it', async () => {
    stand.behave = ({ message }, response) => {
      openStream(response);
      response.write(event({ jsonrpc: '2.0', id: 1, method: 'elicitation/create', params: { message: 'Your password?' } }));
      response.end(event(textResult(message?.['id'], 'done')));
    };
    const answer = await stand.rig.caller('shop').post('tools/call', refund);
    assert.equal(messagesOf(answer).length, 1);
    assert.ok(!answer.text.includes('password'));
  });

  test('an outcome that cannot be recorded withholds the answer', async () => {
    stand.behave = ({ message }, response) => answerJson(response, textResult(message?.['id'], 'forty-two'));
    stand.rig.house.onSettle = async () => {
      throw Object.assign(new Error('no database'), { code: 'service.not_ready' });
    };
    const answer = await stand.rig.caller('shop').post('tools/call', refund);
    assert.equal(answer.status, 503);
    assert.ok(!answer.text.includes('forty-two'));
    assert.match(answer.text, /could not be recorded/);
  });

  test('an outcome names what came back by its digest', async () => {
    await stand.rig.caller('shop').post('tools/call', refund);
    assert.equal(stand.outcome()['state'], 'completed');
    assert.match(String(stand.outcome()['resultDigest']), /^[A-Za-z0-9_-]{43}$/);
    assert.ok(Number(stand.outcome()['milliseconds']) > 0);
    stand.behave = ({ message }, response) => answerJson(response, resultOf(message?.['id'], { isError: true, content: [] }));
    await stand.rig.caller('shop').post('tools/call', refund);
    assert.deepEqual([stand.outcome()['state'], stand.outcome()['problem']], ['failed', 'tool_error']);
  });
});

describe('credentials', () => {
  test('of the system reach the system, and no caller, however they are echoed (MG-17)', async () => {
    stand.behave = ({ message, headers }, response) => {
      const echo = JSON.stringify(headers);
      openStream(response);
      response.write(event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', logger: echo } }));
      response.end(
        event(
          textResult(
            message?.['id'],
            `${echo} ${Buffer.from(`Bearer ${canary}`).toString('base64')} ${Buffer.from(canary).toString('base64url')}`,
          ),
        ),
      );
    };
    const caller = stand.rig.caller('shop');
    const answer = await caller.post('tools/call', refund);
    assert.equal(stand.shop.received.at(-1)?.headers['authorization'], `Bearer ${canary}`);
    for (const secret of [canary, Buffer.from(canary).toString('base64url'), caller.token])
      assert.ok(!answer.text.includes(secret));
    assert.match(answer.text, /credential removed by Surety/);
    assert.ok(!stand.rig.log.join().includes(canary));
  });

  test('echoed by an error, or by another method, neither', async () => {
    stand.behave = ({ message, headers }, response) =>
      answerJson(response, {
        jsonrpc: '2.0',
        id: message?.['id'],
        error: { code: -32_603, message: String(headers['authorization']) },
      });
    assert.ok(!(await stand.rig.caller('shop').post('tools/call', refund)).text.includes(canary));
    const read = await stand.rig.caller('shop').post('resources/read', { uri: 'x:y' });
    assert.match(read.text, /credential removed/);
    assert.ok(!read.text.includes(canary));
  });
});

describe('what is asked beside the tools', () => {
  const asked = [
    ['resources/read', { uri: 'file:///salaries.csv' }],
    ['prompts/get', { name: 'letter', arguments: { to: 'Sam' } }],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'letter' }, argument: { name: 'to', value: 'S' } }],
  ] as const;

  test.for(asked)('%s is decided with its arguments, recorded, and forwarded as it was decided', async ([method, params]) => {
    stand.behave = ({ message }, response) => answerJson(response, { jsonrpc: '2.0', id: message?.['id'], result: { ok: 1 } });
    const settled = stand.rig.house.settled.length;
    const answer = await stand.rig.caller('shop').post(method, params);
    const { call } = stand.rig.house.begun.at(-1)!;
    assert.equal(call.operation, `mcp:${method}`);
    assert.deepEqual(toPlain(call.arguments), params);
    assert.deepEqual(at(last(answer), 'result'), { ok: 1 });
    assert.equal(stand.rig.house.settled.length, settled + 1);
    for (const [name, value] of Object.entries(params))
      assert.deepEqual(at(stand.shop.received.at(-1)?.message, 'params', name), value);
  });

  test.for(asked)(
    '%s that is denied reaches nothing and is answered with an error that a program can read',
    async ([method, params]) => {
      stand.rig.house.decide = () => ({
        kind: 'refused',
        actionId: 'act_1',
        decision: decision('mandate.silent', 'deny', 'Nothing in the mandate permits this.'),
      });
      const before = stand.shop.received.length;
      const answer = await stand.rig.caller('shop').post(method, params);
      assert.equal(at(last(answer), 'error', 'code'), -32_001);
      assert.deepEqual(at(last(answer), 'error', 'data'), {
        status: 'denied',
        reason: 'mandate.silent',
        link: 'mandate',
        action: 'act_1',
      });
      assert.equal(stand.shop.received.length, before);
    },
  );

  test('what is not decided does not reach the system', async () => {
    const before = stand.shop.received.length;
    for (const [method, params] of [
      ['resources/read', { uri: 'x:y', range: [0, 5] }],
      ['resources/read', { uri: 7 }],
      ['completion/complete', { ref: 'letter', argument: { name: 'to', value: 'S' } }],
      ['completion/complete', { ...asked[2][1], requestState: 's' }],
    ] as const) {
      const answer = await stand.rig.caller('shop').post(method, params, { headers: { 'mcp-name': String(at(params, 'uri')) } });
      assert.equal(at(last(answer), 'error', 'code'), -32_602);
    }
    assert.equal(stand.shop.received.length, before);
  });

  test('a tool cannot be called by the name of such an operation', async () => {
    const before = stand.rig.house.begun.length;
    const answer = await stand.rig.caller('shop').post('tools/call', { name: 'mcp:resources/read', arguments: { uri: 'x:y' } });
    assert.equal(at(last(answer), 'error', 'code'), -32_602);
    assert.equal(stand.rig.house.begun.length, before);
  });
});

describe('answers to questions of the system (MCP 2026-07-28)', () => {
  test('are part of the call that is decided: another answer is another call', async () => {
    const caller = stand.rig.caller('shop');
    const digests = new Set<string>();
    for (const more of [
      {},
      { inputResponses: { a: { action: 'accept' } } },
      { inputResponses: { a: { action: 'decline' } } },
      { requestState: 's1' },
      { requestState: 's2' },
    ]) {
      await caller.post('tools/call', { ...refund, ...more });
      digests.add(stand.rig.house.begun.at(-1)!.call.digest);
      assert.deepEqual(at(stand.shop.received.at(-1)?.message, 'params', 'arguments'), refund.arguments);
      assert.deepEqual(
        at(stand.shop.received.at(-1)?.message, 'params', 'inputResponses'),
        'inputResponses' in more ? more.inputResponses : undefined,
      );
    }
    assert.equal(digests.size, 5);
  });
});
