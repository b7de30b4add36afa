import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishPolicy } from '@surety/contract/authority-routes';
import { nameDeployer, propose } from '@surety/contract/lab-routes';
import { runCli } from '@surety/cli/run-cli';
import { afterAll, test } from 'vitest';
import { frontDoor } from '../src/main.ts';
import { enrolKeyOf, type Person } from './company.ts';
import { type ForgeKey, makeKey } from './forge.ts';
import { openRig } from './rig.ts';
import { moveWorkload, registerWorkload } from '@surety/contract/registry-routes';

const rig = await openRig();
afterAll(() => rig.close());
const { maya } = rig;
const luis = await rig.person('luis', ['security']);
const repository = join(rig.dataFolder, 'repository');
mkdirSync(join(repository, 'bin'), { recursive: true });

/** The environment of somebody who types here, with their own key and no terminal. */
function deskOf(id: string, key: ForgeKey): Record<string, string> {
  const file = join(rig.dataFolder, `${id}.json`);
  writeFileSync(file, JSON.stringify(key.privateJwk), { mode: 0o600 });
  const { issuer, gateway } = rig.place;
  const home = join(rig.dataFolder, 'home');
  return {
    SURETY_URL: issuer,
    SURETY_GATEWAY_URL: gateway,
    SURETY_CLIENT_ID: id,
    SURETY_PRIVATE_KEY_FILE: file,
    SURETY_HOME: home,
  };
}

