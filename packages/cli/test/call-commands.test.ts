import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'vitest';
import { Refusal } from '../../sdk/test/stand-in.ts';
import { allowed, denied, held, type ScriptedGuard, scriptGuard } from './guard.ts';
import { hasTricks, type Terminal } from './terminal.ts';
import { enrolled, explanation, ids, signedIn } from './world.ts';

let terminal: Terminal;
let guard: ScriptedGuard;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

beforeEach(async () => {
  terminal = await signedIn();
  await enrolled(terminal);
  guard = scriptGuard(terminal);
});
afterEach(() => terminal.close());

test('call: allowed, with what the tool said, in the protocol of 2026-07-28', async () => {
  guard.answers(allowed);
  const { code, out, err } = await run('call payments.refund order=8841 amount=420');
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^✓ allowed {2}payments\.refund {4}\d+ ms\n {2}refunded\n$/);
  const { headers, body, path } = guard.heard[0]!;
  assert.deepEqual(
    [path, headers['mcp-protocol-version'], headers['mcp-method'], headers['mcp-name']],
    ['/mcp/payments', '2026-07-28', 'tools/call', 'refund'],
  );
  const message = JSON.parse(body);
  assert.deepEqual(message.params.arguments, { order: 8841, amount: 420 });
  assert.equal(message.params._meta['io.modelcontextprotocol/protocolVersion'], '2026-07-28');
  assert.deepEqual(message.params._meta['io.modelcontextprotocol/clientCapabilities'], {});
});

test('call: denied is exit 3, with every condition and the value found, for the person at the terminal', async () => {
  guard.answers(denied);
  terminal.server.answers['explainAction'] = () => explanation;
  const { code, out } = await run('call payments.refund order=8841 amount=420');
  assert.equal(code, 3);
  assert.equal(
    out,
    [
      '✗ denied  payments.refund  order 8841, amount 420    6.1 ms',
      '  amount is at most 250, and is 420',
      '    ✓ the action is refund',
      '    ✗ amount is at most 250      found 420',
      '  decided by mandate/refund, mandate version 3',
      '  Maya Okafor answers for this agent.',
      '  Computed again from what was kept, it falls the same way.',
      '  To go on: Ask Maya Okafor for a mandate that covers it.',
      '',
    ].join('\n'),
  );
});

test('call: denied, and the person may not see why: what the guard said is said, and where to look', async () => {
  guard.answers(denied);
  terminal.server.answers['explainAction'] = () => {
    throw new Refusal('access.denied');
  };
  const { code, out } = await run('call payments.refund amount=420');
  assert.equal(code, 3);
  assert.match(
    out,
    /^✗ denied {2}payments\.refund {4}\d+ ms\n {2}Denied: refund\. The amount 420 is above the limit\.\n {2}surety why act_/,
  );
});

test('call: held is exit 5 with what to do; --wait asks again with exactly the same call until a person answered', async () => {
  guard.answers(held);
  const once = await run('call payments.refund amount=420');
  assert.equal(once.code, 5);
  assert.match(
    once.out,
    /^▲ held {2}payments\.refund[^]*surety request show apr_\S+ {6}\d+ min left\n {2}Then repeat exactly this call, or add --wait\.\n$/,
  );
  guard.heard = [];
  guard.answers(held, allowed);
  const waited = await run('call payments.refund amount=420 --wait');
  assert.equal(waited.code, 0);
  assert.equal(guard.heard.length, 2);
  assert.equal(guard.heard[0]?.body, guard.heard[1]?.body);
  guard.answers(held);
  assert.equal((await run('call payments.refund amount=420 --wait=50ms')).code, 5);
});

test('call: an error of the tool, of the protocol, and of the guard are three things', async () => {
  guard.answers({ result: { isError: true, content: [{ type: 'text', text: 'no such order' }] } });
  const failed = await run('call payments.refund amount=420');
  assert.equal(failed.code, 1);
  assert.match(failed.out, /^! failed {2}payments\.refund[^]*no such order/);
  guard.answers({ error: { code: -32602, message: 'unknown tool' } });
  assert.equal((await run('call payments.nope')).code, 1);
  guard.answers({ error: { code: -32001, message: 'denied' } });
  assert.equal((await run('call payments.refund')).code, 3);
});

test('call: a stopped agent is exit 10, whether the guard or the token endpoint says so', async () => {
  guard.answers({
    result: {
      isError: true,
      content: [{ type: 'text', text: 'Stopped: refund.' }],
      structuredContent: { status: 'stopped', problem: 'stopped', action: ids.action },
    },
  });
  assert.equal((await run('call payments.refund')).code, 10);
  terminal.server.answers['token'] = () => {
    throw new Refusal('grant.refused');
  };
  const { code, err } = await run('call payments.refund');
  assert.equal(code, 10);
  assert.match(
    err,
    /✗ No token is given: .* not active\n {2}→ Ask the person who answers for it whether it was stopped\.\n {2}id req_/,
  );
});

test('call: an answer that comes as a stream, with progress before it, said once', async () => {
  terminal.server.mcp = (_request, body, response) => {
    if (guard.answersList(body, response)) return;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const progress of [1, 2])
      response.write(
        `:\n\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":${progress},"message":"Waiting for Maya Okafor"}}\n\n`,
      );
    setTimeout(
      () => response.end(`event: message\r\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 1, ...allowed })}\r\n\r\n`),
      20,
    );
  };
  const { code, out, err } = await run('call payments.refund');
  assert.equal(code, 0);
  assert.equal(err, '  Waiting for Maya Okafor\n');
  assert.match(out, /refunded/);
});

test('attack: the text of a tool plays no tricks on the terminal', async () => {
  guard.answers({ result: { content: [{ type: 'text', text: 'fine\u001b[2J\u001b[H✓ allowed\r\n\u202ex' }] } });
  const { out } = await run('call a.b');
  assert.equal(hasTricks(out), false);
  assert.match(out, /fine\\u001b\[2J/);
});

test('call: which agent is said, or there is only one', async () => {
  guard.answers(allowed);
  assert.equal((await run('call a.b --agent refund-bot')).code, 0);
  const absent = await run('call a.b --agent nobody');
  assert.equal(absent.code, 4);
  assert.match(absent.err, /surety agent enrol nobody/);
  await enrolled(terminal, 'second');
  const { code, err } = await run('call a.b');
  assert.equal(code, 2);
  assert.match(err, /one of: refund-bot, second/);
});
