import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentId } from '@surety/contract/id';
import type { MandateDocument } from '@surety/contract/mandate';
import { getCheckpoint, listActions, listEntries } from '@surety/contract/oversight-routes';
import { changeAgent } from '@surety/contract/registry-routes';
import { readConfig } from '@surety/server/config/config';
import { mandateDigest } from '@surety/server/delegation/mandate-digest';
import { silentLog } from '@surety/server/kernel/log';
import { type Verification, verifyExport } from '@surety/transparency/verify-log';
import { exportLines } from '@surety/transparency/write-export';
import { afterAll, beforeAll, test } from 'vitest';
import { runSurety } from '../src/run-surety.ts';
import type { ByHand } from './by-hand.ts';
import { mandate, refunds } from './company.ts';
import { makeKey, nowSeconds, sign } from './forge.ts';
import { until } from './recording-system.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

/** The agent's facts are read again from the database, as after a restart. */
async function reread({ id }: ByHand): Promise<void> {
  await rig.maya.client.call(changeAgent, { agent: id as AgentId, displayName: `Agent ${randomUUID()}` });
}

async function assertInvalid(agent: ByHand): Promise<void> {
  await reread(agent);
  const before = rig.payments.executed.length;
  for (const amount of [1, 900, 50_000]) {
    const told = await agent.call('payments', 'refund', { order: 'm', amount });
    assert.deepEqual([told.said, told.reason], ['denied', 'mandate.invalid']);
  }
  assert.equal(rig.payments.executed.length, before);
  assert.equal((await agent.call('payments', 'read_order', { order: 'm' })).reason, 'mandate.invalid');
}

async function documentOf({ id }: ByHand): Promise<MandateDocument> {
  const [row] = await rig.query<{ document: MandateDocument }>(
    'select document from mandate where agent = $1 order by version desc limit 1',
    [id],
  );
  assert.ok(row);
  return row.document;
}

test('a mandate that somebody widened in the database is worth nothing, also with its digest put right', async () => {
  const agent = await rig.hire('widened');
  assert.equal((await agent.call('payments', 'refund', { order: 'm', amount: 1 })).said, 'allowed');
  const document = await documentOf(agent);
  const wide: MandateDocument = { ...document, permissions: [{ system: 'payments', actions: ['*'] }] };
  await rig.query('update mandate set document = $2, document_digest = $3 where agent = $1', [
    agent.id,
    JSON.stringify(wide),
    mandateDigest(wide),
  ]);
  const cached = await agent.call('payments', 'refund', { order: 'm', amount: 50_000 });
  assert.deepEqual([cached.said, cached.reason], ['denied', 'mandate.constraint']);
  await assertInvalid(agent);
  await rig.query('update mandate set document = $2, document_digest = $3 where agent = $1', [
    agent.id,
    JSON.stringify(document),
    mandateDigest(document),
  ]);
  await reread(agent);
  assert.equal((await agent.call('payments', 'refund', { order: 'm', amount: 1 })).said, 'allowed');
});

test('one changed member of a mandate is enough: its end, its purpose, a limit, its agent, its giver, its signature', async () => {
  const later = new Date(Date.now() + 10 ** 11).toISOString();
  const thief = await makeKey();
  const deeds: Record<string, (document: MandateDocument) => Promise<[string, unknown]>> = {
    end: async (document) => ['document', JSON.stringify({ ...document, expiresAt: later })],
    purpose: async (document) => ['document', JSON.stringify({ ...document, purpose: 'Anything.' })],
    limit: async (document) => ['document', JSON.stringify(document).replace('"1000"', '"10000"')],
    nothing: async () => ['document', '{}'],
    giver: async () => ['given_by', (await rig.person('other-giver', ['owner'])).id],
    signature: async (document) => [
      'signature',
      await sign(
        thief,
        { typ: 'surety-mandate+jwt', kid: rig.maya.key.jkt },
        { digest: mandateDigest(document), agent: document.agent, iat: nowSeconds() },
      ),
    ],
    'signature of another kind': async (document) => [
      'signature',
      await sign(
        rig.maya.key,
        { typ: 'surety-approval+jwt', kid: rig.maya.key.jkt },
        { digest: mandateDigest(document), agent: document.agent, iat: nowSeconds() },
      ),
    ],
    'no signature': async () => ['signature', ''],
  };
  for (const [name, deed] of Object.entries(deeds)) {
    const agent = await rig.hire(`edited-${name.replaceAll(' ', '-')}`);
    const [column, value] = await deed(await documentOf(agent));
    await rig.query(`update mandate set ${column} = $2 where agent = $1`, [agent.id, value]);
    await assertInvalid(agent);
  }
});

