import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, test } from 'vitest';
import { parse } from 'yaml';
import { Refusal } from '../../sdk/test/stand-in.ts';
import { action, refundAgent, signedIn } from './world.ts';
import { hasTricks, type Terminal } from './terminal.ts';

let terminal: Terminal;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);
beforeAll(async () => {
  terminal = await signedIn();
});
afterAll(() => terminal.close());

const hostile = 'ok\u001b[2K\u001b[1A\u202egnp.exe\u009b31m\nsecond line';

test('a table has titles, and every agent with who answers for it, by name', async () => {
  const { code, out, err } = await run('agent ls');
  assert.equal(code, 0);
  assert.equal(err, '');
  assert.equal(
    out,
    [
      'AGENT       STATE     ANSWERS FOR IT  RISK    AUTONOMY           PURPOSE',
      'refund-bot  ✓ active  Maya Okafor     medium  act_within_limits  refunds orders that went wrong',
      '',
    ].join('\n'),
  );
});

test('every format is what it says, with nothing else on standard output', async () => {
  const json = await run('agent ls -o json');
  assert.deepEqual(JSON.parse(json.out), [refundAgent]);
  assert.equal(json.err, '');
  const lines = await run('agent ls -o jsonl');
  assert.equal(lines.out, `${JSON.stringify(refundAgent)}\n`);
  const yaml = await run('agent ls -o yaml');
  assert.match(yaml.out, /^- id: agt_01k9z7qh4m8y2c3d4e5f6g7h8j\n {2}name: refund-bot\n/);
  const name = await run('agent ls -o name');
  assert.equal(name.out, 'refund-bot\n');
  const csv = await run('agent ls -o csv --fields name,owner,deputies,purpose');
  assert.equal(
    csv.out,
    'name,owner,deputies,purpose\r\nrefund-bot,hum_01k9z7qh4m8y2c3d4e5f6g7h8j,,refunds orders that went wrong\r\n',
  );
  const wide = await run('agent ls -o wide');
  assert.match(wide.out, /DEPUTIES +ID +SINCE [+-]\d\d:\d\d/);
});

test('one thing is key and value, one a line', async () => {
  terminal.server.answers['whoAmI'] = () => ({
    principal: refundAgent.owner,
    kind: 'human',
    name: 'maya',
    displayName: 'Maya Okafor',
    credential: 'crd_01k9z7qh4m8y2c3d4e5f6g7h8j',
  });
  const { out } = await run('whoami');
  assert.match(out, /^name: maya\ncalled: Maya Okafor\nkind: human\nid: hum_/);
  assert.equal(JSON.parse((await run('whoami -o json')).out).name, 'maya');
});

test('fields are chosen by name, in their order, also inside; a field that is not there is wrong usage', async () => {
  assert.deepEqual(JSON.parse((await run('agent ls -o json --fields name,state')).out), [
    { name: 'refund-bot', state: 'active' },
  ]);
  assert.equal((await run('agent ls --fields state,name')).out, 'STATE   NAME\nactive  refund-bot\n');
  const wrong = await run('agent ls --fields nmae');
  assert.deepEqual([wrong.code, wrong.out], [2, '']);
  assert.match(wrong.err, /There is no field "nmae"\.\n.*Fields are: id, name,/);
});

test('an unknown format is wrong usage with a suggestion, before anything is asked', async () => {
  terminal.server.seen.length = 0;
  for (const line of ['agent ls -o jsno', 'agent ls -ojsno', '-o jsno agent ls', 'agent --output=jsno ls']) {
    const { code, out, err } = await run(line);
    assert.deepEqual([code, out], [2, ''], line);
    assert.match(err, /There is no output format "jsno"\.\n.*Did you mean "json"\?/);
  }
  assert.match((await run('agent ls -o protobuf')).err, /Formats are: table, wide, json, jsonl, yaml, csv, name\./);
  assert.deepEqual(terminal.server.seen, []);
});

