import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type { CredentialPlace } from '@surety/contract/system';
import { test } from 'vitest';
import type { Db } from '#kernel/db';
import { createSealer } from '#keys/seal';
import { heldClock, residents } from '#registry/testing/residents';
import { house } from '#testing/house';
import { openSystemCredential, putSystemCredential } from './system-credential.ts';

const db = await house();
const { clock } = heldClock();
const owner = await residents(db, clock).human();
const sealer = createSealer(randomBytes(32));
const place: CredentialPlace = { kind: 'header', name: 'Authorization' };
const canary = 'Bearer canary-5e1f0c77a2';

let systems = 0;

async function aSystem(on: Db = db, owns = owner.id): Promise<string> {
  systems += 1;
  const id = `sys_${String(systems).padStart(26, '0')}`;
  await on.query(
    `insert into system (id, name, display_name, system_owner, upstream, operations, state, revision, created_at)
     values ($1, $2, 'S', $3, '{}', '[]', 'active', 1, now())`,
    [id, `system-${systems}`, owns],
  );
  return id;
}

const put = (system: string, value = canary, to: CredentialPlace = place) =>
  db.transaction((tx) => putSystemCredential(tx, sealer, system, { place: to, value }));

test('a credential comes back as it was put, and only through reveal', async () => {
  const system = await aSystem();
  await put(system);
  const opened = await openSystemCredential(db, sealer, system);
  assert.deepEqual(opened?.place, place);
  assert.equal(opened?.reveal(), canary);
  assert.ok(!JSON.stringify(opened).includes('canary'));
  assert.ok(!inspect(opened, { depth: 9, showHidden: true }).includes('canary'));
});

test('a system without one has none', async () => {
  assert.equal(await openSystemCredential(db, sealer, await aSystem()), undefined);
});

test('the database never holds the value, in no column and no spelling', async () => {
  const system = await aSystem();
  await put(system);
  const { rows } = await db.query<{ whole: string; sealed: Buffer }>(
    'select s::text as whole, sealed from system_credential s where system = $1',
    [system],
  );
  for (const spelling of [canary, Buffer.from(canary).toString('hex'), Buffer.from(canary).toString('base64')]) {
    assert.ok(!rows[0]?.whole.includes(spelling));
  }
  assert.ok(!rows[0]?.sealed.includes('canary'));
});

test('a ciphertext does not open in another row, in another revision, cut, or with another key', async () => {
  const [one, other] = [await aSystem(), await aSystem()];
  await put(one);
  await put(other, 'Bearer of-the-other');
  const { rows } = await db.query<{ sealed: Buffer }>('select sealed from system_credential where system = $1', [one]);
  const sealed = rows[0]!.sealed;
  const broken = { code: 'internal' };

  await db.query('update system_credential set sealed = $2 where system = $1', [other, sealed]);
  await assert.rejects(openSystemCredential(db, sealer, other), broken, 'moved to another row');

  await put(one, 'Bearer newer');
  await db.query('update system_credential set sealed = $2 where system = $1', [one, sealed]);
  await assert.rejects(openSystemCredential(db, sealer, one), broken, 'an older value under the newer revision');

  for (const bytes of [
    sealed.subarray(0, -1),
    sealed.subarray(0, 10),
    Buffer.alloc(0),
    Buffer.concat([sealed, Buffer.alloc(1)]),
  ]) {
    await db.query('update system_credential set sealed = $2, revision = 1 where system = $1', [one, bytes]);
    await assert.rejects(openSystemCredential(db, sealer, one), broken);
  }
  await db.query('update system_credential set sealed = $2, revision = 1 where system = $1', [one, sealed]);
  await assert.rejects(openSystemCredential(db, createSealer(randomBytes(32)), one), broken, 'another key');
  assert.equal((await openSystemCredential(db, sealer, one))?.reveal(), canary);
});

test('a value cannot be redirected by changing where it goes', async () => {
  const system = await aSystem();
  await put(system);
  await db.query(`update system_credential set place = '{"kind":"header","name":"X-Elsewhere"}' where system = $1`, [system]);
  await assert.rejects(openSystemCredential(db, sealer, system), { code: 'internal' });
});

test('no error says anything of the value', async () => {
  const system = await aSystem();
  await put(system);
  await db.query('update system_credential set revision = 7 where system = $1', [system]);
  const thrown: unknown = await openSystemCredential(db, sealer, system).catch((error: unknown) => error);
  assert.ok(!inspect(thrown, { depth: 9, showHidden: true }).includes('canary'));
});

test('a value that would end its line, or a place that decides what is run or how a request is read, is refused', async () => {
  const system = await aSystem();
  const malformed = { code: 'request.malformed' };
  for (const value of ['a\r\nX-Admin: 1', 'a\nb', 'a\0b', '', 'é', '\t'])
    await assert.rejects(put(system, value), malformed, JSON.stringify(value));
  for (const name of [
    'Host',
    'content-length',
    'Transfer-Encoding',
    'Connection',
    'Mcp-Session-Id',
    'DPoP',
    'Proxy-Authorization',
  ]) {
    await assert.rejects(put(system, 'x', { kind: 'header', name }), malformed, name);
  }
  for (const name of ['PATH', 'LD_PRELOAD', 'DYLD_INSERT_LIBRARIES', 'NODE_OPTIONS', 'BASH_ENV', 'PYTHONPATH']) {
    await assert.rejects(put(system, 'x', { kind: 'environment', name }), malformed, name);
  }
  assert.equal(await openSystemCredential(db, sealer, system), undefined);
  await put(system, 'x', { kind: 'environment', name: 'API_KEY' });
});