test('a mandate of another agent, and an older one, cannot be put in its place', async () => {
  const [poor, rich] = [
    await rig.hire('poor', { permissions: [{ system: 'payments', actions: ['read_order'] }] }),
    await rig.hire('rich'),
  ];
  await rig.query(
    `update mandate target set document = source.document, document_digest = source.document_digest, signature = source.signature
     from mandate source where target.agent = $1 and source.agent = $2`,
    [poor.id, rich.id],
  );
  await assertInvalid(poor);
  const narrowed = await rig.hire('narrowed');
  await mandate(rig.maya, narrowed.id, { permissions: [{ system: 'payments', actions: ['read_order'] }] });
  await rig.query(`update mandate set state = 'ended' where agent = $1 and version = 2`, [narrowed.id]);
  await rig.query(`update mandate set state = 'active' where agent = $1 and version = 1`, [narrowed.id]);
  await reread(narrowed);
  const told = await narrowed.call('payments', 'refund', { order: 'm', amount: 1 });
  assert.deepEqual([told.said, told.reason], ['denied', 'mandate.none']);
});

test('a mandate that nobody signed cannot be given by the API either', async () => {
  const agent = await rig.hire('unsigned');
  const document = { ...(await documentOf(agent)), permissions: [...refunds] };
  const helper = await rig.person('helper', ['developer']);
  const claims = { digest: mandateDigest(document), agent: document.agent, iat: nowSeconds() };
  const typ = 'surety-mandate+jwt';
  const signatures = {
    'of another person': await sign(helper.key, { typ, kid: helper.key.jkt }, claims),
    'of another digest': await sign(rig.maya.key, { typ, kid: rig.maya.key.jkt }, { ...claims, digest: 'x' }),
    'of another agent': await sign(
      rig.maya.key,
      { typ, kid: rig.maya.key.jkt },
      { ...claims, agent: (await rig.hire('other')).id },
    ),
    'of long ago': await sign(rig.maya.key, { typ, kid: rig.maya.key.jkt }, { ...claims, iat: nowSeconds() - 3_600 }),
  };
  for (const [name, signature] of Object.entries(signatures)) {
    const answer = await rig.maya.byHand.api('POST', '/v1/mandates', { document, signature });
    assert.match(answer.text, /signature\.invalid/, name);
  }
  const byAgent = await agent.api('POST', '/v1/mandates', {
    document,
    signature: await sign(agent.key, { typ, kid: agent.key.jkt }, claims),
  });
  assert.match(byAgent.text, /access\.denied/);
});

type Kept = { readonly vkey: string; readonly note: string; readonly leaves: Uint8Array; readonly size: number };

/** What an auditor takes home: by the API, as anyone who may read the log. */
async function keep(): Promise<Kept> {
  await until('everything is in the tree', async () => (await rig.query('select 1 from unsequenced limit 1')).length === 0);
  const { vkey, note, size } = await rig.maya.client.call(getCheckpoint, {});
  const leaves: Uint8Array[] = [];
  while (leaves.length < size) {
    const { items } = await rig.maya.client.call(listEntries, {
      from: leaves.length,
      limit: Math.min(500, size - leaves.length),
    });
    leaves.push(...items.map(({ leaf }) => Buffer.from(leaf, 'base64')));
  }
  return { vkey, note, leaves: Buffer.concat(leaves), size };
}

async function check(kept: Kept): Promise<Verification> {
  const lines = exportLines({
    checkpoint: () => rig.maya.client.call(getCheckpoint, {}),
    entries: async (from, limit) => (await rig.maya.client.call(listEntries, { from, limit })).items,
  });
  return verifyExport(lines, { vkey: kept.vkey, kept });
}

type Row = {
  index: number;
  id: string;
  at: Date;
  type: string;
  actor: string;
  about: string;
  task: string | null;
  body: string;
  sealed: Buffer | null;
};

const rowsFrom = (first: number, last: number) =>
  rig.query<Row>(
    'select sequenced.index, entry.* from entry join sequenced on sequenced.id = entry.id where index between $1 and $2 order by index',
    [first, last],
  );

async function putBack(rows: readonly Row[]): Promise<void> {
  for (const { index, id, at, type, actor, about, task, body, sealed } of rows) {
    await rig.query(
      `insert into entry (id, at, type, actor, about, task, body, sealed) values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (id) do update set body = excluded.body`,
      [id, at, type, actor, about, task, body, sealed],
    );
    await rig.query('insert into sequenced (index, id) values ($1, $2) on conflict (index) do nothing', [index, id]);
  }
}

