import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { SystemCredential } from '@surety/contract/enforcement';
import { System, type Upstream } from '@surety/contract/system';
import { test } from 'vitest';
import { openSystemCredential } from '#broker/system-credential';
import type { Db } from '#kernel/db';
import type { Feed } from '#change/feed';
import { Fault } from '#kernel/fault';
import { silentLog } from '#kernel/log';
import { createSealer } from '#keys/seal';
import { announcedBy, eventsAbout, freshName, heldClock, residents } from '#registry/testing/residents';
import { house } from '#testing/house';
import { addSystem } from './add-system.ts';
import type { CatalogueHouse } from './catalogue-house.ts';
import { classifyOperation } from './classify-operation.ts';
import type { DescribedOperation } from './described-operation.ts';
import { refreshSystem } from './refresh-system.ts';
import { openRereading } from './reread-systems.ts';
import { openSystemFacts } from './system-facts.ts';
import { removeSystem } from './remove-system.ts';
import { findSystem, getSystem, listSystemNames, listSystems } from './system-store.ts';

const db = await house();
const { clock } = heldClock();
const { human } = residents(db, clock);
const admin = await human({ roles: ['administrator'] });

/** An upstream of the test's own: what it says it can do, and what it was asked with. */
function upstream(on: Db = db) {
  const outside = {
    tools: [tool('get_order'), tool('refund_order'), tool('frobnicate')],
    asked: [] as (string | undefined)[],
    fails: undefined as unknown,
  };
  const room: CatalogueHouse = {
    db: on,
    clock,
    sealer: createSealer(randomBytes(32)),
    allowCommands: true,
    describe: async (_upstream: Upstream, credential?: SystemCredential) => {
      outside.asked.push(credential?.reveal());
      if (outside.fails !== undefined) throw outside.fails;
      return outside.tools;
    },
  };
  return { outside, room };
}

function tool(name: string, description = 'as it says'): DescribedOperation {
  return {
    name,
    description,
    inputSchema: { type: 'object' },
    definition: { name, description, inputSchema: { type: 'object' } },
  };
}

/** Nothing is cached in what is opened anew each time. */
const stillFeed = { applied: () => 0, catchUp: () => {}, isFresh: () => true, onChange: () => () => {} } as unknown as Feed;

const http = { kind: 'mcp-http', url: 'https://pay.example/mcp?team=7' } as const;
const credential = { place: { kind: 'header', name: 'Authorization' }, value: 'Bearer canary-71c2' } as const;

test('a system is asked with its credential, its operations are classified, and the record names no secret', async () => {
  const { outside, room } = upstream();
  const name = freshName('payments');
  let system: System | undefined;
  const announced = await announcedBy(
    db,
    async () => (system = await addSystem(room, admin.id, { name, upstream: http, credential })),
  );
  assert.ok(System.safeParse(system).success);
  assert.deepEqual(outside.asked, ['Bearer canary-71c2']);
  assert.deepEqual(
    system?.operations.map(({ name: operation, effect, effectBy }) => [operation, effect, effectBy]),
    [
      ['frobnicate', 'unknown', 'heuristic'],
      ['get_order', 'read', 'heuristic'],
      ['refund_order', 'money', 'heuristic'],
    ],
  );
  assert.equal(system?.systemOwner, admin.id);
  assert.equal(system?.hasCredential, true);
  assert.deepEqual(announced, [`changed ${system?.id}`]);
  assert.deepEqual(await eventsAbout(db, system?.id ?? ''), [
    {
      type: 'system.added',
      actor: admin.id,
      data: { name, upstream: 'https://pay.example/mcp', operations: 3, credentialPlace: 'header Authorization' },
    },
  ]);
  assert.equal((await openSystemCredential(db, room.sealer, system?.id ?? ''))?.reveal(), 'Bearer canary-71c2');
  const { rows } = await db.query<{ whole: string }>(`select s::text as whole from system s union all select body from entry`);
  assert.ok(!rows.some(({ whole }) => whole.includes('canary')));
});

test('a system that does not answer is not added, and what it said is not repeated', async () => {
  const { outside, room } = upstream();
  outside.fails = new Error('connect ECONNREFUSED with Bearer canary-71c2');
  const name = freshName('down');
  const thrown: unknown = await addSystem(room, admin.id, { name, upstream: http, credential }).catch((error: unknown) => error);
  assert.ok(thrown instanceof Fault);
  assert.equal(thrown.code, 'system.unreachable');
  assert.ok(!`${thrown.message} ${thrown.detail} ${JSON.stringify(thrown.issues)}`.includes('canary'));
  assert.deepEqual([...(await listSystemNames(db, [name]))], []);
});

