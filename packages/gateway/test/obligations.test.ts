import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { toPlain } from '@surety/contract/exact-json';
import type { Obliged } from '@surety/contract/obligations';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { at, messagesOf } from './raw-caller.ts';
import { answerJson, event, progress, resultOf, textResult } from './raw-system.ts';
import { decision, newAction } from './scripted-house.ts';
import { last, openStand, openStream, type Stand, withProgress } from './stand.ts';

let stand: Stand;

beforeAll(async () => {
  stand = await openStand();
});

beforeEach(() => stand.reset());

afterAll(() => stand.close());

const nothing: Obliged = { mask: [], clamp: {}, notify: [], record: false };
const secret = 'ada@example.com';

/** The house permits, and obliges to this. */
function oblige(obligations: Partial<Obliged>): void {
  stand.rig.house.decide = () => ({
    kind: 'go',
    actionId: newAction(),
    decision: { ...decision('permitted', 'permit'), obligations: { ...nothing, ...obligations } },
  });
}

const read = { name: 'refund', arguments: { order: '8841', limit: 500 } };
const ask = () => stand.rig.caller('shop').post('tools/call', read);

describe('fields that are masked', () => {
  beforeEach(() => oblige({ mask: ['/customer/email', '/items/*/iban'] }));

  const value = { customer: { name: 'Ada', email: secret }, items: [{ iban: secret, sum: 70_001 }, { sum: 2 }] };

  test('never leave, in structured content or in the text beside it, and everything else stays digit for digit', async () => {
    stand.behave = ({ message }, response) => {
      const text = JSON.stringify(value).replace('70001', '9007199254740993');
      const content = `[{"type":"text","text":"${secret}, in words"}]`;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        `{"jsonrpc":"2.0","id":${JSON.stringify(message?.['id'])},"result":{"resultType":"complete","structuredContent":${text},"content":${content},"_meta":{"x":"${secret}"}}}`,
      );
    };
    const { text } = await ask();
    assert.ok(!text.includes(secret), text);
    const masked =
      '{"customer":{"name":"Ada","email":"[masked]"},"items":[{"iban":"[masked]","sum":9007199254740993},{"sum":2}]}';
    assert.ok(text.includes(`"structuredContent":${masked}`), text);
    assert.ok(text.includes(JSON.stringify(masked)), 'the text beside it says the same');
    const { outcome } = stand.rig.house.settled.at(-1) ?? {};
    assert.equal(outcome?.state, 'completed');
    assert.equal(outcome?.releasedDigest, hash('sha256', text, 'base64url'));
    assert.notEqual(outcome?.releasedDigest, outcome?.resultDigest);
  });

  test('never leave in JSON that is text; other text, pictures and files are masked whole', async () => {
    stand.behave = ({ message }, response) =>
      answerJson(
        response,
        resultOf(message?.['id'], {
          resultType: 'complete',
          content: [
            { type: 'text', text: JSON.stringify(value) },
            { type: 'text', text: `Write to ${secret}.` },
            { type: 'image', data: Buffer.from(secret).toString('base64'), mimeType: 'image/png' },
            { type: 'resource', resource: { uri: 'x:1', text: secret } },
          ],
        }),
      );
    const answer = await ask();
    assert.ok(!answer.text.includes(secret) && !answer.text.includes(Buffer.from(secret).toString('base64')));
    const content = at(last(answer), 'result', 'content') as { text: string }[];
    assert.equal(at(JSON.parse(content[0]?.text ?? ''), 'customer', 'email'), '[masked]');
    assert.deepEqual(
      content.slice(1).map(({ text }) => text),
      ['[masked]', '[masked]', '[masked]'],
    );
  });

  const shapes: readonly (readonly [string, unknown])[] = [
    ['a list where an object was expected', [{ customer: [{ email: secret }] }]],
    ['a text where an object was expected', { customer: `{"email":"${secret}"}` }],
    ['an object where a list was expected', { items: { first: { iban: secret } } }],
    ['a list of lists', { items: [[{ iban: secret }]] }],
    ['a key twice', `{"customer":{"email":"x"},"customer":{"email":"${secret}"}}`],
    ['a text that is no object at all', secret],
  ];
  for (const [name, shape] of shapes) {
    test(`attack: never leave by another shape: ${name}`, async () => {
      stand.behave = ({ message }, response) =>
        answerJson(response, textResult(message?.['id'], typeof shape === 'string' ? shape : JSON.stringify(shape)));
      const { text } = await ask();
      assert.ok(!text.includes(secret), text);
    });
  }

  test('attack: never leave in an error of the tool or of the protocol', async () => {
    stand.behave = ({ message }, response) =>
      answerJson(response, resultOf(message?.['id'], { isError: true, content: [{ type: 'text', text: `no ${secret}` }] }));
    assert.ok(!(await ask()).text.includes(secret));
    assert.equal(stand.rig.house.settled.at(-1)?.outcome.problem, 'tool_error');
    stand.behave = ({ message }, response) =>
      answerJson(response, {
        jsonrpc: '2.0',
        id: message?.['id'],
        error: { code: -32_000, message: `no ${secret}`, data: { email: secret } },
      });
    const answer = await ask();
    assert.ok(!answer.text.includes(secret));
    assert.equal(at(last(answer), 'error', 'code'), -32_000);
  });

  test('attack: never leave in a stream, before the answer or in it', async () => {
    stand.behave = ({ message }, response) => {
      openStream(response);
      response.write(event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: secret } }));
      response.write(event({ ...progress('p1', 1), params: { progressToken: 'p1', progress: 1, message: secret } }));
      response.end(event(textResult(message?.['id'], JSON.stringify({ customer: { email: secret, name: 'Ada' } }))));
    };
    const answer = await stand.rig.caller('shop').post('tools/call', withProgress);
    assert.ok(!answer.text.includes(secret), answer.text);
    assert.deepEqual(messagesOf(answer).length, 1);
    assert.equal(at(last(answer), 'result', 'content', 0, 'text'), '{"customer":{"email":"[masked]","name":"Ada"}}');
  });

  test('attack: a question of the system is withheld, and the record says that it came', async () => {
    stand.behave = ({ message }, response) =>
      answerJson(
        response,
        resultOf(message?.['id'], { resultType: 'input_required', inputRequests: { a: { message: secret } } }),
      );
    const answer = await ask();
    assert.ok(!answer.text.includes(secret));
    assert.match(answer.text, /answer_withheld/);
    assert.equal(stand.rig.house.settled.at(-1)?.outcome.state, 'completed');
  });
});

