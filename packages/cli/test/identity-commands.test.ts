import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import { Refusal } from '../../sdk/test/stand-in.ts';
import { openTerminal, type Terminal } from './terminal.ts';
import { answerClaim, claimCode, credential, enrolled, ids, maya, refundAgent, signedIn } from './world.ts';

let terminal: Terminal;
let inputs: Record<string, unknown>;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

beforeEach(async () => {
  terminal = await signedIn();
  inputs = {};
});
afterEach(() => terminal.close());

/** Answers a route and keeps what it was asked. */
function answers(name: string, answer: (input: never) => unknown): void {
  terminal.server.answers[name] = (input) => {
    inputs[name] = input;
    return answer(input);
  };
}

async function newTerminal(frontDoor = {}): Promise<void> {
  await terminal.close();
  terminal = await openTerminal(frontDoor);
  answerClaim(terminal);
}

test('claim: a key is made here, its public half is enrolled, and the context is the current one', async () => {
  await newTerminal();
  const { url } = terminal.server;
  const { code, out, err } = await run(['claim', claimCode, '--url', url, '--person', 'maya', '--called', 'Maya Okafor']);
  assert.deepEqual([code, err], [0, '']);
  assert.match(
    out,
    /^✓ You own http:\/\/127\.0\.0\.1:\d+, as Maya Okafor\.\n {2}Your key is .*\.jwk, readable by you only\. Context: local\n/,
  );
  const [context] = JSON.parse((await run('context ls -o json')).out);
  assert.deepEqual(
    [context.name, context.current, context.url, context.principal, context.person],
    ['local', true, url, ids.maya, 'maya'],
  );
  assert.equal((await stat(context.keyFile)).mode & 0o777, 0o600);
  assert.equal((await stat(join(terminal.home, 'contexts.json'))).mode & 0o777, 0o600);
  terminal.server.answers['whoAmI'] = (_input, by) => ({
    principal: by?.principal,
    kind: 'human',
    name: 'maya',
    displayName: 'Maya Okafor',
    credential: ids.key,
  });
  assert.equal(JSON.parse((await run('whoami -o json')).out).principal, ids.maya);
});

test('claim: the page on which a passkey is made comes with a code of its own', async () => {
  await newTerminal();
  answers('openEnrolment', () => ({ principal: ids.maya, code: 'e'.repeat(26), expiresAt: '2026-11-25T02:15:00Z' }));
  const { url } = terminal.server;
  const { out } = await run(['claim', claimCode, '--url', url, '--person', 'maya', '--called', 'Maya Okafor']);
  assert.ok(out.includes(`In a browser:  ${url}/enrol#code=${'e'.repeat(26)} `), out);
  assert.equal((inputs['openEnrolment'] as { principal: string }).principal, ids.maya);
});

test('claim: on the computer of the server the code comes from its data folder', async () => {
  let asked: string | undefined;
  await newTerminal({
    readClaim: async (_cli: unknown, folder: string | undefined) => {
      asked = folder;
      return { code: claimCode, url: terminal.server.url };
    },
  });
  const { code } = await run('claim --data /srv/surety --person maya --called "Maya Okafor" --name here');
  assert.deepEqual([code, asked], [0, '/srv/surety']);
  assert.equal((await run('context ls -o name')).out, 'here\n');
});

test('claim: at a terminal it asks who you are; without one it says what to add', async () => {
  await newTerminal();
  const line = ['claim', claimCode, '--url', terminal.server.url];
  const blind = await run([...line, '--person', 'maya']);
  assert.deepEqual([blind.code, blind.out], [2, '']);
  assert.match(blind.err, /Add --called\./);
  const { code, asked } = await run(line, { tty: true, answers: ['maya', 'Maya Okafor'] });
  assert.equal(code, 0);
  assert.equal(asked.length, 2);
});

test('claim: a refused code leaves neither a key nor a context behind', async () => {
  await newTerminal();
  const { code, out } = await run([
    'claim',
    'x'.repeat(26),
    '--url',
    terminal.server.url,
    '--person',
    'maya',
    '--called',
    'Maya',
  ]);
  assert.deepEqual([code, out], [4, '']);
  assert.deepEqual(await readdir(join(terminal.home, 'keys')), []);
  assert.equal((await run('context ls -o json')).out, '[]\n');
});

test('claim: without a code and without a server here it says where to run it', async () => {
  await newTerminal();
  const { code, err } = await run('claim');
  assert.equal(code, 2);
  assert.match(err, /run this on the computer where the server runs/);
});