test('nothing secret is taken in an address, and no address that is none', async () => {
  const { outside, room } = upstream();
  for (const url of ['https://maya:pw@pay.example/mcp', 'https://maya@pay.example/mcp', 'https://pay.example/mcp#token=x']) {
    await assert.rejects(addSystem(room, admin.id, { name: freshName('x'), upstream: { kind: 'mcp-http', url } }), {
      code: 'request.malformed',
    });
  }
  assert.deepEqual(outside.asked, []);
});

test('a command is run only where the server was told that it may, as a program with arguments and never as a line', async () => {
  const { outside, room } = upstream();
  const stdio: Upstream = {
    kind: 'mcp-stdio',
    command: '/usr/bin/files-server',
    args: ['--root', '/srv; rm -rf /', '$(id)', '`id`'],
  };
  await assert.rejects(addSystem({ ...room, allowCommands: false }, admin.id, { name: freshName('files'), upstream: stdio }), {
    code: 'system.command_refused',
  });
  assert.deepEqual(outside.asked, []);
  const system = await addSystem(room, admin.id, { name: freshName('files'), upstream: stdio });
  assert.deepEqual(system.upstream, stdio);
  assert.equal((await eventsAbout(db, system.id))[0]?.data['upstream'], 'command files-server');
  await assert.rejects(refreshSystem({ ...room, allowCommands: false }, admin.id, { system: system.id }), {
    code: 'system.command_refused',
  });
  for (const bad of [
    { ...stdio, command: 'a\0b' },
    { ...stdio, args: ['a\0b'] },
  ]) {
    await assert.rejects(addSystem(room, admin.id, { name: freshName('x'), upstream: bad }), { code: 'request.malformed' });
  }
});

test('a credential goes where this kind of system takes it', async () => {
  const { room } = upstream();
  const wrong = { place: { kind: 'environment', name: 'API_KEY' }, value: 'x' } as const;
  await assert.rejects(addSystem(room, admin.id, { name: freshName('x'), upstream: http, credential: wrong }), {
    code: 'request.malformed',
  });
  await assert.rejects(
    addSystem(room, admin.id, { name: freshName('x'), upstream: { kind: 'mcp-stdio', command: 'c', args: [] }, credential }),
    { code: 'request.malformed' },
  );
});

test("a system is somebody's: an active person's", async () => {
  const { room } = upstream();
  const gone = await human({ state: 'left' });
  await assert.rejects(addSystem(room, admin.id, { name: freshName('x'), upstream: http, systemOwner: gone.name }), {
    code: 'human.not_active',
  });
  await assert.rejects(addSystem(room, admin.id, { name: freshName('x'), upstream: http, systemOwner: 'no-such' }), {
    code: 'human.not_found',
  });
});

test('a changed operation waits to be looked at; a person looks; the next reading leaves it as they said', async () => {
  const { outside, room } = upstream();
  const { id } = await addSystem(room, admin.id, { name: freshName('crm'), upstream: http });
  const effects = async () =>
    (await getSystem(db, id)).operations.map(({ name, effect, effectBy }) => `${name} ${effect} ${effectBy}`);

  await classifyOperation(room, admin.id, { system: id, operation: 'frobnicate', effect: 'write' });
  outside.tools = [tool('get_order', 'also forwards it'), tool('frobnicate'), tool('list_everything')];
  await refreshSystem(room, admin.id, { system: id });
  assert.deepEqual(await effects(), ['frobnicate write person', 'get_order unknown nobody', 'list_everything unknown nobody']);

  await classifyOperation(room, admin.id, { system: id, operation: 'get_order', effect: 'external' });
  const announced = await announcedBy(db, () => refreshSystem(room, admin.id, { system: id }));
  assert.deepEqual(announced, []);
  assert.deepEqual(await effects(), ['frobnicate write person', 'get_order external person', 'list_everything unknown nobody']);
  assert.deepEqual(
    (await eventsAbout(db, id)).map(({ type, data }) => [
      type,
      data['operation'] ?? data['operations'],
      data['changed'],
      data['gone'],
    ]),
    [
      ['system.added', 3, undefined, undefined],
      ['operation.classified', 'frobnicate', undefined, undefined],
      ['system.refreshed', 3, 1, 1],
      ['operation.classified', 'get_order', undefined, undefined],
    ],
  );
});