describe('page sizes and time-outs of reads', () => {
  const sent = () => at(stand.shop.received.at(-1)?.message ?? {}, 'params', 'arguments');

  test('go out brought down, and set where they were not given; nothing else changes', async () => {
    oblige({ clamp: { '/limit': 100, '/options/timeout': 30 } });
    await ask();
    assert.deepEqual(sent(), { order: '8841', limit: 100, options: { timeout: 30 } });
    await stand.rig.caller('shop').post('tools/call', { ...read, arguments: { limit: 7, options: { timeout: 31, x: 1.5 } } });
    assert.deepEqual(sent(), { limit: 7, options: { timeout: 30, x: 1.5 } });
    assert.deepEqual(toPlain(stand.rig.house.begun.at(-1)?.call.arguments ?? null), {
      limit: 7,
      options: { timeout: 31, x: 1.5 },
    });
  });

  test('what cannot be brought down is not sent, and the model is told so', async () => {
    oblige({ clamp: { '/limit': 100 } });
    const before = stand.shop.received.length;
    for (const limit of ['500', -1, 1.5, null, [500]]) {
      const answer = await stand.rig.caller('shop').post('tools/call', { ...read, arguments: { limit } });
      assert.match(
        String(at(last(answer), 'result', 'content', 0, 'text')),
        /Nothing was sent to the system.*obligation_unfulfilled/,
      );
    }
    assert.equal(stand.shop.received.length, before);
    assert.deepEqual(
      [stand.rig.house.settled.at(-1)?.outcome.state, stand.rig.house.settled.at(-1)?.outcome.problem],
      ['failed', 'obligation_unfulfilled'],
    );
  });
});

test('what came back is given to the record where it is to be kept, as it came, also when it is masked', async () => {
  oblige({ record: true, mask: ['/email'] });
  stand.behave = ({ message }, response) => answerJson(response, textResult(message?.['id'], `{"email":"${secret}"}`));
  const { text } = await ask();
  assert.ok(!text.includes(secret));
  assert.ok(stand.rig.house.settled.at(-1)?.outcome.payload?.includes(secret));
  oblige({});
  await ask();
  assert.equal(stand.rig.house.settled.at(-1)?.outcome.payload, undefined);
});

// The last one: from now on the guard knows the schema, and asks for the header.
test('headers that mirror arguments are written from what is sent, also where nothing was given', async () => {
  oblige({ clamp: { '/limit': 100 } });
  const properties = { order: { type: 'string' }, limit: { type: 'integer', 'x-mcp-header': 'Limit' } };
  stand.behave = ({ message }, response) =>
    message?.['method'] === 'tools/list'
      ? answerJson(
          response,
          resultOf(message['id'], {
            resultType: 'complete',
            tools: [{ name: 'refund', inputSchema: { type: 'object', properties } }],
          }),
        )
      : answerJson(response, textResult(message?.['id'], 'done'));
  await stand.rig.caller('shop').post('tools/list');
  await stand.rig.caller('shop').post('tools/call', read, { headers: { 'mcp-param-limit': '500' } });
  assert.deepEqual(
    [
      stand.shop.received.at(-1)?.headers['mcp-param-limit'],
      at(stand.shop.received.at(-1)?.message ?? {}, 'params', 'arguments', 'limit'),
    ],
    ['100', 100],
  );
  await stand.rig.caller('shop').post('tools/call', { ...read, arguments: {} });
  assert.equal(stand.shop.received.at(-1)?.headers['mcp-param-limit'], '100');
});