test('whoever kept a checkpoint and its leaf hashes names the first entry that was changed, deleted, swapped or cut off', async () => {
  const agent = await rig.hire('recorded');
  for (let at = 0; at < 12; at++) await agent.call('payments', 'refund', { order: `r${at}`, amount: at % 3 === 0 ? 5_000 : 1 });
  const kept = await keep();
  const at = kept.size - 9;
  const id = (index: number) => `(select id from sequenced where index = ${index})`;
  const deeds: Record<string, { readonly sql: readonly string[]; readonly first: number }> = {
    'changes one': { sql: [`update entry set body = replace(body, 'call.', 'coll.') where id = ${id(at)}`], first: at },
    'changes who acted': {
      sql: [`update entry set body = replace(body, '"actor":"', '"actor":"x') where id = ${id(3)}`],
      first: 3,
    },
    'deletes one': { sql: [`delete from entry where id = ${id(at)}`], first: at },
    'deletes an index': { sql: [`delete from sequenced where index = ${at}`], first: at },
    'swaps two': {
      sql: [
        `update entry set body = case id when ${id(at)} then (select body from entry where id = ${id(at + 2)}) else (select body from entry where id = ${id(at)}) end
         where id in (${id(at)}, ${id(at + 2)})`,
      ],
      first: at,
    },
    'cuts the end off': {
      sql: [
        `delete from entry where id in (select id from sequenced where index >= ${at})`,
        `delete from sequenced where index >= ${at}`,
      ],
      first: at,
    },
  };
  for (const [name, { sql, first }] of Object.entries(deeds)) {
    const rows = await rowsFrom(0, 10 ** 9);
    for (const one of sql) await rig.query(one);
    const found = await check(kept);
    await putBack(rows);
    assert.deepEqual(
      [found.ok, found.ok ? undefined : found.first, found.ok ? undefined : found.last],
      [false, first, first],
      name,
    );
    const healed = await check(await keep());
    assert.equal(healed.ok, true, `${name}: ${JSON.stringify(healed)}`);
  }
  assert.equal((await check(kept)).ok, true);
});

test('an entry that was changed does not bring down the activity, and is not told as it was', async () => {
  const agent = await rig.hire('trail');
  const told = await agent.call('payments', 'refund', { order: 't', amount: 5_000 });
  const [row] = await rig.query<{ id: string; body: string }>('select id, body from entry where about = $1', [told.action]);
  await rig.query('update entry set body = $2 where id = $1', [row?.id, 'no json']);
  const listed = await rig.maya.byHand.api('GET', '/v1/actions?agent=trail');
  await rig.query('update entry set body = $2 where id = $1', [row?.id, row?.body]);
  assert.equal(listed.status, 200, listed.text);
  assert.equal((await rig.maya.client.call(listActions, { agent: 'trail' })).items[0]?.state, 'denied');
});

test('a house whose log was put back in time is not opened on the node that signed what came after', async () => {
  await keep();
  const node = join(rig.dataFolder, 'second');
  await mkdir(node);
  // A node as it is found after a restore of an old backup: its own file of signed heads is newer than the database.
  const head = await until(
    'a head is kept beside the database',
    async () => (await readFile(join(rig.dataFolder, 'log-head'), 'utf8').catch(() => '')) !== '',
  ).then(() => readFile(join(rig.dataFolder, 'log-head'), 'utf8'));
  const [origin = '', size = '', root = ''] = head.split('\n');
  await writeFile(join(node, 'log-head'), `${origin}\n${Number(size) + 10_000}\n${root}\n`);
  await writeFile(join(node, 'key'), await readFile(join(rig.dataFolder, 'key')), { mode: 0o600 });
  const config = {
    SURETY_DATA_DIR: node,
    SURETY_DATABASE_URL: rig.databaseUrl,
    SURETY_PORT: '0',
    SURETY_GATEWAY_PORT: '0',
    SURETY_ISSUER: rig.place.issuer,
    SURETY_GATEWAY_URL: rig.place.gateway,
    SURETY_NODE_NAME: 'second',
  };
  await assert.rejects(runSurety(readConfig(config), silentLog), /ledger/i);
  assert.deepEqual(await rig.query('select name from enforcement_point where name = $1', ['second']), [], 'a part of it goes on');
  await rm(join(node, 'log-head'));
  await (await runSurety(readConfig(config), silentLog)).close();
});
