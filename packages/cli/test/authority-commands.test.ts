import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, fromPlain } from '@surety/contract/exact-json';
import { readJws, verifyJws } from '@surety/proof/jws';
import { afterEach, beforeEach, test } from 'vitest';
import { Refusal } from '../../sdk/test/stand-in.ts';
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

async function file(name: string, text: string): Promise<string> {
  const path = join(terminal.home, name);
  await writeFile(path, text);
  return path;
}

function claimsOf(jws: string) {
  return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
}

const mandateYaml = `agent: refund-bot
purpose: Refund orders that went wrong
autonomy: act_within_limits
expiresAt: 2027-01-31T00:00:00Z
permissions:
  - system: payments
    actions: [refund]
    where:
      /amount: { max: 250.00, min: 0.0100 }
      /account: { max: 99999999999999.9999 }
    hold:
      - because: large
        when: { /amount: { over: 100 } }
`;

function digestOf(document: unknown): string {
  return createHash('sha256')
    .update(canonicalJson(fromPlain(document)))
    .digest('base64url');
}

function mandateOf(document: Record<string, unknown>, signature = 's') {
  return {
    id: ids.mandate,
    agent: ids.refundAgent,
    version: 3,
    document,
    documentDigest: digestOf(document),
    signature,
    givenBy: ids.maya,
    state: 'active',
    sentences: ['It may refund up to 250.'],
    createdAt: at,
  };
}

function answerMandates(): void {
  answers('readMandate', ({ document }: { document: unknown }) => ({
    digest: digestOf(document),
    sentences: ['It may refund up to 250.', 'A person is asked above 100.'],
    policies: [],
  }));
  answers('giveMandate', ({ document, signature }: { document: Record<string, unknown>; signature: string }) =>
    mandateOf(document, signature),
  );
}

test('mandate new: shows what it means, asks, and signs the digest of exactly this document', async () => {
  answerMandates();
  const path = await file('m.yaml', mandateYaml);
  const { code, out, err, asked } = await run(['mandate', 'new', path], { tty: true, answers: [true] });
  assert.equal(code, 0);
  assert.match(
    err,
    /refund-bot may, if you sign \(Maya Okafor answers for it\):\n {2}It may refund up to 250\.\n {2}A person is asked above 100\.\n/,
  );
  assert.deepEqual(asked, ['Sign this mandate for refund-bot?']);
  assert.match(out, /mandate: man_\S+\nagent: refund-bot\nversion: 3\n/);
  const { document, signature } = inputs['giveMandate'] as { document: Record<string, unknown>; signature: string };
  assert.equal(document['agent'], ids.refundAgent);
  const jws = readJws(signature, { typ: 'surety-mandate+jwt' });
  assert.ok(verifyJws(jws, terminal.server.keys.get(ids.maya)!));
  const { iat, ...claims } = claimsOf(signature);
  assert.deepEqual(claims, { digest: digestOf(document), agent: ids.refundAgent });
  assert.ok(Math.abs(iat * 1000 - Date.now()) < 5000);
});

test('mandate new: amounts keep the digits of the file', async () => {
  answerMandates();
  await run(['mandate', 'new', await file('m.yaml', mandateYaml), '--yes']);
  const { document } = inputs['giveMandate'] as { document: { permissions: { where: object; hold: object[] }[] } };
  assert.deepEqual(document.permissions[0]?.where, {
    '/amount': { max: '250.00', min: '0.0100' },
    '/account': { max: '99999999999999.9999' },
  });
  assert.deepEqual(document.permissions[0]?.hold, [{ because: 'large', when: { '/amount': { over: '100' } } }]);
});

test('mandate new: nothing is signed when the answer is no, when there is no terminal, or with --dry-run', async () => {
  answerMandates();
  const path = await file('m.yaml', mandateYaml);
  assert.equal((await run(['mandate', 'new', path])).code, 2);
  assert.equal((await run(['mandate', 'new', path], { tty: true, answers: [false] })).code, 2);
  const dry = await run(['mandate', 'new', path, '--dry-run', '-o', 'json']);
  assert.equal(JSON.parse(dry.out).input.signature, 'not-signed');
  assert.equal(inputs['giveMandate'], undefined);
});

test('attack: a server that names another digest gets no signature: exit 8', async () => {
  answerMandates();
  answers('readMandate', () => ({ digest: digestOf({ everything: true }), sentences: ['It may do nothing.'], policies: [] }));
  const { code, err } = await run(['mandate', 'new', await file('m.yaml', mandateYaml), '--yes']);
  assert.equal(code, 8);
  assert.match(err, /names another digest/);
  assert.equal(inputs['giveMandate'], undefined);
});

