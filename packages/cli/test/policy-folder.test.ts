import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PolicyChange } from '@surety/contract/lab';
import { afterAll, test } from 'vitest';
import type { CheckPolicies } from '../src/command.ts';
import { readPolicyFolder, writePolicyFolder } from '../src/local/policy-folder.ts';
import { openTerminal, type Typed } from './terminal.ts';

const test1 = { name: 'a', call: { system: 'shop', operation: 'list', effect: 'read' }, expect: 'permit' };
const change = PolicyChange.parse({
  policy: { text: '@id("a") permit (principal, action, resource);\n', rules: [] },
  roles: { owner: { answersFor: 'permit (principal, action, resource);', may: '', description: 'owns' } },
  tests: [test1],
});
const base = { policy: 3, roles: { owner: 2 } };

async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'surety-policy-'));
}

test('what was written is read again, every member of it', async () => {
  const path = await folder();
  const systems = [{ name: 'shop', operations: [{ name: 'list', effect: 'read' as const }] }];
  const files = await writePolicyFolder(path, { change, base, systems });
  assert.ok(files.includes('policy.cedar') && files.includes(join('roles', 'owner', 'may.cedar')));
  assert.deepEqual(await readPolicyFolder(path), { change, base, systems });
});

test('tests that stand in another file are not written a second time', async () => {
  const path = await folder();
  await mkdir(join(path, 'tests'));
  await writeFile(join(path, 'tests', 'own.json'), JSON.stringify(test1));
  await writePolicyFolder(path, { change, base, systems: [] });
  assert.equal((await readPolicyFolder(path)).change.tests.length, 1);
  assert.equal(await readFile(join(path, 'tests', 'policy.json'), 'utf8'), '[]\n');
});

test('a file that is not what it has to be is named, and nothing else is said', async () => {
  const cases: readonly [string, string, RegExp][] = [
    ['tests/x.json', '{', /tests.x\.json is not JSON/],
    ['tests/x.json', '[{"name":"x"}]', /tests.x\.json is not what it has to be at \/0\/call/],
    ['rules.json', '[{"id":"x"}]', /rules\.json is not what it has to be at \/0\/when/],
    ['surety-policy.json', '{"policy":"1"}', /surety-policy\.json .* at \/policy/],
    ['roles/Not A Role/role.json', '{}', /roles\/Not A Role is not the name of a role/],
    ['roles/owner/role.json', '{"description":1}', /role\.json .* at \/description/],
  ];
  for (const [name, text, message] of cases) {
    const path = await folder();
    await writePolicyFolder(path, { change, base, systems: [] });
    await mkdir(join(path, name, '..'), { recursive: true });
    await writeFile(join(path, name), text);
    await assert.rejects(readPolicyFolder(path), message, name);
  }
  await assert.rejects(readPolicyFolder(await folder()), /no policy\.cedar/);
});

const checked = {
  lint: [],
  tests: { total: 2, passed: 1, failures: [{ name: 'b', expected: 'deny', found: 'permit', because: 'x' }] },
};
const finding = {
  level: 'warning' as const,
  rule: 'shadowed',
  document: 'policy',
  line: 1,
  column: 1,
  policy: 'a',
  message: 'it adds nothing',
  next: 'Take it out.',
};

test('check and test need no server; a test that fails is exit 1, and with --strict so is anything to look at', async () => {
  const path = await folder();
  await writePolicyFolder(path, { change, base, systems: [] });
  const says: { now: ReturnType<CheckPolicies> } = { now: checked };
  const terminal = await openTerminal({ policyLab: async () => () => says.now });
  afterAll(() => terminal.close());
  const run = (line: string[], typed?: Typed) => terminal.run(line, typed);
  const failed = await run(['policy', 'check', path]);
  assert.deepEqual([failed.code, /expected deny/.test(failed.out)], [1, true]);
  assert.equal((await run(['policy', 'test', path])).code, 1);
  says.now = { lint: [finding], tests: { total: 1, passed: 1, failures: [] } };
  const warned = await run(['policy', 'check', path]);
  assert.deepEqual([warned.code, /policy 1:1 a: it adds nothing\. Take it out\. \[shadowed\]/.test(warned.out)], [0, true]);
  assert.equal((await run(['policy', 'check', path, '--strict'])).code, 1);
  const data = await run(['policy', 'check', path, '-o', 'json']);
  assert.deepEqual(JSON.parse(data.out), { ok: true, ...says.now });
  assert.equal(terminal.server.seen.length, 0, 'nobody was asked');
});

test('without the decision point here, a folder cannot be checked offline, and that is said', async () => {
  const path = await folder();
  await writePolicyFolder(path, { change, base, systems: [] });
  const terminal = await openTerminal();
  const refused = await terminal.run(['policy', 'check', path]);
  await terminal.close();
  assert.equal(refused.code, 2);
  assert.match(refused.err, /decision point is not installed here/);
});
