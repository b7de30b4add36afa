import assert from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { at } from './raw-caller.ts';
import { answerJson, event, progress, textResult } from './raw-system.ts';
import { openRig } from './rig.ts';
import { type Behaviour, last, openStand, openStream, openWith, refund, type Stand, until, withProgress } from './stand.ts';

let stand: Stand;

beforeAll(async () => {
  stand = await openStand();
});

beforeEach(() => stand.reset());

afterAll(() => stand.close());

describe('systems that answer badly', () => {
  const internals = 'at internal.host.corp:5432';
  const cases: readonly (readonly [string, Behaviour, string])[] = [
    ['a server error with internals', (_, response) => answerJson(response, { error: internals }, 500), 'upstream_status_500'],
    [
      'its own challenge (MG-18)',
      (_, response) => answerJson(response, {}, 401, { 'www-authenticate': `Bearer resource_metadata="http://${internals}"` }),
      'upstream_status_401',
    ],
    ['a redirect', (_, response) => void response.writeHead(302, { location: stand.shop.url }).end(), 'upstream_status_302'],
    ['a page', (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(internals), 'connection_lost'],
    [
      'text that is not JSON',
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(internals),
      'upstream_answer_invalid',
    ],
    ['an answer to something else', (_, response) => answerJson(response, textResult(99, internals)), 'upstream_answer_invalid'],
    [
      'a batch',
      ({ message }, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify([textResult(message?.['id'], internals)])),
      'upstream_answer_invalid',
    ],
    [
      'packed bytes',
      (_, response) =>
        void response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(internals),
      'upstream_answer_invalid',
    ],
    [
      'deep nesting',
      ({ message }, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(`{"jsonrpc":"2.0","id":${String(message?.['id'])},"result":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`),
      'upstream_answer_invalid',
    ],
    [
      'an answer that is too large',
      ({ message }, response) => answerJson(response, textResult(message?.['id'], 'x'.repeat(2 << 20))),
      'too_large',
    ],
    [
      'an event that is too large',
      ({ message }, response) => (
        openStream(response),
        void response.end(event(textResult(message?.['id'], 'x'.repeat(2 << 20))))
      ),
      'too_large',
    ],
    [
      'a stream that ends without an answer',
      (_, response) => (openStream(response), void response.end(event(progress('p', 1)))),
      'connection_lost',
    ],
    ['a connection that breaks', (_, response) => void response.destroy(), 'connection_lost'],
    [
      'a stream that never ends',
      (_, response) => (openStream(response), void setInterval(() => response.write(event(progress('p', 1))), 20).unref()),
      'upstream_timeout',
    ],
    ['silence', () => {}, 'upstream_timeout'],
  ];

  test.for(cases)('%s: closed words, nothing leaked, never sent twice', async ([, badly, problem]) => {
    const before = stand.shop.received.length;
    stand.behave = badly;
    const answer = await stand.rig.caller('shop').post('tools/call', refund);
    assert.equal(answer.status, 200);
    assert.equal(at(last(answer), 'result', 'isError'), true);
    assert.equal(at(last(answer), 'result', 'structuredContent', 'problem'), problem);
    assert.ok(!answer.text.includes(internals));
    assert.equal(answer.headers['www-authenticate'], undefined);
    assert.equal(stand.shop.received.length, before + 1);
    await until(() => stand.outcome()['problem'] === problem);
    assert.equal(stand.outcome()['state'], problem === 'connection_lost' || problem === 'upstream_timeout' ? 'cut' : 'failed');
  });

  test('one that is not there: nothing was sent, and it says so', async () => {
    const answer = await stand.rig.caller('gone').post('tools/call', refund);
    assert.equal(at(last(answer), 'result', 'structuredContent', 'problem'), 'upstream_unreachable');
    assert.match(String(at(last(answer), 'result', 'content', 0, 'text')), /Nothing was sent/);
    assert.equal(stand.outcome()['state'], 'failed');
  });

  test('one that never answers holds up no other', async () => {
    stand.behave = () => {};
    const stuck = Array.from({ length: 100 }, () => stand.rig.caller('shop').post('tools/call', refund));
    const startedAt = Date.now();
    assert.equal(
      at(last(await stand.rig.caller('gone').post('tools/call', refund)), 'result', 'structuredContent', 'problem'),
      'upstream_unreachable',
    );
    assert.ok(Date.now() - startedAt < 1_000);
    await Promise.all(stuck);
  });
});

describe('cutting', () => {
  test.for(['silence', 'events'] as const)(
    'the caller leaves: the system is told by its connection, and the record says cut (%s)',
    async (form) => {
      const left = new AbortController();
      stand.behave = (_, response) => {
        if (form === 'events') openWith(response, progress('p1', 1));
        setTimeout(() => left.abort(), 50);
      };
      await assert.rejects(stand.rig.caller('shop').post('tools/call', withProgress, { signal: left.signal }));
      await until(() => stand.outcome()['problem'] === 'client_gone' && stand.closedEarly >= 1);
      assert.equal(stand.outcome()['state'], 'cut');
    },
  );

  test.for(['silence', 'events'] as const)(
    'a stop: the caller is told and the system cut within 2 s (MG-24, %s)',
    async (form) => {
      const caller = stand.rig.caller('shop');
      let stoppedAt = 0;
      stand.behave = (_, response) => {
        if (form === 'events') openWith(response, progress('p1', 1));
        setTimeout(() => {
          stoppedAt = Date.now();
          stand.rig.house.stop(caller.principal);
        }, 50);
      };
      const answer = await caller.post('tools/call', withProgress);
      assert.ok(Date.now() - stoppedAt < 500);
      assert.equal(at(last(answer), 'result', 'structuredContent', 'status'), 'stopped');
      assert.match(
        String(at(last(answer), 'result', 'content', 0, 'text')),
        /^Stopped: refund\. Whether it took effect is not known/,
      );
      await until(() => stand.outcome()['problem'] === 'stopped' && stand.closedEarly >= 1);
      assert.equal(stand.outcome()['state'], 'cut');
      assert.equal((await caller.post('tools/call', refund)).status, 401);
    },
  );

  test('the guard closes: what is under way is cut and recorded', async () => {
    const own = await openRig();
    own.system('shop', stand.shop.url, ['refund']);
    let arrived = (): void => {};
    const under = new Promise<void>((resolve) => (arrived = resolve));
    stand.behave = () => arrived();
    const answer = own.caller('shop').post('tools/call', refund);
    await under;
    await own.close();
    assert.equal(at(last(await answer), 'result', 'structuredContent', 'problem'), 'shut_down');
    assert.deepEqual(
      own.house.settled.map((one) => one.outcome.problem),
      ['shut_down'],
    );
  });
});
