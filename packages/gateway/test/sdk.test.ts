import assert from 'node:assert/strict';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { describeUpstream } from '../src/describe-upstream.ts';
import { openGateway, type Gateway } from '../src/open-gateway.ts';
import { type Authority, openAuthority } from './authority.ts';
import { decision, newAction } from './scripted-house.ts';
import { connectSdkClient, type Era } from './sdk-client.ts';
import { openSdkSystem } from './sdk-system.ts';
import type { Served } from '../src/testing/serve-fetch.ts';

const eras: readonly Era[] = ['2026-07-28', '2025-11-25'];
const filesystem = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'));
const silent = { info: () => {}, warn: () => {}, error: () => {} };

let authority: Authority;
let gateway: Gateway;
let shop: Served;
let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'guard-')));
  await writeFile(join(folder, 'note.txt'), 'kept');
  authority = await openAuthority();
  shop = await openSdkSystem();
  const { house } = authority;
  gateway = await openGateway({ house, issuer: house.issuer, host: '127.0.0.1', port: 0, log: silent });
  house.addSystem('shop', { kind: 'mcp-http', url: shop.url }, ['refund', 'big', 'slow', 'ask']);
  house.addSystem('files', { kind: 'mcp-stdio', command: process.execPath, args: [filesystem, folder] }, [
    'read_text_file',
    'list_directory',
    'write_file',
  ]);
  for (const { name, upstream, operations } of house.systems.values()) {
    const described = await describeUpstream(upstream);
    house.look(
      name,
      described.filter((one) => operations.has(one.name)).map(({ definition }) => definition as { name: string }),
    );
  }
  house.decide = (_caller, call) => {
    const over = Number(String((call.arguments['amount'] as { text?: string } | undefined)?.text ?? 0)) > 250;
    return over
      ? {
          kind: 'refused',
          actionId: newAction(),
          decision: decision('mandate.constraint', 'deny', 'The amount is above the limit of 250.'),
        }
      : { kind: 'go', actionId: newAction(), decision: decision('permitted', 'permit') };
  };
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([shop.close(), authority.close()]);
  await rm(folder, { recursive: true });
});

const textOf = (result: { content?: unknown }): string => (result.content as { text: string }[])[0]?.text ?? '';
const connect = (system: string, era: Era): Promise<Client> => connectSdkClient(authority, `${gateway.url}/mcp/${system}`, era);

describe.for(eras)('the official client, %s', (era) => {
  test('finds the way in, lists, calls, is refused, reads prompts and resources', async () => {
    const client = await connect('shop', era);
    assert.equal(client.getNegotiatedProtocolVersion(), era);
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ['refund', 'big', 'slow', 'ask'],
    );
    assert.equal(
      textOf(await client.callTool({ name: 'refund', arguments: { order: '8841', amount: 20 } })),
      '{"order":"8841","amount":20}',
    );
    const refused = await client.callTool({ name: 'refund', arguments: { order: '8841', amount: 420 } });
    assert.equal(refused.isError, true);
    assert.equal((refused.structuredContent as { status: string }).status, 'denied');
    assert.equal((await client.getPrompt({ name: 'greet' })).messages.length, 1);
    assert.equal((await client.listResources()).resources.length, 1);
    assert.equal(((await client.readResource({ uri: 'note://one' })).contents[0] as { text: string }).text, 'One');
    await client.close();
  });

  test('gets a result of 8 MiB whole', async () => {
    const client = await connect('shop', era);
    assert.equal(textOf(await client.callTool({ name: 'big', arguments: {} })).length, 8 << 20);
    await client.close();
  });

  test('sees progress, and can cancel', async () => {
    const client = await connect('shop', era);
    const left = new AbortController();
    const seen: number[] = [];
    const before = authority.house.settled.length;
    const onprogress = ({ progress }: { progress: number }): void => {
      seen.push(progress);
      if (seen.length === 3) left.abort();
    };
    await assert.rejects(client.callTool({ name: 'slow', arguments: {} }, { signal: left.signal, onprogress }));
    assert.deepEqual(seen.slice(0, 3), [1, 2, 3]);
    while (authority.house.settled.length === before) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(authority.house.settled.at(-1)?.outcome.state, 'cut');
    assert.equal(authority.house.settled.at(-1)?.outcome.problem, 'client_gone');
    await client.close();
  });

  test('goes on when its token has expired', async () => {
    authority.lifeSeconds = 1;
    const client = await connect('shop', era);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    authority.lifeSeconds = 300;
    assert.equal(textOf(await client.callTool({ name: 'refund', arguments: { amount: 1 } })), '{"amount":1}');
    await client.close();
  });

  test('reaches a system behind a command, which is started once', async () => {
    const client = await connect('files', era);
    assert.deepEqual((await client.listTools()).tools.map(({ name }) => name).sort(), [
      'list_directory',
      'read_text_file',
      'write_file',
    ]);
    assert.equal(
      textOf(await client.callTool({ name: 'read_text_file', arguments: { path: join(folder, 'note.txt') } })),
      'kept',
    );
    const outside = await client.callTool({ name: 'read_text_file', arguments: { path: '/etc/passwd' } });
    assert.equal(outside.isError, true);
    assert.equal(authority.house.settled.at(-1)?.outcome.problem, 'tool_error');
    await client.close();
  });
});

test('the official client answers a question of the system within a call, 2026-07-28', async () => {
  const client = await connect('shop', '2026-07-28');
  assert.equal(textOf(await client.callTool({ name: 'ask', arguments: {} })), '{"yes":true}');
  assert.equal(authority.house.begun.filter(({ call }) => call.operation === 'ask').length, 2);
  await client.close();
});