test('where an option stands makes no difference', async () => {
  const outs = await Promise.all(
    ['-o name agent ls', 'agent -o name ls', 'agent ls -o name', 'agent ls --output=name'].map(
      async (line) => (await run(line)).out,
    ),
  );
  assert.deepEqual(
    outs,
    Array.from({ length: 4 }, () => 'refund-bot\n'),
  );
});

test('colour is for terminals, the format is not: piped and at a terminal the same words', async () => {
  const piped = await run('agent ls');
  const shown = await run('agent ls', { tty: true, columns: 200 });
  assert.ok(shown.out.includes('\u001b[32m✓ active\u001b[39m'));
  assert.equal(stripVTControlCharacters(shown.out), piped.out);
  assert.equal((await run('agent ls', { tty: true, columns: 200, env: { NO_COLOR: '1' } })).out, piped.out);
  assert.equal((await run('agent ls --color never', { tty: true, columns: 200 })).out, piped.out);
  assert.ok((await run('agent ls --color always')).out.includes('\u001b[32m'));
  assert.equal((await run('agent ls --color perhaps')).code, 2);
});

test('a terminal that speaks no Unicode is given plain signs', async () => {
  assert.match((await run('agent ls', { env: { LANG: 'C' } })).out, /\+ active/);
  assert.match((await run('agent ls', { env: { TERM: 'dumb' } })).out, /\+ active/);
  assert.match((await run('agent ls', { env: { LANG: 'de_DE.UTF-8' } })).out, /✓ active/);
});

test('a table fits its terminal, and is whole in a pipe', async () => {
  const narrow = await run('agent ls', { tty: true, columns: 60, env: { NO_COLOR: '1' } });
  assert.ok(
    narrow.out.split('\n').every((line) => line.length <= 60),
    narrow.out,
  );
  assert.match(narrow.out, /…/);
  assert.doesNotMatch((await run('agent ls', { columns: 60 })).out, /…/);
});

test('SURETY_A11Y gives words without signs, and tables as lines', async () => {
  const { out } = await run('agent ls', { tty: true, env: { SURETY_A11Y: '1', NO_COLOR: '1' } });
  assert.equal(
    out,
    [
      'agent: refund-bot',
      'state: active',
      'answers for it: Maya Okafor',
      'risk: medium',
      'autonomy: act_within_limits',
      'purpose: refunds orders that went wrong',
      '',
    ].join('\n'),
  );
});

test('when there is nothing, people are told so on standard error and data is an empty list', async () => {
  terminal.server.answers['listAgents'] = () => ({ items: [] });
  const people = await run('agent ls');
  assert.deepEqual([people.code, people.out], [0, '']);
  assert.match(people.err, /There are no agents\. Register one with "surety agent new"\./);
  assert.deepEqual([(await run('agent ls -o json')).out, (await run('agent ls -o json')).err], ['[]\n', '']);
  terminal.server.answers['listAgents'] = () => ({ items: [refundAgent] });
});