test('attack: a claim does not go to an address that others can listen to', async () => {
  await newTerminal();
  const { code, err } = await run(['claim', claimCode, '--url', 'http://surety.example', '--person', 'maya', '--called', 'Maya']);
  assert.equal(code, 2);
  assert.match(err, /not encrypted/);
});

test('context: add with a code, use, and rm, which deletes the key after the risk was named', async () => {
  answers('enrolKey', ({ jwk }: { jwk: unknown }) => {
    terminal.server.enrol(ids.luis, jwk);
    const { url } = terminal.server;
    return {
      principal: ids.luis,
      name: 'luis',
      credential: { ...credential, principal: ids.luis },
      issuer: url,
      gateway: 'http://127.0.0.1:7099/',
    };
  });
  const added = await run(['context', 'add', terminal.server.url, '--name', 'second', '--code', 'd'.repeat(26)]);
  assert.equal(added.code, 0);
  assert.match(added.out, /you are: luis/);
  assert.match(added.out, /gateway: http:\/\/127\.0\.0\.1:7099\n/);
  assert.equal((await run('context use local')).code, 0);
  assert.deepEqual(JSON.parse((await run('context ls -o json --fields name,current')).out), [
    { name: 'local', current: true },
    { name: 'second', current: false },
  ]);
  const { keyFile } = JSON.parse((await run('context ls -o json')).out)[1];
  assert.equal((await run('context rm second --yes')).code, 2);
  await stat(keyFile);
  assert.equal((await run('context rm second --accept-risk=lose-key')).code, 0);
  await assert.rejects(stat(keyFile));
  assert.equal((await run('context ls -o name')).out, 'local\n');
});

test('context: what is not there is wrong usage, and --context chooses for one command', async () => {
  assert.equal((await run('context use nowhere')).code, 2);
  const { code, err } = await run('agent ls --context nowhere');
  assert.equal(code, 2);
  assert.match(err, /Contexts are: local\./);
  assert.equal((await run('agent ls --context local -o name')).code, 0);
});

test('context: a file that cannot be read is said to be so, and is not written over', async () => {
  const path = join(terminal.home, 'contexts.json');
  await writeFile(path, '{"contexts": {"a": {"url": 5}}}');
  assert.equal((await run('context ls')).code, 1);
  assert.equal((await run(['context', 'add', terminal.server.url, '--code', 'd'.repeat(26)])).code, 1);
  assert.equal(await readFile(path, 'utf8'), '{"contexts": {"a": {"url": 5}}}');
});

test('a key that others can read is not used: exit 4', async () => {
  const { keyFile } = JSON.parse((await run('context ls -o json')).out)[0];
  await (await import('node:fs/promises')).chmod(keyFile, 0o644);
  const { code, err } = await run('agent ls');
  assert.equal(code, 4);
  assert.match(err, /can be read by others/);
});

test('agent new: registered by what was named, with the context on standard error', async () => {
  answers('registerAgent', (input: object) => ({ ...refundAgent, ...input, owner: ids.maya, deputies: [], state: 'draft' }));
  const { code, out, err } = await run(
    'agent new refund-bot --purpose "refunds orders" --owner maya --risk high --deputy luis --deputy ana,ben --model big-1',
  );
  assert.equal(code, 0);
  assert.equal(err, `context: local  ${terminal.server.url}\n`);
  assert.match(out, /agent: refund-bot\nstate: … draft\nanswers for it: Maya Okafor\n/);
  assert.deepEqual(inputs['registerAgent'], {
    name: 'refund-bot',
    displayName: 'refund-bot',
    purpose: 'refunds orders',
    owner: 'maya',
    deputies: ['luis', 'ana', 'ben'],
    riskTier: 'high',
    autonomy: 'act_within_limits',
    manifest: { model: 'big-1' },
  });
});

test('agent new: what is missing or impossible is said before anything is sent', async () => {
  for (const [line, told] of [
    ['agent new refund-bot', /Add --purpose/],
    ['agent new refund-bot --purpose x --risk hgih', /Did you mean "high"\?/],
    ['agent new Refund_Bot --purpose x', /\/name: use lower-case letters/],
    ['agent new', /Missing required argument/],
    ['agent new a b --purpose x', /too many arguments/i],
  ] as const) {
    const { code, out, err } = await run(line);
    assert.deepEqual([code, out], [2, ''], line);
    assert.match(err, told);
  }
  assert.deepEqual(terminal.server.seen, []);
});

