import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'vitest';
import { Refusal } from '../../sdk/test/stand-in.ts';
import type { Terminal } from './terminal.ts';
import { at, ids, maya, refundAgent, signedIn } from './world.ts';

let terminal: Terminal;
let inputs: Record<string, unknown>;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

beforeEach(async () => {
  terminal = await signedIn();
  inputs = {};
});
afterEach(() => terminal.close());

function answers(name: string, answer: (input: never) => unknown): void {
  terminal.server.answers[name] = (input) => {
    inputs[name] = input;
    return answer(input);
  };
}

function stopOf(states: readonly ('confirmed' | 'waiting' | 'closed')[]) {
  const receipts = states.map((state, at2) => ({
    point: `pnt_${at2}`,
    name: `gateway-${at2}`,
    state,
    milliseconds: state === 'confirmed' ? 4 : null,
  }));
  return {
    id: ids.stop,
    agent: ids.refundAgent,
    agentName: 'refund-bot',
    reason: 'r',
    orderedBy: ids.maya,
    orderedByName: 'Maya Okafor',
    orderedAt: at,
    liftedAt: null,
    receipts,
    tasksEnded: 1,
    tokensEnded: 14,
    callsCut: 4,
  };
}

test('stop waits for every enforcement point, and says each', async () => {
  answers('orderStop', () => stopOf(['confirmed', 'waiting']));
  const later = [stopOf(['confirmed', 'waiting']), stopOf(['confirmed', 'confirmed'])];
  answers('getStop', () => later.shift() ?? stopOf(['confirmed', 'confirmed']));
  const { code, out, err } = await run('stop refund-bot --reason "reads 4 new tables"');
  assert.equal(code, 0);
  assert.deepEqual(inputs['orderStop'], { agent: 'refund-bot', reason: 'reads 4 new tables' });
  assert.equal(
    out,
    [
      '  ✓ gateway-0  4 ms',
      '  ✓ gateway-1  4 ms',
      '■ stopped refund-bot  2 of 2 enforcement points',
      `  1 tasks and 14 tokens ended, 4 calls cut    ${ids.stop}`,
      '',
    ].join('\n'),
  );
  assert.match(err, /^context: local/);
});

test('stop: a point that does not confirm is exit 9, said with what it means', async () => {
  answers('orderStop', () => stopOf(['confirmed', 'waiting', 'waiting']));
  answers('getStop', () => stopOf(['confirmed', 'closed', 'waiting']));
  const { code, out } = await run('stop agent refund-bot --wait 400ms');
  assert.equal(code, 9);
  assert.match(out, /… gateway-1 {2}no answer, and its lease has run out: nothing passes there/);
  assert.match(out, /… gateway-2 {2}no answer yet\n■ stopping refund-bot {2}1 of 3 enforcement points/);
  const json = await run('stop refund-bot --wait 200ms -o json');
  assert.equal(json.code, 9);
  assert.equal(JSON.parse(json.out).receipts.length, 3);
});

test('stop never asks, and needs no reason: nothing stands between a person and the brake', async () => {
  answers('orderStop', () => stopOf([]));
  for (const line of ['stop refund-bot', 'agent stop refund-bot', 'stop agent refund-bot'])
    assert.equal((await run(line)).code, 0, line);
  for (const line of ['stop', 'stop tool refund-bot']) assert.equal((await run(line)).code, 2, line);
});

test('start: a draft is activated, a stopped one has its stop lifted, a suspended one is activated', async () => {
  answers('moveAgent', () => refundAgent);
  answers('liftStop', () => stopOf([]));
  const getAgent = (state: string) =>
    answers('getAgent', () => ({ agent: { ...refundAgent, state }, owner: maya, credentials: [] }));
  getAgent('draft');
  assert.equal((await run('start refund-bot')).code, 0);
  assert.deepEqual(inputs['moveAgent'], { agent: 'refund-bot', to: 'active', reason: 'started from the command line' });
  getAgent('suspended');
  assert.equal((await run('agent start refund-bot --reason "keys rotated"')).code, 0);
  assert.deepEqual(inputs['liftStop'], { agent: 'refund-bot', reason: 'keys rotated' });
  delete inputs['moveAgent'];
  answers('liftStop', () => {
    throw new Refusal('stop.not_found');
  });
  assert.equal((await run('start refund-bot')).code, 0);
  assert.deepEqual(inputs['moveAgent'], { agent: 'refund-bot', to: 'active', reason: 'started from the command line' });
  answers('liftStop', () => {
    throw new Refusal('access.denied');
  });
  assert.equal((await run('start refund-bot')).code, 3);
});

test('key ls and rotate', async () => {
  const key = { kid: 'k'.repeat(43), purpose: 'token', state: 'current', madeAt: at, retireAt: null };
  answers('listSigningKeys', () => ({ items: [key] }));
  assert.match((await run('key ls')).out, /k{43} +tokens +current/);
  answers('rotateSigningKey', () => ({ items: [{ ...key, state: 'retiring', retireAt: at }] }));
  assert.match((await run('key rotate --compromised')).out, /retiring/);
  assert.deepEqual(inputs['rotateSigningKey'], { compromised: true });
});
