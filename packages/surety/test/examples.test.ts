import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { moveAgent, openEnrolment, registerAgent } from '@surety/contract/registry-routes';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { type Served, serveFetch } from '@surety/gateway/testing/serve-fetch';
import { enrolHere } from '@surety/sdk/enrol-here';
import { afterAll, beforeAll, test } from 'vitest';
import * as z from 'zod';
import { mandate, protect } from './company.ts';
import { openRig, type Rig } from './rig.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const execute = promisify(execFile);
let rig: Rig;
let shop: Served;
let home: string;

/** A shop in which every order cost 420. */
const orders = createMcpHandler(() => {
  const server = new McpServer({ name: 'shop', version: '1' });
  server.registerTool('read_order', { inputSchema: z.object({ order: z.string() }) }, ({ order }) => ({
    content: [{ type: 'text', text: JSON.stringify({ order, total: 420 }) }],
  }));
  return server;
});

beforeAll(async () => {
  rig = await openRig();
  shop = await serveFetch((request) => orders.fetch(request));
  home = await mkdtemp(join(tmpdir(), 'surety-examples-'));
  await protect(rig.maya, 'shop', shop.url);
});
afterAll(async () => {
  await rig?.close();
  await shop?.close();
  await rm(home, { recursive: true, force: true });
});

/** Runs a program where it may leave its files; what it printed. */
async function run(program: string, args: readonly string[]): Promise<string> {
  const cwd = join(home, basename(program));
  await mkdir(cwd, { recursive: true });
  const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  const env = { PATH: path, HOME: home, SURETY_HOME: home, NODE_NO_WARNINGS: '1' };
  const { stdout } = await execute(program, [...args], { cwd, env, timeout: 20_000 });
  return stdout;
}

const node = (file: string) => run(process.execPath, ['--conditions=@surety/source', join(root, file)]);
const present = async (program: string, args: readonly string[]): Promise<boolean> =>
  execute(program, [...args]).then(
    () => true,
    () => false,
  );

/** An agent that may read orders, and the code for its first key. */
async function hired(name: string): Promise<string> {
  const { client, id: owner } = rig.maya;
  const agent = await client.call(registerAgent, { name, displayName: name, purpose: 'Read orders.', owner });
  await client.call(moveAgent, { agent: agent.id, to: 'active', reason: 'ready' });
  await mandate(rig.maya, agent.id, { permissions: [{ system: 'shop', actions: ['read_order'] }] });
  return (await client.call(openEnrolment, { principal: agent.id })).code;
}

test('examples/delegation: what it says happens', async () => {
  const keyFile = join(home, 'maya.jwk');
  await writeFile(keyFile, JSON.stringify(rig.maya.key.privateJwk), { mode: 0o600 });
  const { issuer: url, gateway } = rig.place;
  const maya = { url, gateway, principal: rig.maya.id, person: 'maya', keyFile };
  await writeFile(join(home, 'contexts.json'), JSON.stringify({ current: 'maya', contexts: { maya } }));
  assert.match(await node('examples/delegation/set-up.ts'), /planner is ready; maya answers for it\.\n.*reader.*\n.*clerk/);
  const said = await node('examples/delegation/orchestrate.ts');
  assert.match(said, /^order-reader: .*"total":420/m);
  assert.match(said, /^order-reader, another order: Denied/m);
  assert.match(said, /^refund-clerk, too much: Denied/m);
  assert.doesNotMatch(said, /^refund-clerk: Denied/m);
  assert.deepEqual(
    rig.payments.executed.map(({ tool, order }) => `${tool} ${order}`),
    ['refund 8841'],
  );
  assert.match(said, /tsk_\w+ tsk_\w+ tsk_\w+/);
});

test('docs/agents.md: five lines of TypeScript are an agent', async () => {
  await enrolHere({ agent: 'refund-bot', url: rig.place.issuer, code: await hired('refund-bot'), env: { SURETY_HOME: home } });
  assert.match(await node('examples/agents/five-lines.ts'), /8839/);
});

test('docs/agents.md: curl and openssl are an agent', async (context) => {
  if (!(await present('curl', ['--version'])) || !(await present('openssl', ['version']))) context.skip();
  assert.match(
    await run('bash', [join(root, 'examples/agents/agent.sh'), rig.place.issuer, await hired('by-shell')]),
    /8839.*420/,
  );
});

test('docs/agents.md: Python is an agent, and stays the same one', async (context) => {
  if (!(await present('python3', ['-c', 'import cryptography']))) context.skip();
  const program = join(root, 'examples/agents/agent.py');
  assert.match(await run('python3', [program, rig.place.issuer, await hired('by-python')]), /8839.*420/);
  assert.match(await run('python3', [program, rig.place.issuer]), /8839.*420/);
});

test('docs/agents.md shows the programs as they are', async () => {
  const page = await readFile(join(root, 'docs/agents.md'), 'utf8');
  const shown = /```ts\n([^]*?)```/.exec(page)?.[1];
  assert.equal(shown, await readFile(join(root, 'examples/agents/five-lines.ts'), 'utf8'));
  for (const name of ['agent.sh', 'agent.py']) assert.ok(page.includes(`examples/agents/${name}`), name);
});