test('attack: text of others plays no tricks on the terminal, and is the same value as data', async () => {
  terminal.server.answers['listActions'] = () => ({ items: [{ ...action, summary: hostile }] });
  for (const format of ['table', 'wide', 'json', 'jsonl', 'yaml', 'csv']) {
    const { code, out } = await run(`activity ls -o ${format}`);
    assert.equal(code, 0);
    assert.match(out, /gnp\.exe/, format);
    assert.equal(hasTricks(out.replaceAll('\r\n', '\n')), false, format);
  }
  assert.equal(JSON.parse((await run('activity ls -o json')).out)[0].summary, hostile);
  assert.equal(parse((await run('activity ls -o yaml')).out)[0].summary, hostile);
  assert.match((await run('activity ls')).out, /ok\\u001b\[2K\\u001b\[1A\\u202egnp\.exe\\u009b31m\\u000asecond line/);
});

test('attack: what a spreadsheet would run as a formula is text', async () => {
  terminal.server.answers['listActions'] = () => ({
    items: ['=1+1', '+1', '@x', '-2+3', '-5', '7'].map((summary) => ({ ...action, summary })),
  });
  assert.equal((await run('activity ls -o csv --fields summary')).out, "summary\r\n'=1+1\r\n'+1\r\n'@x\r\n'-2+3\r\n-5\r\n7\r\n");
});

test('an error is what, why, what to do and the id, on standard error; standard output stays empty', async () => {
  terminal.server.answers['listAgents'] = () => {
    throw new Refusal('access.denied', { why: ['the role auditor may not list agents'] });
  };
  const text = await run('agent ls');
  assert.deepEqual([text.code, text.out], [3, '']);
  assert.equal(
    text.err,
    [
      '✗ Policy does not permit this',
      '  the role auditor may not list agents',
      '  → Ask an administrator for the role that this needs.',
      '  id req_01k9z7qh4m8y2c3d4e5f6g7h8j',
      '',
    ].join('\n'),
  );
  const json = await run('agent ls -o json');
  assert.deepEqual([json.code, json.out], [3, '']);
  assert.deepEqual(JSON.parse(json.err), {
    error: {
      code: 'access.denied',
      message: 'Policy does not permit this',
      why: ['the role auditor may not list agents'],
      next: ['Ask an administrator for the role that this needs.'],
      id: 'req_01k9z7qh4m8y2c3d4e5f6g7h8j',
    },
  });
  terminal.server.answers['listAgents'] = () => ({ items: [refundAgent] });
});

test('errors in what was typed are JSON too when JSON was asked for', async () => {
  for (const line of ['agnt ls -o json', 'agent ls --nonsense --output json', 'agent new -o json', '-ojson agent show']) {
    const { code, out, err } = await run(line);
    assert.deepEqual([code, out], [2, ''], line);
    assert.equal(JSON.parse(err).error.code, 'usage', line);
  }
});

test('each kind of fault has its exit code', async () => {
  const cases = [
    ['request.malformed', 2],
    ['access.denied', 3],
    ['approval.not_yours', 3],
    ['token.ended', 10],
    ['client.unknown', 4],
    ['agent.not_found', 6],
    ['name.taken', 7],
    ['agent.move_refused', 7],
    ['signature.invalid', 8],
    ['mandate.invalid', 1],
    ['service.not_ready', 1],
    ['internal', 1],
    ['system.unreachable', 1],
  ] as const;
  for (const [code, exit] of cases) {
    terminal.server.answers['getAgent'] = () => {
      throw new Refusal(code);
    };
    assert.equal((await run('agent show refund-bot')).code, exit, code);
  }
  terminal.server.answers['getAgent'] = () => ({ agent: refundAgent, owner: refundAgent, credentials: [] });
});

test('a server that is not there is exit 1, with its address and no stack', async () => {
  const { code, out, err } = await run('agent ls', {
    env: { SURETY_URL: 'http://127.0.0.1:9', SURETY_CLIENT_ID: 'hum_x', SURETY_PRIVATE_KEY_FILE: await keyFile() },
  });
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /The server cannot be reached\n {2}http:\/\/127\.0\.0\.1:9 does not answer\./);
  assert.doesNotMatch(err, /at .*\.ts:/);
});

async function keyFile(): Promise<string> {
  return JSON.parse((await run('context ls -o json')).out)[0].keyFile;
}

test('Ctrl-C is 130', async () => {
  const stop = new AbortController();
  terminal.server.answers['listActions'] = () => {
    stop.abort();
    return { items: [] };
  };
  assert.equal((await run('activity tail', { signal: stop.signal })).code, 130);
  const never = new AbortController();
  terminal.server.answers['listAgents'] = () => new Promise(() => never.abort());
  const ran = await run('agent ls', { signal: never.signal });
  assert.equal(ran.code, 130);
  terminal.server.answers['listAgents'] = () => ({ items: [refundAgent] });
});
