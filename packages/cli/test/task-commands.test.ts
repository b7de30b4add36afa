import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'vitest';
import type { Terminal } from './terminal.ts';
import { at, ids, maya, signedIn } from './world.ts';

let terminal: Terminal;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

beforeEach(async () => {
  terminal = await signedIn();
});
afterEach(() => terminal.close());

const root = {
  id: ids.task,
  agent: ids.refundAgent,
  requester: ids.refundAgent,
  answerable: ids.maya,
  trigger: 'agent',
  purpose: 'refunds orders that went wrong',
  parent: null,
  root: ids.task,
  depth: 0,
  grant: null,
  instance: ids.key,
  asked: [],
  state: 'open',
  expiresAt: new Date(Date.now() + 20 * 60_000).toISOString(),
  createdAt: at,
  agentName: 'refund-bot',
  requesterName: 'refund-bot',
  answerableName: maya.displayName,
  handedOn: [],
  calls: 4,
};
const child = {
  ...root,
  id: `${ids.task.slice(0, -1)}k`,
  agent: ids.etl,
  agentName: 'payer',
  requester: ids.refundAgent,
  parent: ids.task,
  depth: 1,
  instance: null,
  handedOn: ['May call payments.refund when /amount is at most 50; until 1 Jan 2027 00:00 UTC.', 'May not be handed on.'],
  calls: 1,
};

test('task ls: open tasks, for whom each is, and how much is left', async () => {
  const asked: object[] = [];
  terminal.server.answers['listTasks'] = (input: object) => (asked.push(input), { items: [root, child] });
  const { out } = await run('task ls --agent refund-bot --limit 5');
  assert.match(out, /TASK +AGENT +FOR +STATE +HOPS ABOVE +CALLS +LEFT +ANSWERS\n/);
  assert.match(out, /refund-bot +itself +✓ open +0 +4 +20 min +Maya Okafor\n/);
  assert.match(out, /payer +refund-bot +✓ open +1 +1 +20 min +Maya Okafor\n/);
  assert.deepEqual(asked, [{ agent: 'refund-bot', limit: 5, all: false }]);
  terminal.server.answers['listTasks'] = () => ({ items: [] });
  assert.match((await run('task ls --all')).err, /No task is open/);
});

test('task show: the tree from the top, with the hops in words; as data it is the whole', async () => {
  terminal.server.answers['listTasks'] = ({ tree }: { tree?: string }) => ({ items: tree === child.id ? [root, child] : [] });
  const { out } = await run(['task', 'show', child.id]);
  assert.equal(
    out,
    [
      `refund-bot  by itself  ✓ open, 20 min left  4 calls  ${root.id}`,
      '  refunds orders that went wrong',
      '  Maya Okafor answers for it.',
      `  payer  for refund-bot  ✓ open, 20 min left  1 call  ${child.id}  (this one)`,
      '    May call payments.refund when /amount is at most 50; until 1 Jan 2027 00:00 UTC.',
      '    May not be handed on.',
      '',
    ].join('\n'),
  );
  assert.deepEqual(JSON.parse((await run(['task', 'show', child.id, '-o', 'json'])).out), { items: [root, child] });
  assert.equal((await run('task show 5')).code, 2);
});

test('what an agent called itself cannot draw on the terminal', async () => {
  terminal.server.answers['listTasks'] = () => ({ items: [{ ...root, purpose: 'a\u001b[2Jb' }] });
  assert.ok(!(await run(['task', 'show', root.id])).out.includes('\u001b[2J'));
});

test('task end: says where it goes, and what ended; with --dry-run nothing is asked', async () => {
  const asked: object[] = [];
  const { agentName: _a, requesterName: _r, answerableName: _n, handedOn: _h, calls: _c, ...task } = root;
  terminal.server.answers['endTask'] = (input: object) => (asked.push(input), { ...task, state: 'ended' });
  assert.match((await run(['task', 'end', root.id, '--dry-run'])).out, /would ask for task:end/);
  assert.deepEqual(asked, []);
  const { out, err, code } = await run(['task', 'end', root.id]);
  assert.equal(code, 0);
  assert.match(out, /■ ended tsk_\S+, and what hung from it\n/);
  assert.match(err, /context: /);
  assert.deepEqual(asked, [{ task: root.id }]);
});

test('session ls and show: instances at work, by their key', async () => {
  const asked: object[] = [];
  const second = { ...root, id: `${ids.task.slice(0, -1)}m`, calls: 3 };
  terminal.server.answers['listTasks'] = (input: object) => (asked.push(input), { items: [root, second, child] });
  const { out } = await run('session ls');
  assert.match(out, new RegExp(`${ids.key} +refund-bot +Maya Okafor +2 +7 `));
  assert.equal(out.split('\n').length, 3);
  await run(['session', 'show', ids.key]);
  assert.deepEqual(asked, [
    { all: false, limit: 1000 },
    { all: false, limit: 1000, instance: ids.key },
  ]);
  assert.equal((await run('session show refund-bot')).code, 2);
});