test('mandate new: a file that is no mandate is refused with where', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['a: [', /cannot be read/],
    ['', /empty/],
    ['agent: refund-bot\nagent: other\n', /cannot be read/],
    [mandateYaml.replace('autonomy: act_within_limits', 'autonomy: all'), /\/autonomy/],
    [mandateYaml.replace('purpose:', 'purposes:'), /\/purpose/],
    [mandateYaml.replace('agent: refund-bot\n', ''), /names no agent/],
    ['a: &a 1\nagent: *a\n', /Alias|cannot|names no agent|agent/i],
  ];
  for (const [text, told] of cases) {
    const { code, out, err } = await run(['mandate', 'new', await file('m.yaml', text), '--yes']);
    assert.deepEqual([code !== 0, out], [true, ''], text);
    assert.match(err, told);
  }
  assert.equal((await run('mandate new /absent.yaml')).code, 2);
});

test('mandate new: the file can come through a pipe', async () => {
  answerMandates();
  assert.equal((await run('mandate new - --yes', { stdin: mandateYaml })).code, 0);
});

test('mandate ls, show by id or by agent, end', async () => {
  const document = { agent: ids.refundAgent, purpose: 'p', autonomy: 'act', expiresAt: '2027-01-31T00:00:00Z', permissions: [] };
  answers('listMandates', () => ({ items: [mandateOf(document)] }));
  assert.match((await run('mandate ls')).out, /MANDATE +AGENT +VERSION +STATE +GIVEN BY[^]*refund-bot +3 +✓ active +Maya Okafor/);
  await run('mandate ls --agent refund-bot --all');
  assert.deepEqual(inputs['listMandates'], { agent: 'refund-bot', all: true });
  answers('getMandate', () => mandateOf(document));
  assert.match((await run('mandate show refund-bot')).out, /\n\n {2}It may refund up to 250\.\n$/);
  assert.equal((await run(['mandate', 'show', ids.mandate])).code, 0);
  answers('endMandate', () => ({ ...mandateOf(document), state: 'ended' }));
  assert.equal((await run(['mandate', 'end', ids.mandate])).code, 2);
  assert.equal((await run(['mandate', 'end', ids.mandate, '--yes'])).code, 0);
  answers('listMandates', () => ({ items: [] }));
  assert.equal((await run('mandate show refund-bot')).code, 6);
});

const system = {
  id: ids.system,
  name: 'shop',
  displayName: 'shop',
  systemOwner: ids.maya,
  upstream: { kind: 'mcp-http', url: 'http://127.0.0.1:9/mcp' },
  hasCredential: true,
  flow: { labels: ['untrusted'], by: 'heuristic' },
  operations: [{ name: 'orders.read', title: 'Read an order', effect: 'read', effectBy: 'heuristic', definitionDigest: 'd' }],
  state: 'active',
  revision: 1,
  createdAt: at,
};

test('system add: by address, or by the command behind --, whatever options that has', async () => {
  answers('addSystem', () => system);
  assert.equal((await run('system add shop --url http://127.0.0.1:9/mcp')).code, 0);
  assert.deepEqual(inputs['addSystem'], { name: 'shop', upstream: { kind: 'mcp-http', url: 'http://127.0.0.1:9/mcp' } });
  assert.equal((await run('system add files --called Files -o json -- npx -y @scope/server -o yaml --dry-run --url x')).code, 0);
  assert.deepEqual(inputs['addSystem'], {
    name: 'files',
    displayName: 'Files',
    upstream: { kind: 'mcp-stdio', command: 'npx', args: ['-y', '@scope/server', '-o', 'yaml', '--dry-run', '--url', 'x'] },
  });
  assert.equal((await run('system add shop')).code, 2);
  assert.equal((await run('system add shop --url http://x -- npx y')).code, 2);
  assert.equal((await run('agent ls -- x')).code, 2);
});

test('system add: the credential comes from a pipe, a file or unseen typing, and shows up nowhere', async () => {
  answers('addSystem', () => system);
  const secret = 'sk-canary-1234';
  const piped = await run('system add shop --url http://127.0.0.1:9/mcp --credential-header Authorization', {
    stdin: `${secret}\n`,
  });
  assert.deepEqual((inputs['addSystem'] as { credential: object }).credential, {
    place: { kind: 'header', name: 'Authorization' },
    value: secret,
  });
  const path = await file('secret', secret);
  const read = await run([
    'system',
    'add',
    'shop',
    '--credential-env',
    'TOKEN',
    '--credential-file',
    path,
    '--',
    'npx',
    'server',
  ]);
  assert.deepEqual((inputs['addSystem'] as { credential: object }).credential, {
    place: { kind: 'environment', name: 'TOKEN' },
    value: secret,
  });
  const typed = await run('system add shop --url http://127.0.0.1:9/mcp --credential-header X', { tty: true, answers: [secret] });
  const dry = await run('system add shop --url http://127.0.0.1:9/mcp --credential-header X --dry-run -o json', {
    stdin: secret,
  });
  for (const { out, err } of [piped, read, typed, dry]) assert.doesNotMatch(out + err, /canary/);
  for (const line of ['--credential-header X --credential-env Y', '--credential-file x', '--credential-header X'])
    assert.equal((await run(`system add shop --url http://x ${line}`)).code, 2);
});

