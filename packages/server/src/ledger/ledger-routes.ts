import type { CheckpointView, ConsistencyProofView, InclusionProofView } from '@surety/contract/ledger';
import { getCheckpoint, listEntries, proveConsistency, proveInclusion } from '@surety/contract/oversight-routes';
import { toBase64 } from '@surety/transparency/bytes';
import { consistencyRanges, hashRange, inclusionRanges, type Range } from '@surety/transparency/subtree';
import { hashFromTiles, TileError, tilesOfRanges } from '@surety/transparency/tiles';
import { type AnyAnswer, answer } from '#kernel/answer';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { getHead, readEntries } from './export-log.ts';
import type { LogSigner } from './log-signer.ts';
import { listTiles, tilesIn } from './tile-store.ts';

export type LedgerRoom = { readonly db: Tx; readonly signer: Pick<LogSigner, 'vkey'> };

/** The log as anyone may check it: checkpoint, entries and proofs. Proofs come from tiles; no entry is hashed again. */
export function ledgerRoutes({ db, signer }: LedgerRoom): readonly AnyAnswer[] {
  return [
    answer(getCheckpoint, () => readCheckpoint(db, signer.vkey)),
    answer(listEntries, async (_caller, { from, limit }) => ({ items: await readEntries(db, from, limit) })),
    answer(proveInclusion, (_caller, { index }) => readInclusion(db, index)),
    answer(proveConsistency, (_caller, { from, to }) => readConsistency(db, from, to)),
  ];
}

async function readCheckpoint(tx: Tx, vkey: string): Promise<CheckpointView> {
  const { origin, size, root, note } = await getHead(tx);
  return { origin, size, root: toBase64(root), note, vkey };
}

async function readInclusion(tx: Tx, index: number): Promise<InclusionProofView> {
  const { size, note } = await getHead(tx);
  const [found] = index < size ? await readEntries(tx, index, 1) : [];
  if (found?.index !== index) throw new Fault('entry.not_found');
  const hashes = await readHashes(tx, inclusionRanges(index, size));
  return { index, size, leaf: found.leaf, hashes, entry: found.entry, checkpoint: note };
}

async function readConsistency(tx: Tx, from: number, to: number | undefined): Promise<ConsistencyProofView> {
  const { size } = await getHead(tx);
  const until = to ?? size;
  if (from > until || until > size) throw new Fault('entry.not_found');
  return { from, to: until, hashes: await readHashes(tx, consistencyRanges(from, until)) };
}

async function readHashes(tx: Tx, ranges: readonly Range[]): Promise<string[]> {
  const tileOf = tilesIn(await listTiles(tx, tilesOfRanges(ranges)));
  try {
    return ranges.map((range) => toBase64(hashRange(range, (node) => hashFromTiles(node, tileOf))));
  } catch (thrown) {
    if (thrown instanceof TileError) throw new Fault('internal', 'the ledger lacks hashes that were signed', { cause: thrown });
    throw thrown;
  }
}
