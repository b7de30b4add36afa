import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterAll, test } from 'vitest';
import { openFeed } from '#change/feed';
import { systemClock } from '#kernel/clock';
import { openDb, openPool } from '#kernel/db';
import { newId } from '#kernel/id';
import { silentLog } from '#kernel/log';
import { createSealer } from '#keys/seal';
import { prepareHouse } from '#policy/prepare-house';
import { eventsAbout, freshName, residents } from '#registry/testing/residents';
import { houseUrl } from '#testing/house';
import { addSystem } from './add-system.ts';
import type { DescribedOperation } from './described-operation.ts';
import { labelOperation } from './label-operation.ts';
import { labelSystem } from './label-system.ts';
import { refreshSystem } from './refresh-system.ts';
import { openSystemFacts } from './system-facts.ts';

const url = await houseUrl();
const db = openDb(openPool(url, 5));
await prepareHouse(db, systemClock);
const { human } = residents(db, systemClock);
const owner = await human({ roles: ['administrator'] });
let described: DescribedOperation[] = [];
const house = {
  db,
  clock: systemClock,
  sealer: createSealer(randomBytes(32)),
  describe: async () => described,
  allowCommands: false,
};
const point = { id: newId<string>('point', 0), name: 'test' };
const feed = await openFeed({ url, db, pollMs: 20, leaseMs: 2_000, point, log: silentLog });
const systems = openSystemFacts({ db, feed });

const mail = (description = 'd'): DescribedOperation => ({
  name: 'send_email',
  description,
  inputSchema: { properties: { to: {}, body: {} } },
  definition: { name: 'send_email', description },
});

async function aSystem() {
  described = [mail()];
  return addSystem(house, owner.id, {
    name: freshName('mail'),
    upstream: { kind: 'mcp-http', url: 'http://127.0.0.1:9/mcp', inside: true },
  });
}

const flowOf = async (name: string) => (await systems.byName(name))?.operations.get('send_email');

test('what a person says of an operation stands beside our rule, member by member, and caches hear it', async () => {
  const { name } = await aSystem();
  assert.deepEqual((await flowOf(name))?.guards, [{ pointer: '/to', of: 'destination' }]);
  const guards = [{ pointer: '/body', of: 'authority' as const }];
  const said = await labelOperation(house, owner.id, { system: name, operation: 'send_email', guards });
  assert.equal(said.operations[0]?.flow?.by, 'person');
  await labelOperation(house, owner.id, { system: name, operation: 'send_email', labels: ['customer', 'customer'] });
  const { rows } = await db.query<{ newest: number }>('select max(number) as newest from change');
  await feed.waitFor(rows[0]?.newest ?? 0, 5_000);
  const known = await flowOf(name);
  assert.deepEqual([known?.guards, known?.labels], [guards, ['customer']]);
});

test('it holds as long as the definition does', async () => {
  const { name, id } = await aSystem();
  await labelOperation(house, owner.id, { system: name, operation: 'send_email', labels: ['customer'] });
  assert.deepEqual((await refreshSystem(house, owner.id, { system: id })).operations[0]?.flow?.labels, ['customer']);
  described = [mail('another')];
  const { operations } = await refreshSystem(house, owner.id, { system: id });
  assert.deepEqual([operations[0]?.effectBy, operations[0]?.flow?.by], ['nobody', 'heuristic']);
});

test('a system that was read before labels were known is read again for them', async () => {
  const { id } = await aSystem();
  await db.query(`update system set operations = jsonb_build_array((operations->0) - 'flow') where id = $1`, [id]);
  const { operations, revision } = await refreshSystem(house, owner.id, { system: id });
  assert.deepEqual([operations[0]?.flow?.by, operations[0]?.effectBy, revision], ['heuristic', 'heuristic', 2]);
});

test('what is said is recorded; of what is not there nothing can be said', async () => {
  const { name, id } = await aSystem();
  await labelSystem(house, owner.id, { system: name, labels: ['pii'] });
  await labelOperation(house, owner.id, { system: name, operation: 'send_email', fields: { '/a/*/b': ['pii'] } });
  const events = (await eventsAbout(db, id)).filter(({ type }) => type === 'system.labelled');
  assert.deepEqual(
    events.map(({ data }) => [data['operation'], data['labels'], data['fields'], data['guards']]),
    [
      [null, ['pii'], [], []],
      ['send_email', [], ['pii /a/*/b'], ['destination /to']],
    ],
  );
  await assert.rejects(labelOperation(house, owner.id, { system: name, operation: 'gone', labels: [] }), {
    code: 'request.malformed',
  });
  await assert.rejects(labelSystem(house, owner.id, { system: 'no-such', labels: [] }), { code: 'system.not_found' });
});

afterAll(() => feed.close());
