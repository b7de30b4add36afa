import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, test } from 'vitest';
import type { FrontDoor } from '../src/command.ts';
import { commandTable } from '../src/command-table.ts';
import { Refusal } from '../../sdk/test/stand-in.ts';
import type { Terminal } from './terminal.ts';
import { openTerminal } from './terminal.ts';
import { refundAgent, signedIn } from './world.ts';

let terminal: Terminal;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

const frontDoor: FrontDoor = {
  version: '1.4.2',
  commands: {
    up: {
      usage: '[folder]',
      summary: 'run the platform here',
      options: [{ flags: '--db <url>', about: 'a PostgreSQL of your own' }],
      run: async (cli, given) => {
        await cli.print.result({ folder: given.args[0], db: given.text('db'), home: cli.home }, ['up']);
        return given.args[0] === 'broken' ? 1 : 0;
      },
    },
  },
};

beforeEach(async () => {
  terminal = await signedIn(frontDoor);
});
afterEach(() => terminal.close());

test('commands of the front door stand first, parse like the others and end with their own code', async () => {
  assert.match((await run('help')).out, /Start\n {2}up {2,}run the platform here\n {2}status/);
  const { code, out } = await run('up data --db postgres://x -o json');
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), { folder: 'data', db: 'postgres://x', home: terminal.home });
  assert.equal((await run('up broken')).code, 1);
  assert.equal((await run('up --nonsense')).code, 2);
  assert.match((await run('help up')).out, /--db <url>/);
});

