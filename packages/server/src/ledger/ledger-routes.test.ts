import assert from 'node:assert/strict';
import type { CheckpointView, ConsistencyProofView, InclusionProofView, LedgerEntry } from '@surety/contract/ledger';
import { openCheckpoint } from '@surety/transparency/checkpoint';
import { leafHash, verifyConsistency, verifyInclusion } from '@surety/transparency/merkle';
import { parseVerifierKey } from '@surety/transparency/note';
import { verifyExport } from '@surety/transparency/verify-log';
import { exportLines } from '@surety/transparency/write-export';
import { afterAll, test } from 'vitest';
import { nobody } from '#kernel/answer';
import { perform } from '#kernel/perform';
import { ledgerRoutes } from './ledger-routes.ts';
import { openLogHouse } from './testing/log-house.ts';

const house = await openLogHouse();
const routes = ledgerRoutes(house);
await house.begin();
await house.grow(300);
const old = await call<CheckpointView>('getCheckpoint');
await house.grow(223);

afterAll(() => house.close());

async function call<Out>(name: string, input: object = {}): Promise<Out> {
  const found = routes.find(({ route }) => route.name === name)!;
  return (await perform(async () => {}, nobody, found, input)) as Out;
}

const bytes = (text: string) => Buffer.from(text, 'base64');

test('the checkpoint is signed by the key it names', async () => {
  const { origin, size, root, note, vkey } = await call<CheckpointView>('getCheckpoint');
  const checkpoint = openCheckpoint(note, parseVerifierKey(vkey)!);
  assert.deepEqual(checkpoint, { origin, size, root: bytes(root) });
  assert.deepEqual([origin, size, vkey], [house.signer.name, 523, house.signer.vkey]);
});

test('every entry is proved to be under the checkpoint that comes with the proof', async () => {
  const key = parseVerifierKey(house.signer.vkey)!;
  for (const index of [0, 1, 255, 256, 299, 511, 512, 522]) {
    const proof = await call<InclusionProofView>('proveInclusion', { index });
    const checkpoint = openCheckpoint(proof.checkpoint, key)!;
    assert.equal(proof.index, index);
    assert.deepEqual(leafHash(proof.entry), bytes(proof.leaf));
    assert.ok(verifyInclusion({ leaf: leafHash(proof.entry), index, ...checkpoint }, proof.hashes.map(bytes)));
  }
});

test('the log is proved to go on from an older checkpoint, and from any size to any other', async () => {
  const newest = await call<CheckpointView>('getCheckpoint');
  const head = ({ size, root }: CheckpointView) => ({ size, root: bytes(root) });
  const proof = await call<ConsistencyProofView>('proveConsistency', { from: old.size });
  assert.deepEqual([proof.from, proof.to], [300, 523]);
  assert.ok(verifyConsistency(head(old), head(newest), proof.hashes.map(bytes)));
  assert.equal(verifyConsistency({ size: 299, root: bytes(old.root) }, head(newest), proof.hashes.map(bytes)), false);
  assert.deepEqual((await call<ConsistencyProofView>('proveConsistency', { from: 523, to: 523 })).hashes, []);
  assert.deepEqual((await call<ConsistencyProofView>('proveConsistency', { from: 0, to: 300 })).hashes, []);
});

test('there is no entry, and no proof, beyond the checkpoint', async () => {
  await assert.rejects(call('proveInclusion', { index: 523 }), { code: 'entry.not_found' });
  await assert.rejects(call('proveConsistency', { from: 524 }), { code: 'entry.not_found' });
  await assert.rejects(call('proveConsistency', { from: 5, to: 524 }), { code: 'entry.not_found' });
  await assert.rejects(call('proveConsistency', { from: 5, to: 4 }), { code: 'entry.not_found' });
  for (const index of [-1, 1.5, 2 ** 53, 'x'])
    await assert.rejects(call('proveInclusion', { index }), { code: 'request.malformed' });
  assert.deepEqual(await call('listEntries', { from: 523 }), { items: [] });
});

test('entries come page by page, exactly as they were hashed', async () => {
  const { items } = await call<{ items: LedgerEntry[] }>('listEntries', { from: 254, limit: 4 });
  assert.deepEqual(
    items.map(({ index }) => index),
    [254, 255, 256, 257],
  );
  for (const { leaf, entry } of items) assert.deepEqual(leafHash(entry), bytes(leaf));
});

test('the whole log, exported through the routes, is verified offline', async () => {
  const source = {
    checkpoint: () => call<CheckpointView>('getCheckpoint'),
    entries: async (from: number, limit: number) => (await call<{ items: LedgerEntry[] }>('listEntries', { from, limit })).items,
  };
  const result = await verifyExport(exportLines(source, 100), { vkey: house.signer.vkey, kept: { note: old.note } });
  assert.ok(result.ok);
  assert.deepEqual([result.size, result.kept], [523, 300]);
});

test('a proof of an entry that was changed does not verify: the answer does not hide it', async () => {
  const broken = await openLogHouse();
  await broken.begin();
  await broken.grow(10);
  await broken.db.query(`update entry set body = 'forged' where id = (select id from sequenced where index = 4)`);
  const proveInclusion = ledgerRoutes(broken).find(({ route }) => route.name === 'proveInclusion')!;
  const proof = (await perform(async () => {}, nobody, proveInclusion, { index: 4 })) as InclusionProofView;
  const checkpoint = openCheckpoint(proof.checkpoint, parseVerifierKey(broken.signer.vkey)!)!;
  assert.equal(verifyInclusion({ leaf: leafHash(proof.entry), index: 4, ...checkpoint }, proof.hashes.map(bytes)), false);
  await broken.close();
});

test('before the log was begun nothing is answered', async () => {
  const empty = await openLogHouse();
  for (const { route, act } of ledgerRoutes(empty)) {
    if (route.name === 'listEntries') continue;
    await assert.rejects(act(nobody, { index: 0, from: 0 } as never), { code: 'service.not_ready' });
  }
  await empty.close();
});
