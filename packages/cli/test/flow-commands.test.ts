import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'vitest';
import type { Terminal } from './terminal.ts';
import { at, ids, signedIn } from './world.ts';

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

const flow = {
  labels: ['customer'],
  fields: { '/iban': ['financial'] },
  guards: [{ pointer: '/to', of: 'destination' }],
  by: 'person',
};
const system = {
  id: ids.system,
  name: 'shop',
  displayName: 'shop',
  systemOwner: ids.maya,
  upstream: { kind: 'mcp-http', url: 'http://127.0.0.1:9/mcp' },
  hasCredential: false,
  flow: { labels: ['untrusted'], by: 'heuristic' },
  operations: [{ name: 'mail.send', title: 'Send', effect: 'external', effectBy: 'person', definitionDigest: 'd', flow }],
  state: 'active',
  revision: 2,
  createdAt: at,
};
const place = {
  kind: 'iban',
  value: 'de89370400440532013000',
  from: 'person',
  addedBy: ids.maya,
  addedByName: 'Maya',
  addedAt: at,
  approval: null,
  revision: 1,
};

test('system label: of all that comes from it, or of one tool', async () => {
  answers('labelSystem', () => system);
  assert.equal((await run('system label shop --labels untrusted,pii')).code, 0);
  assert.deepEqual(inputs['labelSystem'], { system: 'shop', labels: ['untrusted', 'pii'] });
  answers('labelOperation', () => system);
  const typed =
    'system label shop mail.send --labels customer --field-labels /orders/*/iban=financial,pii;/note=untrusted --guards /to=destination,/id=target';
  const told = await run(typed);
  assert.equal(told.code, 0, told.err);
  assert.match(told.out, /labels: customer/);
  assert.deepEqual(inputs['labelOperation'], {
    system: 'shop',
    operation: 'mail.send',
    labels: ['customer'],
    fields: { '/orders/*/iban': ['financial', 'pii'], '/note': ['untrusted'] },
    guards: [
      { pointer: '/to', of: 'destination' },
      { pointer: '/id', of: 'target' },
    ],
  });
  for (const line of [
    '',
    'mail.send',
    '--guards /to=destination',
    'mail.send --guards /to=somewhere',
    'mail.send --field-labels /to',
  ])
    assert.equal((await run(`system label shop ${line}`)).code, 2, line);
});

test('destination ls, add, rm', async () => {
  answers('listDestinations', () => ({ items: [place] }));
  assert.match((await run('destination ls --kind iban')).out, /iban +de89370400440532013000 +Maya/);
  answers('addDestination', () => place);
  assert.equal((await run('destination add iban DE89370400440532013000')).code, 0);
  assert.deepEqual(inputs['addDestination'], { kind: 'iban', value: 'DE89370400440532013000' });
  assert.match((await run('destination add ibann DE89')).err, /Did you mean "iban"\?/);
  answers('removeDestination', () => place);
  assert.equal((await run('destination rm iban DE89370400440532013000')).code, 2);
  assert.equal((await run('destination rm iban DE89370400440532013000 --yes')).code, 0);
});

test('task labels, declassify: a reason is needed', async () => {
  const label = { name: 'untrusted', system: 'mail', operation: 'get_email', action: '', at, tree: ids.task };
  answers('getTaskFlow', () => ({ root: ids.task, labels: [label], values: 2, from: [] }));
  assert.match((await run(`task labels ${ids.task}`)).out, /untrusted +from mail\.get_email[^]*2 values are followed/);
  answers('declassifyTask', () => ({ root: ids.task, labels: [], values: 2, from: [] }));
  assert.equal((await run(`task declassify ${ids.task} untrusted`)).code, 2);
  assert.match((await run(`task declassify ${ids.task} untrusted --reason looked`)).out, /It has no labels/);
  assert.deepEqual(inputs['declassifyTask'], { task: ids.task, label: 'untrusted', reason: 'looked' });
});