/** Types one line, without a shell: the real command line against the real server. */
async function type(env: Record<string, string>, ...argv: string[]) {
  const said = { out: '', err: '' };
  const code = await runCli(
    argv.map((word) => word.replace(/^policy\//, `${repository}/policy/`).replace(/^folder$/, join(repository, 'policy'))),
    {
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
      stdin: (async function* () {})(),
      env,
      isTty: { stdin: false, stdout: false, stderr: false },
      columns: 120,
      signal: new AbortController().signal,
      now: rig.place.clock ?? Date.now,
      fetch: globalThis.fetch,
      ask: { yesOrNo: async () => false, text: async () => '', secret: async () => '' },
    },
    frontDoor,
  );
  return { code, ...said };
}

/** A workload with a key in a file, as a pipeline has it. */
async function pipeline(name: string) {
  const workload = await maya.client.call(registerWorkload, { name, displayName: name, owner: maya.id });
  const key = await makeKey();
  await enrolKeyOf(rig.place, maya, workload.id, key);
  await maya.client.call(moveWorkload, { workload: workload.id, to: 'active', reason: 'ready' });
  return { id: workload.id, env: deskOf(workload.id, key) };
}

const desk = (person: Person) => deskOf(person.id, person.key);
const file = (name: string) => join(repository, 'policy', name);
const ci = await pipeline('ci');

test('a pipeline that nobody named may neither pull nor propose nor deploy', async () => {
  for (const line of [['pull', 'folder'], ['ls'], ['rollback', '--yes']]) {
    const { code, err } = await type(ci.env, 'policy', ...line);
    assert.equal(code, 3, err);
  }
  await maya.client.call(nameDeployer, { workload: 'ci' });
});

test(
  'the pipeline of docs/policy-lab.md runs: it checks, shows the effect, and deploys what was pulled and changed',
  { timeout: 120_000 },
  async () => {
    const pulled = await type(ci.env, 'policy', 'pull', 'folder');
    assert.equal(pulled.code, 0, pulled.err);
    const page = readFileSync(new URL('../../../docs/policy-lab.md', import.meta.url), 'utf8');
    const tests = /```json\n([^]*?)```/.exec(page)?.[1] ?? '';
    mkdirSync(file('tests'));
    writeFileSync(file('tests/night.json'), tests);
    const failing = await type(ci.env, 'policy', 'check', 'folder');
    assert.deepEqual([failing.code, /✗ nobody refunds at night/.test(failing.out)], [1, true], failing.out);
    const cedar = `${readFileSync(file('policy.cedar'), 'utf8')}
@id("no-money-at-night") @because("Nobody is there at night.")
forbid (principal is Agent, action in Action::"money", resource)
unless { context.facts.hours["08:00-18:00 Europe/Berlin mon,tue,wed,thu,fri"] };
`;
    writeFileSync(file('policy.cedar'), cedar);
    const job = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? '';
    const lines = [...job.matchAll(/^\s+(?:- )?run: (.*)$/gm)].map(([, line = '']) => line);
    assert.equal(lines.length, 3);
    const program = new URL('../bin/surety.js', import.meta.url).pathname;
    writeFileSync(
      join(repository, 'bin/surety'),
      `#!/bin/sh\nexec '${process.execPath}' --conditions=@surety/source --disable-warning=ExperimentalWarning '${program}' "$@"\n`,
    );
    chmodSync(join(repository, 'bin/surety'), 0o755);
    for (const line of lines) {
      const env = { ...ci.env, HOME: repository, PATH: `${join(repository, 'bin')}:${process.env['PATH'] ?? ''}` };
      const child = spawn('bash', ['-e', '-c', line], { cwd: repository, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, 0, `${line}\n${said}`);
    }
    const effect = JSON.parse(readFileSync(join(repository, 'effect.json'), 'utf8')) as { tests: object; needsSecond: boolean };
    assert.deepEqual([effect.tests, effect.needsSecond], [{ total: 1, passed: 1, failures: [] }, false]);
    const [published] = (await rig.entries('policy.published', ci.id)).slice(-1);
    assert.equal(published?.data['version'], 2);
  },
);

test('what was pulled before somebody else deployed is refused, and pulled again goes', async () => {
  const stale = await type(ci.env, 'policy', 'deploy', 'folder', '--yes');
  assert.equal(stale.code, 7, stale.err);
  assert.match(stale.err, /policy pull/);
  assert.equal((await type(ci.env, 'policy', 'pull', 'folder')).code, 0);
  assert.equal((await type(ci.env, 'policy', 'deploy', 'folder', '--yes')).code, 0, 'the same again is nothing');
  assert.equal((await rig.entries('policy.published')).length, 2);
});

test('without a terminal nothing is put in force that was not said with --yes', async () => {
  assert.equal((await type(ci.env, 'policy', 'deploy', 'folder')).code, 2);
  assert.equal((await type(desk(maya), 'policy', 'rollback')).code, 2);
});

test(
  'a cut needs a second person at the command line as well: the pipeline ends with 5, another person confirms, and it goes',
  { timeout: 60_000 },
  async () => {
    writeFileSync(file('policy.cedar'), '@id("start") permit (principal is Agent, action, resource);\n');
    writeFileSync(file('tests/policy.json'), '[]');
    writeFileSync(file('tests/night.json'), '[]');
    const opened = await type(ci.env, 'policy', 'deploy', 'folder', '--yes');
    assert.equal(opened.code, 0, opened.err + opened.out);
    const agent = await rig.hire('refund-bot');
    for (let at = 0; at < 8; at += 1) await agent.call('payments', 'refund', { amount: 20, order: at });
    const refunds = await rig.entries('call.intended', agent.id);
    assert.equal(refunds.length, 8);
    await type(ci.env, 'policy', 'pull', 'folder');
    writeFileSync(file('policy.cedar'), '@id("reads") permit (principal is Agent, action in Action::"read", resource);\n');
    const flips = await type(ci.env, 'policy', 'effect', 'folder', '--max-flips', '7');
    assert.deepEqual(
      [flips.code, /8 {2}allowed → denied {2}refund-bot → payments\.refund/.test(flips.out)],
      [3, true],
      flips.out,
    );
    const waits = await type(ci.env, 'policy', 'deploy', 'folder', '--yes', '-o', 'json');
    assert.equal(waits.code, 5, waits.err);
    const { proposal } = JSON.parse(waits.out) as { proposal: string };
    const own = await type(desk(maya), 'policy', 'confirm', proposal, '--yes');
    assert.deepEqual([own.code, /second person/.test(own.err)], [3, true], 'maya answers for the pipeline');
    const robot = await type(ci.env, 'policy', 'confirm', proposal, '--yes');
    assert.equal(robot.code, 3, robot.err);
    assert.equal((await type(desk(luis), 'policy', 'confirm', proposal, '--yes')).code, 0);
    const deployed = await type(ci.env, 'policy', 'deploy', proposal, '--yes');
    assert.equal(deployed.code, 0, deployed.err);
    const back = await type(desk(maya), 'policy', 'rollback', '--yes');
    assert.equal(back.code, 0, back.err);
    const shown = await type(desk(maya), 'policy', 'ls');
    assert.match(shown.out, /rolled back/);
    assert.equal((await type(desk(maya), 'policy', 'history', '-o', 'name')).out.trim().split('\n')[0], '5');
  },
);

test('an agent is refused at the door of the lab, and so is a person without a role for it', async () => {
  const agent = await rig.hire('curious-bot');
  const change = { policy: { text: '' } };
  const asked = await agent.api('POST', '/v1/policy/proposals', { title: 'mine', change });
  assert.equal(asked.status, 403);
  assert.equal((await agent.api('POST', '/v1/policy/effect', { change })).status, 403);
  const approver = await rig.person('ana', ['approver']);
  await assert.rejects(approver.client.call(propose, { title: 'mine', change }), { code: 'access.denied' });
  await assert.rejects(maya.client.call(publishPolicy, { text: '' }), { code: 'policy.needs_second' });
  await rig.checkLog();
});