test('a system is read again by itself; what has changed is not there for guards until a person has looked', async () => {
  const { outside, room } = upstream();
  const first = await addSystem(room, admin.id, { name: freshName('crm'), upstream: http });
  const rereading = openRereading(room, silentLog);
  const callable = async () => [...(await openSystemFacts({ db, feed: stillFeed }).byId(first.id))!.operations.keys()];
  assert.deepEqual(await callable(), ['frobnicate', 'get_order', 'refund_order']);

  outside.tools = [tool('get_order', 'also forwards it'), tool('frobnicate'), tool('refund_order')];
  rereading.reread(first.id);
  await rereading.close();
  assert.deepEqual(await callable(), ['frobnicate', 'refund_order']);
  await classifyOperation(room, admin.id, { system: first.id, operation: 'get_order', effect: 'read' });
  assert.deepEqual(await callable(), ['frobnicate', 'get_order', 'refund_order']);

  const asked = outside.asked.length;
  rereading.reread(first.id);
  await rereading.close();
  assert.equal(outside.asked.length, asked, 'a notice right after a reading waits');
  outside.tools = [tool('get_order', 'something else again'), tool('frobnicate'), tool('refund_order')];
  await rereading.rereadAll();
  assert.deepEqual(await callable(), ['frobnicate', 'refund_order']);

  outside.fails = new Error('no answer');
  await rereading.rereadAll();
  assert.deepEqual(await callable(), ['frobnicate', 'refund_order']);
});

test('what is classified is an operation the system has, and the same again changes nothing', async () => {
  const { room } = upstream();
  const { id } = await addSystem(room, admin.id, { name: freshName('crm'), upstream: http });
  await assert.rejects(classifyOperation(room, admin.id, { system: id, operation: 'no_such', effect: 'read' }), {
    code: 'request.malformed',
  });
  const announced = await announcedBy(db, async () => {
    const once = await classifyOperation(room, admin.id, { system: id, operation: 'get_order', effect: 'read' });
    assert.deepEqual(await classifyOperation(room, admin.id, { system: id, operation: 'get_order', effect: 'read' }), once);
  });
  assert.deepEqual(announced, [`changed ${id}`]);
});

test('a system that is no longer there while it is read again keeps what is known of it', async () => {
  const { outside, room } = upstream();
  const added = await addSystem(room, admin.id, { name: freshName('crm'), upstream: http });
  outside.fails = new Error('gone');
  await assert.rejects(refreshSystem(room, admin.id, { system: added.id }), { code: 'system.unreachable' });
  assert.deepEqual((await findSystem(db, added.id))?.operations, added.operations);
});

test('a removed system is cut off at once, its credential leaves the house, and its name never means another', async () => {
  const { room } = upstream();
  const added = await addSystem(room, admin.id, { name: freshName('pay'), upstream: http, credential });
  const announced = await announcedBy(db, async () => {
    assert.equal((await removeSystem(room, admin.id, { system: added.name })).state, 'removed');
    assert.equal((await removeSystem(room, admin.id, { system: added.id })).state, 'removed');
  });
  assert.deepEqual(announced, [`changed ${added.id}`, `cutoff ${added.id}`]);
  assert.equal(await openSystemCredential(db, room.sealer, added.id), undefined);
  assert.ok(!(await listSystems(db)).some(({ id }) => id === added.id));
  await assert.rejects(addSystem(room, admin.id, { name: added.name, upstream: http }), { code: 'name.taken' });
  await assert.rejects(refreshSystem(room, admin.id, { system: added.id }), { code: 'system.not_found' });
  await assert.rejects(classifyOperation(room, admin.id, { system: added.id, operation: 'get_order', effect: 'read' }), {
    code: 'system.not_found',
  });
  await assert.rejects(removeSystem(room, admin.id, { system: 'no-such' }), { code: 'system.not_found' });
  assert.deepEqual(
    (await eventsAbout(db, added.id)).map(({ type }) => type),
    ['system.added', 'system.removed'],
  );
});

test('a removal while the operations are being read again stands', async () => {
  const { outside, room } = upstream();
  const added = await addSystem(room, admin.id, { name: freshName('pay'), upstream: http });
  outside.tools = [tool('get_order', 'changed')];
  const slow = {
    ...room,
    describe: async (...asked: Parameters<typeof room.describe>) => {
      await removeSystem(room, admin.id, { system: added.id });
      return room.describe(...asked);
    },
  };
  await assert.rejects(refreshSystem(slow, admin.id, { system: added.id }), { code: 'system.not_found' });
  assert.equal((await getSystem(db, added.id)).state, 'removed');
});

test('when the record cannot be written, nothing was added, classified or removed, and no credential is kept', async () => {
  const broken = await house();
  const there = residents(broken, clock);
  const someone = await there.human();
  const { room } = upstream(broken);
  const added = await addSystem(room, someone.id, { name: 'kept', upstream: http });
  await broken.query('alter table entry rename to entry_gone');
  await assert.rejects(addSystem(room, someone.id, { name: 'lost', upstream: http, credential }));
  await assert.rejects(classifyOperation(room, someone.id, { system: added.id, operation: 'frobnicate', effect: 'read' }));
  await assert.rejects(removeSystem(room, someone.id, { system: added.id }));
  const left = await listSystems(broken);
  assert.deepEqual(
    left.map(({ name, revision }) => [name, revision]),
    [['kept', 1]],
  );
  const { rows } = await broken.query('select system from system_credential');
  assert.deepEqual(rows, []);
});
