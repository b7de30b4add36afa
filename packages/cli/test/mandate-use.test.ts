import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'vitest';
import type { Terminal } from './terminal.ts';
import { at, ids, signedIn } from './world.ts';

let terminal: Terminal;
beforeEach(async () => {
  terminal = await signedIn();
});
afterEach(() => terminal.close());

test('mandate show: what it changes, and what of each limit is used now', async () => {
  const of = [{ system: 'payments', actions: ['refund'] }];
  const document = {
    agent: ids.refundAgent,
    purpose: 'p',
    autonomy: 'act',
    expiresAt: '2027-01-31T00:00:00Z',
    permissions: [],
    limits: [
      { of, measure: { sum: '/amount' }, max: '250', per: 'agent', within: 'P30D' },
      { of, measure: 'count', max: '5', per: 'task' },
    ],
  };
  const mandate = {
    id: ids.mandate,
    agent: ids.refundAgent,
    version: 3,
    document,
    documentDigest: 'd',
    signature: 's',
    givenBy: ids.maya,
    state: 'active',
    sentences: ['It may refund up to 250.'],
    createdAt: at,
  };
  terminal.server.answers['getMandate'] = () => ({ ...mandate, changes: ['New limit: May call payments.refund up to 5 times.'] });
  const use = { limit: 1, sentence: 's', of: ids.refundAgent, used: '240.5', max: '250', left: '9.5' };
  let asked: unknown;
  terminal.server.answers['getMandateUse'] = (input: unknown) => {
    asked = input;
    return { items: [use], at };
  };
  const { out, code } = await terminal.run(['mandate', 'show', ids.mandate]);
  assert.equal(code, 0);
  assert.match(out, /\n\nAgainst the version before:\n {2}New limit: May call payments\.refund up to 5 times\.\n/);
  assert.match(out, /\n\nUsed now:\n {2}limit 1: 240\.5 of 250 used, 9\.5 left\n {2}limit 2: nothing used\n$/);
  assert.deepEqual(asked, { mandate: ids.mandate });
});