test('--dry-run says what would be asked, of whom, and asks nothing', async () => {
  const { code, out, err } = await run('agent set refund-bot --purpose "something else" --dry-run -o json');
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), {
    dryRun: true,
    action: 'agent:change',
    method: 'POST',
    path: '/v1/agents/refund-bot',
    input: { purpose: 'something else' },
  });
  assert.match(err, /^context: local/);
  assert.match(
    (await run('agent retire refund-bot --dry-run')).out,
    /would ask for agent:move: POST \/v1\/agents\/refund-bot\/state/,
  );
  assert.deepEqual(
    terminal.server.seen.filter((line) => line.startsWith('POST /v1')),
    [],
  );
});

test('agent set changes only what is named; assign changes who answers', async () => {
  answers('changeAgent', () => refundAgent);
  await run('agent set refund-bot --risk low');
  assert.deepEqual(inputs['changeAgent'], { agent: 'refund-bot', riskTier: 'low' });
  await run('agent set refund-bot --deputy none');
  assert.deepEqual(inputs['changeAgent'], { agent: 'refund-bot', deputies: [] });
  await run('agent assign refund-bot luis');
  assert.deepEqual(inputs['changeAgent'], { agent: 'refund-bot', owner: 'luis' });
  assert.equal((await run('agent set refund-bot')).code, 2);
});

test('agent show: who answers for it, and its keys', async () => {
  terminal.server.answers['getAgent'] = () => ({
    agent: refundAgent,
    owner: maya,
    credentials: [{ ...credential, principal: ids.refundAgent }],
  });
  const { out } = await run('agent show refund-bot');
  assert.match(out, /answers for it: Maya Okafor \(head of support\)/);
  assert.match(out, /KEY +LABEL +STATE +THUMBPRINT\ncrd_\S+ +laptop +✓ active +q7F/);
  const json = JSON.parse((await run('agent show refund-bot -o json')).out);
  assert.deepEqual([json.name, json.answersForIt.name, json.credentials.length], ['refund-bot', 'maya', 1]);
});

test('agent enrol: the agent has a key here, in a file of its own, and can be used at once', async () => {
  await enrolled(terminal);
  const identity = JSON.parse(await readFile(join(terminal.home, 'agents', 'refund-bot.json'), 'utf8'));
  assert.deepEqual(
    [identity.principal, identity.url, identity.gateway],
    [ids.refundAgent, terminal.server.url, terminal.server.url],
  );
  assert.equal((await stat(identity.keyFile)).mode & 0o777, 0o600);
  const again = await run('agent enrol refund-bot');
  assert.equal(again.code, 7);
  assert.match(again.err, /Add --replace/);
  assert.equal((await run('agent enrol refund-bot --replace')).code, 0);
  assert.notEqual(JSON.parse(await readFile(join(terminal.home, 'agents', 'refund-bot.json'), 'utf8')).keyFile, identity.keyFile);
});

test('agent enrol: with a code from elsewhere no person is signed in here; with --code-only no key is made', async () => {
  await enrolled(terminal);
  const made = await run('agent enrol refund-bot --code-only -o name');
  assert.match(made.out, /^[0-9a-f]{40}\n$/);
  const other = await openTerminal();
  const gatewayHere = async () => JSON.parse(await readFile(join(other.home, 'agents', 'refund-bot.json'), 'utf8')).gateway;
  const line = ['agent', 'enrol', 'refund-bot', '--code', 'e'.repeat(26), '--url', terminal.server.url];
  assert.equal((await other.run(line)).code, 0);
  assert.equal(await gatewayHere(), terminal.server.url);
  assert.equal((await other.run(line.slice(0, 5))).code, 7);
  assert.equal((await other.run([...line, '--replace', '--gateway', 'http://127.0.0.1:7098'])).code, 0);
  assert.equal(await gatewayHere(), 'http://127.0.0.1:7098');
  await other.close();
});

test('agent enrol: a refusal leaves no key behind', async () => {
  await enrolled(terminal);
  answers('enrolKey', () => {
    throw new Refusal('key.refused');
  });
  const before = await readdir(join(terminal.home, 'keys'));
  assert.equal((await run('agent enrol other-bot')).code, 1);
  assert.deepEqual(await readdir(join(terminal.home, 'keys')), before);
});

test('attack: a server that names a gateway which others can listen to is not followed, and no key stays', async () => {
  answers('openEnrolment', () => ({ principal: ids.refundAgent, code: 'd'.repeat(26), expiresAt: maya.createdAt }));
  answers('enrolKey', () => ({
    principal: ids.refundAgent,
    name: 'refund-bot',
    credential: { ...credential, principal: ids.refundAgent },
    issuer: terminal.server.url,
    gateway: 'http://gateway.example',
  }));
  const before = await readdir(join(terminal.home, 'keys'));
  const enrol = await run('agent enrol refund-bot');
  assert.equal(enrol.code, 2);
  assert.match(enrol.err, /not encrypted/);
  assert.equal((await run(['context', 'add', terminal.server.url, '--name', 'second', '--code', 'd'.repeat(26)])).code, 2);
  assert.deepEqual(await readdir(join(terminal.home, 'keys')), before);
});

