import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'vitest';
import { createSealer } from '#keys/seal';
import { openNode } from '#registry/testing/node';
import { freshName, heldClock, residents } from '#registry/testing/residents';
import { addSystem } from './add-system.ts';
import type { CatalogueHouse } from './catalogue-house.ts';
import { classifyOperation } from './classify-operation.ts';
import { removeSystem } from './remove-system.ts';
import { openSystemFacts } from './system-facts.ts';

const { db, feed, upToDate } = await openNode();
const { clock } = heldClock();
const owner = await residents(db, clock).human();
const facts = openSystemFacts({ db, feed });
const definition = { name: 'get_order', inputSchema: {} };
const room: CatalogueHouse = {
  db,
  clock,
  sealer: createSealer(randomBytes(32)),
  allowCommands: false,
  describe: async () => [{ name: 'get_order', inputSchema: {}, definition }],
};
const upstream = { kind: 'mcp-http', url: 'https://pay.example/mcp' } as const;
const credential = { place: { kind: 'header', name: 'X-Api-Key' }, value: 'canary-0b9d' } as const;

test('a guard sees a system by name and id, with where its credential goes and nothing of its value', async () => {
  const name = freshName('pay');
  assert.equal(await facts.byName(name), undefined);
  const { id } = await addSystem(room, owner.id, { name, upstream, credential });
  const seen = await facts.byName(name);
  assert.deepEqual(await facts.byId(id), seen);
  assert.deepEqual(seen?.credentialPlace, credential.place);
  assert.equal(seen?.operations.get('get_order')?.effect, 'read');
  assert.ok(!JSON.stringify(seen).includes('canary'));
});

test('what a person says of an operation is seen once the news is applied, and a removed system is not there', async () => {
  const name = freshName('crm');
  const { id } = await addSystem(room, owner.id, { name, upstream });
  assert.equal((await facts.byName(name))?.credentialPlace, undefined);
  await classifyOperation(room, owner.id, { system: id, operation: 'get_order', effect: 'external' });
  await upToDate();
  assert.equal((await facts.byName(name))?.operations.get('get_order')?.effect, 'external');
  await removeSystem(room, owner.id, { system: id });
  await upToDate();
  assert.equal(await facts.byName(name), undefined);
  assert.equal(await facts.byId(id), undefined);
  assert.ok(feed.cutoffOf(id) !== undefined);
});
