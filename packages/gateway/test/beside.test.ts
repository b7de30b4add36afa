import assert from 'node:assert/strict';
import type { BeginResult } from '@surety/contract/enforcement';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { at, messagesOf } from './raw-caller.ts';
import { answerJson, event, progress, textResult } from './raw-system.ts';
import { decision, newAction } from './scripted-house.ts';
import { last, openStand, openStream, refund, type Stand, until, withProgress } from './stand.ts';

let stand: Stand;

beforeAll(async () => {
  stand = await openStand();
});

beforeEach(() => stand.reset());

afterAll(() => stand.close());

type Held = { resolve: (begun: BeginResult) => void; reject: (thrown: unknown) => void; go: BeginResult };

/** The house lets every call out beside its commit; the test says what becomes of the commit. */
function besides(): Held {
  const { promise, resolve, reject } = Promise.withResolvers<BeginResult>();
  promise.catch(() => {});
  const go = { kind: 'go', actionId: newAction(), decision: decision('permitted', 'permit') } as const;
  stand.rig.house.decide = () => ({ ...go, durable: promise });
  return { resolve, reject, go };
}

const refused = (reason: 'house.not_ready' | 'proof.replayed'): BeginResult => ({
  kind: 'refused',
  actionId: 'act_1',
  decision: decision(reason, 'deny', 'It kept changing.'),
});

describe('a call that goes out beside its commit', () => {
  test('reaches the system at once; nothing of the answer is said before the commit, and then its outcome follows', async () => {
    const commit = besides();
    const before = [stand.shop.received.length, stand.rig.house.settled.length] as const;
    let said = '';
    stand.behave = ({ message }, response) => {
      openStream(response);
      response.write(event(progress('p1', 50)));
      response.end(event(textResult(message?.['id'], 'forty-two')));
    };
    const answering = stand.rig.caller('shop').post('tools/call', withProgress, { onChunk: (text) => (said += text) });
    await until(() => stand.shop.received.length === before[0] + 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(said, '');
    assert.equal(stand.rig.house.settled.length, before[1]);
    commit.resolve(commit.go);
    const [first, answer] = messagesOf(await answering);
    assert.equal(at(first, 'params', 'progress'), 50);
    assert.equal(at(answer, 'result', 'content', 0, 'text'), 'forty-two');
    assert.equal(stand.rig.house.settled.length, before[1] + 1);
    assert.equal(stand.outcome()['state'], 'completed');
  });

  test.for(['an answer', 'an answer that streams', 'no answer yet'] as const)(
    'is cut, and what came back is dropped, when what it was decided on has changed: %s',
    async (form) => {
      const commit = besides();
      const before = [stand.shop.received.length, stand.rig.house.settled.length] as const;
      stand.behave = ({ message }, response) => {
        if (form === 'an answer') return answerJson(response, textResult(message?.['id'], 'forty-two'));
        openStream(response);
        response.write(event(progress('p1', 42)));
        if (form === 'an answer that streams') response.end(event(textResult(message?.['id'], 'forty-two')));
      };
      const answering = stand.rig.caller('shop').post('tools/call', withProgress);
      await until(() => stand.shop.received.length === before[0] + 1);
      await new Promise((resolve) => setTimeout(resolve, 30));
      commit.resolve(refused('house.not_ready'));
      const answer = await answering;
      assert.equal(messagesOf(answer).length, 1);
      assert.equal(at(last(answer), 'result', 'structuredContent', 'status'), 'denied');
      assert.doesNotMatch(answer.text, /forty-two|notifications/);
      assert.equal(stand.rig.house.settled.length, before[1], 'the house has recorded what became of it');
      if (form === 'no answer yet') await until(() => stand.closedEarly === 1);
    },
  );

  test('gets 401 when its proof was used before, and 503 when nothing can be recorded; the answer stays here', async () => {
    stand.behave = ({ message }, response) => answerJson(response, textResult(message?.['id'], 'forty-two'));
    const replayed = besides();
    replayed.resolve(refused('proof.replayed'));
    const first = await stand.rig.caller('shop').post('tools/call', refund);
    assert.equal(first.status, 401);
    const broken = besides();
    broken.reject(Object.assign(new Error('no database'), { code: 'service.not_ready' }));
    const second = await stand.rig.caller('shop').post('tools/call', refund);
    assert.equal(second.status, 503);
    assert.doesNotMatch(first.text + second.text, /forty-two/);
  });

  test('is stopped like any other, and its outcome waits for the commit', async () => {
    const commit = besides();
    const caller = stand.rig.caller('shop');
    stand.behave = (_received, response) => openStream(response);
    const before = [stand.shop.received.length, stand.rig.house.settled.length] as const;
    const answering = caller.post('tools/call', refund);
    await until(() => stand.shop.received.length === before[0] + 1);
    stand.rig.house.stop(stand.rig.house.begun.at(-1)?.caller.principal ?? '');
    await until(() => stand.closedEarly === 1);
    assert.equal(stand.rig.house.settled.length, before[1]);
    commit.resolve(commit.go);
    assert.equal(at(last(await answering), 'result', 'structuredContent', 'status'), 'stopped');
    await until(() => stand.rig.house.settled.length === before[1] + 1);
    assert.deepEqual([stand.outcome()['state'], stand.outcome()['problem']], ['cut', 'stopped']);
  });
});