test('system ls, show, tools, refresh, classify, rm', async () => {
  answers('listSystems', () => ({ items: [system] }));
  assert.match((await run('system ls')).out, /shop +shop +✓ active +1 +untrusted +http:\/\/127\.0\.0\.1:9\/mcp +kept here/);
  answers('getSystem', () => system);
  assert.match((await run('system tools shop')).out, /orders\.read +read +our rule +Read an order/);
  assert.match((await run('system show shop')).out, /system: shop[^]*orders\.read/);
  answers('refreshSystem', () => system);
  assert.equal((await run('system refresh shop')).code, 0);
  answers('classifyOperation', () => ({
    ...system,
    operations: [{ ...system.operations[0], effect: 'destructive', effectBy: 'person' }],
  }));
  assert.match((await run('system classify shop orders.read destructive')).out, /effect: destructive\nsays: a person/);
  assert.match((await run('system classify shop orders.read destructiv')).err, /Did you mean "destructive"\?/);
  answers('removeSystem', () => ({ ...system, state: 'removed' }));
  assert.equal((await run('system rm shop')).code, 2);
  assert.equal((await run('system rm shop --yes')).code, 0);
});

test('role ls, show, set: the description stays unless it is named', async () => {
  const role = {
    name: 'support',
    document: { answersFor: 'permit (principal, action, resource);', description: 'Support' },
    revision: 1,
    setAt: at,
  };
  answers('listRoles', () => ({ items: [role] }));
  assert.match((await run('role ls')).out, /support +Support +see surety role show/);
  assert.match((await run('role show support')).out, /permit \(principal, action, resource\);/);
  assert.equal((await run('role show absent')).code, 6);
  answers('setRole', () => role);
  assert.equal((await run(['role', 'set', 'support', await file('r.cedar', 'forbid (principal, action, resource);')])).code, 0);
  assert.deepEqual(inputs['setRole'], {
    role: 'support',
    document: { answersFor: 'forbid (principal, action, resource);', description: 'Support' },
  });
});

/** A proposal as the server shows it. */
function proposed(text: string, tests: readonly object[]) {
  return {
    id: `ppl_${ids.maya.slice(4)}`,
    title: 'a change of policy',
    change: { policy: { text }, tests },
    base: { policy: 41, roles: {} },
    digest: 'digest',
    state: 'draft',
    proposedBy: ids.maya,
    answerable: ids.maya,
    confirmedBy: null,
    version: null,
    stage: null,
    effect: null,
    createdAt: at,
    movedAt: at,
  };
}

test('policy show, check, deploy', async () => {
  const policy = { version: 41, text: 'permit (principal, action, resource);\n', publishedBy: ids.maya, publishedAt: at };
  answers('getPolicy', () => policy);
  const shown = await run('policy show');
  assert.equal(shown.out, policy.text);
  assert.match(shown.err, /^version 41, since /);
  const path = await file('p.cedar', policy.text);
  answers('checkPolicy', () => ({ policies: 1 }));
  assert.equal((await run(['policy', 'check', path])).code, 0);
  answers('checkPolicy', () => {
    throw new Refusal('policy.invalid', { issues: [{ path: '/text/3/1', message: 'unexpected token' }] });
  });
  const wrong = await run(['policy', 'check', path]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /\/text\/3\/1: unexpected token/);
  const tests = [
    { name: 'a', given: {}, call: { system: 's', operation: 'o', effect: 'read', arguments: {} }, expect: 'permit' },
  ];
  answers('getPolicyVersion', () => ({ ...policy, inForce: true, tests }));
  const proposal = { ...proposed(policy.text, tests), state: 'enforced', version: 42 };
  answers('propose', () => proposal);
  answers('deployProposal', () => proposal);
  assert.equal((await run(['policy', 'deploy', path])).code, 2);
  assert.match((await run(['policy', 'deploy', path, '--yes'])).out, /✓ Version 42 is in force\./);
  assert.deepEqual((inputs['propose'] as { change: { tests: unknown } }).change.tests, tests, 'the tests that are kept stay');
});