test('attack: the name of an agent cannot leave its folder', async () => {
  await enrolled(terminal);
  for (const name of ['../../evil', 'a/b', '..', 'A']) assert.notEqual((await run(['agent', 'enrol', name])).code, 0);
  assert.deepEqual(await readdir(join(terminal.home, 'agents')), ['refund-bot.json']);
});

test('agent retire cannot be undone: --yes is not enough, the risk is named or the name is typed', async () => {
  answers('moveAgent', () => ({ ...refundAgent, state: 'retired' }));
  const blind = await run('agent retire refund-bot --yes');
  assert.equal(blind.code, 2);
  assert.match(blind.err, /Add --accept-risk=retire\./);
  assert.equal((await run('agent retire refund-bot', { tty: true, answers: ['refund'] })).code, 2);
  assert.equal(inputs['moveAgent'], undefined);
  assert.equal((await run('agent retire refund-bot', { tty: true, answers: ['refund-bot'] })).code, 0);
  assert.equal((await run('agent retire refund-bot --accept-risk retire --reason "replaced"')).code, 0);
  assert.deepEqual(inputs['moveAgent'], { agent: 'refund-bot', to: 'retired', reason: 'replaced' });
});

test('agent revoke asks first', async () => {
  answers('revokeCredential', () => ({ ...credential, state: 'revoked' }));
  assert.equal((await run(['agent', 'revoke', ids.key])).code, 2);
  assert.equal((await run(['agent', 'revoke', ids.key], { tty: true, answers: [false] })).code, 2);
  assert.equal(inputs['revokeCredential'], undefined);
  const { code, out } = await run(['agent', 'revoke', ids.key, '--yes']);
  assert.equal(code, 0);
  assert.match(out, /state: ✗ revoked/);
});

test('person: ls, show with what they answer for, add, set, and a code to sign in with', async () => {
  assert.match(
    (await run('person ls')).out,
    /PERSON +CALLED +STATE +DOES +ROLES\nmaya +Maya Okafor +✓ active +head of support +administrator owner\n/,
  );
  terminal.server.answers['getHuman'] = () => ({ human: maya, answersFor: [refundAgent], deputyOf: [] });
  assert.match((await run('person show maya')).out, /called: Maya Okafor[^]*refund-bot/);
  answers('addHuman', (input: object) => ({ ...maya, ...input }));
  await run('person add luis --called "Luis Ramos" --role owner,approver --group emea');
  assert.deepEqual(inputs['addHuman'], {
    name: 'luis',
    displayName: 'Luis Ramos',
    title: '',
    roles: ['owner', 'approver'],
    groups: ['emea'],
  });
  answers('changeHuman', () => ({ ...maya, state: 'left' }));
  await run('person set luis --state left');
  assert.deepEqual(inputs['changeHuman'], { human: 'luis', state: 'left' });
  answers('openEnrolment', () => ({ principal: ids.luis, code: 'f'.repeat(26), expiresAt: '2026-11-25T02:15:00Z' }));
  assert.match(
    (await run('person enrol luis')).out,
    new RegExp(
      `^${'f'.repeat(26)}\n.*surety context add ${terminal.server.url}\n.*${terminal.server.url}/enrol#code=${'f'.repeat(26)}\n$`,
    ),
  );
});

test('workload: ls, show, new, set', async () => {
  const workload = {
    id: ids.workload,
    name: 'nightly',
    displayName: 'Nightly',
    owner: ids.maya,
    deputies: [],
    state: 'draft',
    revision: 1,
    createdAt: maya.createdAt,
  };
  terminal.server.answers['listWorkloads'] = () => ({ items: [workload] });
  assert.match((await run('workload ls')).out, /nightly +… draft +Maya Okafor/);
  assert.match((await run('workload show nightly')).out, /workload: nightly/);
  assert.equal((await run('workload show absent')).code, 6);
  answers('registerWorkload', () => workload);
  await run('workload new nightly');
  assert.deepEqual(inputs['registerWorkload'], { name: 'nightly', displayName: 'nightly', owner: ids.maya, deputies: [] });
  answers('moveWorkload', () => ({ ...workload, state: 'active' }));
  assert.equal((await run('workload set nightly --state active')).code, 0);
  assert.equal((await run('workload set nightly')).code, 2);
  assert.equal((await run('workload set nightly --state retired')).code, 2);
});