test('help: every command, every topic; what is unknown is suggested', async () => {
  const { code, out, err } = await run([]);
  assert.deepEqual([code, err], [0, '']);
  for (const { name } of commandTable) assert.match(out, new RegExp(`^ {2}${name} `, 'm'));
  for (const line of ['help', '--help', '-h']) assert.equal((await run(line)).out, out, line);
  assert.match((await run('help exit-codes')).out, /^8 {4}the proof does not match/m);
  assert.match((await run('help environment')).out, /^SURETY_HOME/m);
  assert.match((await run('help formatting')).out, /^-o jsonl/m);
  for (const { name } of commandTable) {
    const one = await run(['help', name]);
    assert.equal(one.code, 0, name);
    assert.match(one.out, new RegExp(`^Usage: surety ${name}`), name);
  }
  assert.match((await run('help agent new')).out, /^Usage: surety agent new \[options\] <name>/);
  assert.match((await run('agent new --help')).out, /^Usage: surety agent new \[options\] <name>/);
  const { parseMandate, readMandateDocument } = await import('../src/local/mandate-file.ts');
  const example = (await run('help mandate new')).out.split('A file to begin with:\n')[1] ?? '';
  assert.equal((await run('mandate new --help')).out.split('A file to begin with:\n')[1], example);
  const written = parseMandate(example.replaceAll(/^ {2}/gm, ''));
  assert.equal(readMandateDocument({ ...written, agent: 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j' }).permissions.length, 2);
  assert.match((await run('help agnet')).err, /Did you mean "surety help agent"\?/);
  assert.equal((await run('help agent nwe')).code, 2);
});

test('usage lines of every command are what is parsed: required things are required', async () => {
  for (const { name, load } of commandTable) {
    const spec = await load();
    for (const one of Array.isArray(spec) ? spec : [spec]) {
      const words = one.usage.split(' ').filter((word: string) => word !== '');
      const named = Array.isArray(spec) ? words.slice(1) : words;
      if (!named.some((word: string) => word.startsWith('<'))) continue;
      const { code } = await run([name, ...(Array.isArray(spec) ? [words[0] ?? ''] : [])]);
      assert.equal(code, 2, `${name} ${one.usage}`);
    }
  }
});

test('a command that is not there, or has nothing to do, is wrong usage', async () => {
  const unknown = await run('agnt ls');
  assert.deepEqual([unknown.code, unknown.out], [2, '']);
  assert.match(unknown.err, /Unknown command 'agnt' \(Did you mean agent\?\)/);
  const bare = await run('agent');
  assert.deepEqual([bare.code, bare.out], [2, '']);
  assert.match(bare.err, /Usage: surety agent/);
  assert.match((await run('agent sl')).err, /Unknown command 'sl'/);
});

test('--version is that of the front door, and nothing else', async () => {
  assert.deepEqual([(await run('--version')).out, (await run('-V')).out], ['1.4.2\n', '1.4.2\n']);
});

test('status: what runs; a problem is exit 1, a warning 9', async () => {
  const check = (state: string, next?: string) => ({
    group: 'log',
    check: 'log',
    state,
    fact: '90 entries',
    ...(next === undefined ? {} : { next }),
  });
  const status = (...checks: object[]) => {
    terminal.server.answers['getStatus'] = () => ({
      version: '1.4.2',
      issuer: 'i',
      gateway: 'g',
      claimed: true,
      agents: 4,
      systems: 3,
      waiting: 1,
      points: [{ id: 'pnt', name: 'gateway', change: 41, seenMsAgo: 12.4 }],
      log: { size: 90, unsequenced: 0 },
      checks,
    });
  };
  status(check('ok'));
  const good = await run('status');
  assert.equal(good.code, 0);
  assert.match(
    good.out,
    /version 1\.4\.2, gateway g\n {2}4 agents, 3 systems, 1 requests wait for a person\n[^]*gateway: enforcing, change 41, heard of 12 ms ago\n {2}✓ log/,
  );
  status(check('ok'), check('warning', 'surety doctor'));
  assert.equal((await run('status')).code, 9);
  status(check('warning'), check('problem', 'surety doctor'));
  const bad = await run('status');
  assert.equal(bad.code, 1);
  assert.match(bad.out, /✗ log +90 entries\n {4}surety doctor/);
  assert.equal(JSON.parse((await run('status -o json')).out).agents, 4);
});

test('connect: each client gets what it reads, pointing at the bridge', async () => {
  const url = 'http://127.0.0.1:7079/mcp/shop';
  assert.deepEqual(JSON.parse((await run('connect cursor shop')).out), { mcpServers: { shop: { url } } });
  assert.deepEqual(JSON.parse((await run('connect vscode shop --print')).out), { servers: { shop: { type: 'http', url } } });
  assert.equal(
    (await run('connect claude-code shop --port 8000')).out,
    'claude mcp add --transport http shop http://127.0.0.1:8000/mcp/shop\n',
  );
  assert.equal((await run('connect codex shop')).out, `codex mcp add shop --url ${url}\n`);
  for (const client of ['claude-desktop', 'inspector']) assert.match((await run(`connect ${client} shop`)).out, new RegExp(url));
  assert.match((await run('connect cursor shop --agent refund-bot')).err, /surety bridge shop --agent refund-bot/);
  assert.match((await run('connect curser shop')).err, /Did you mean "cursor"\?/);
  assert.equal((await run('connect cursor')).code, 2);
  assert.equal((await run(['connect', 'claude-code', 'shop; rm -rf /'])).code, 2);
});

test('api: any call with the same key; the answer as it came', async () => {
  const { out } = await run('api GET /v1/agents');
  assert.deepEqual(JSON.parse(out), { items: [refundAgent] });
  let asked: unknown;
  terminal.server.answers['changeAgent'] = (input) => {
    asked = input;
    return refundAgent;
  };
  const posted = await run('api post /v1/agents/refund-bot purpose=other riskTier=low');
  assert.equal(posted.code, 0);
  assert.match(posted.err, /^context: local/);
  assert.deepEqual(asked, { agent: 'refund-bot', purpose: 'other', riskTier: 'low' });
  await run('api POST /v1/agents/refund-bot --input -', { stdin: '{"purpose":"from a pipe"}' });
  assert.deepEqual(asked, { agent: 'refund-bot', purpose: 'from a pipe' });
  terminal.server.answers['listActions'] = (input) => {
    asked = input;
    return { items: [] };
  };
  await run('api GET /v1/actions agent=refund-bot limit=5');
  assert.deepEqual(asked, { agent: 'refund-bot', limit: 5 });
  assert.equal((await run('api GET /v1/nowhere')).code, 6);
  for (const line of [
    'api GET /token',
    'api PATCH /v1/agents',
    'api GET http://evil.example/v1/agents',
    'api POST /v1/agents a=1 --input -',
  ])
    assert.equal((await run(line)).code, 2, line);
  terminal.server.seen.length = 0;
  assert.equal((await run('api DELETE /v1/systems/shop --dry-run')).code, 0);
  assert.deepEqual(terminal.server.seen, []);
});

test('attack: a path of the API cannot lead out of it', async () => {
  terminal.server.seen.length = 0;
  for (const path of ['/v1/../token', '/v1/%2e%2e/token']) assert.notEqual((await run(['api', 'POST', path, 'a=1'])).code, 0);
  assert.ok(
    !terminal.server.seen.includes('POST /token') || terminal.server.tokenRequests.every((form) => form.get('a') === null),
  );
});

test('the environment can stand in for a context', async () => {
  const { keyFile, principal, url } = JSON.parse((await run('context ls -o json')).out)[0];
  const other = await openTerminal();
  const env = { SURETY_URL: url, SURETY_CLIENT_ID: principal, SURETY_PRIVATE_KEY_FILE: keyFile };
  assert.equal((await other.run('agent ls -o name', { env })).out, 'refund-bot\n');
  const without = await other.run('agent ls');
  assert.equal(without.code, 4);
  assert.match(without.err, /surety claim/);
  await other.close();
});

test('completion: what the shells read, with the commands below', async () => {
  for (const shell of ['bash', 'zsh']) {
    const { code, out } = await run(`completion ${shell}`);
    assert.equal(code, 0);
    assert.match(out, /agent\).*ls show new set assign enrol/);
    assert.match(out, /\bup\b/);
  }
  const { out } = await run('completion bash');
  const shell = spawnSync(
    'bash',
    ['-c', `${out}\nCOMP_WORDS=(surety agent en); COMP_CWORD=2; _surety; echo "\${COMPREPLY[@]}"`],
    { encoding: 'utf8' },
  );
  assert.equal(shell.stdout, 'enrol\n');
  assert.equal((await run('completion fish')).code, 2);
});

test('a bug is said without its stack, and never as success', async () => {
  terminal.server.answers['listAgents'] = () => {
    throw new Refusal('internal');
  };
  const { code, err } = await run('agent ls');
  assert.equal(code, 1);
  assert.doesNotMatch(err, /\.ts:\d+/);
});
