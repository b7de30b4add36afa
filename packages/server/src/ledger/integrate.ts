import { formatCheckpoint, openCheckpoint } from '@surety/transparency/checkpoint';
import { parseVerifierKey, signNote, type VerifierKey } from '@surety/transparency/note';
import { hashRange } from '@surety/transparency/subtree';
import { hashFromTiles, partialTiles, TileError, tilesOfRanges } from '@surety/transparency/tiles';
import { TreeEdge } from '@surety/transparency/tree-edge';
import type { Db, Tx } from '#kernel/db';
import { addHead, findHead, lockHead, moveHead, type TreeHead } from './head-store.ts';
import { LedgerError } from './ledger-error.ts';
import type { LogSigner } from './log-signer.ts';
import { hasSequenced, takeUnsequenced } from './sequence-store.ts';
import { listTiles, saveTiles, tilesIn } from './tile-store.ts';

/** A head that was signed before, as somebody remembers it. */
export type Signed = { readonly size: number; readonly root: Buffer };

export type SequencerHouse = {
  readonly db: Db;
  readonly signer: LogSigner;
  /** Verifier keys whose checkpoints are still believed: those that signed before the key of `signer` did. */
  readonly olderVkeys?: readonly string[];
  /** Entries in one round at most. */
  readonly limit: number;
};

/**
 * One round: takes entries without an index, appends them to the tree, signs the new head; all in one transaction, so
 * that whatever interrupts it leaves the tree as it was. `last` is the newest head that is known to have been signed.
 * Returns the head, and how many entries were taken.
 *
 * Before anything is signed the stored head is checked: its signature, its frontier and its tiles must agree, and it
 * must go on from `last`. Throws `LedgerError` when they do not; then nothing may be signed until somebody has looked.
 */
export async function integrate(house: SequencerHouse, last?: Signed): Promise<{ head: TreeHead; taken: number }> {
  return house.db.transaction(async (tx) => {
    const head = await lockHead(tx);
    if (head === undefined)
      throw new LedgerError('The head of the ledger is gone. Restore it, or the whole database, from a backup.');
    const edge = await checkHead(house, tx, { head, last });
    const taken = await takeUnsequenced(tx, head.size, house.limit);
    if (taken.length === 0) return { head, taken: 0 };
    for (const { leaf } of taken) edge.append(leafOf(leaf));
    if (taken.at(-1)?.index !== edge.size - 1)
      throw new LedgerError('The indexes of the ledger are not dense. Restore the database from a backup.');
    const tiles = edge.changedTiles();
    if ((await saveTiles(tx, tiles)) !== tiles.length) {
      throw new LedgerError('The tiles of the ledger are not those that were signed. Restore the database from a backup.');
    }
    const next = signHead(house.signer, edge);
    if (!(await moveHead(tx, head, next)))
      throw new LedgerError('The head of the ledger was moved by somebody who did not wait for it.');
    return { head: next, taken: taken.length };
  });
}

/** Signs the head of an empty tree where there is none yet. Throws `LedgerError` when there are entries, but no head. */
export async function beginLog({ db, signer }: SequencerHouse): Promise<void> {
  await db.transaction(async (tx) => {
    if ((await findHead(tx)) !== undefined) return;
    if (await hasSequenced(tx))
      throw new LedgerError('The head of the ledger is gone. Restore it, or the whole database, from a backup.');
    await addHead(tx, signHead(signer, TreeEdge.open(0, [])));
  });
}

/** Checks the stored head as `integrate` does, without changing anything. Returns it. */
export async function checkStoredHead(house: SequencerHouse, last?: Signed): Promise<TreeHead> {
  const head = await findHead(house.db);
  if (head === undefined) throw new LedgerError('The ledger has no head, or more than one. Restore the database from a backup.');
  await checkHead(house, house.db, { head, last });
  return head;
}

/** The right edge of the tree, once everything that is stored about the head agrees with everything else. */
async function checkHead(
  house: SequencerHouse,
  tx: Tx,
  { head, last }: { head: TreeHead; last: Signed | undefined },
): Promise<TreeEdge> {
  if (head.origin !== house.signer.name) {
    throw new LedgerError(
      `The ledger in this database is named ${head.origin}, and this server would name it ${house.signer.name}. ` +
        'A log keeps its name: give the server the address it had, or a database of its own.',
    );
  }
  const checkpoint = verifierKeys(house)
    .map((key) => openCheckpoint(head.note, key))
    .find((one) => one !== undefined);
  if (checkpoint?.origin !== head.origin || checkpoint.size !== head.size || !head.root.equals(checkpoint.root)) {
    throw new LedgerError(
      'The head of the ledger is not signed by the key of this house. Restore the database, or its key, from a backup.',
    );
  }
  const edge = await openEdge(tx, head);
  if (!head.root.equals(edge.root()) || !head.frontier.equals(edge.frontierBytes())) {
    throw new LedgerError('The tiles of the ledger do not lead to the root that was signed. Restore the database from a backup.');
  }
  if (last !== undefined) await checkGrowth(tx, last, head);
  return edge;
}

function verifierKeys({ signer, olderVkeys = [] }: SequencerHouse): VerifierKey[] {
  return [signer.vkey, ...olderVkeys].map((vkey) => {
    const key = parseVerifierKey(vkey);
    if (key === undefined) throw new LedgerError('A verifier key of the ledger cannot be read.');
    return key;
  });
}

async function openEdge(tx: Tx, { size }: TreeHead): Promise<TreeEdge> {
  try {
    return TreeEdge.open(size, await listTiles(tx, partialTiles(size)));
  } catch (thrown) {
    if (!(thrown instanceof TileError)) throw thrown;
    throw new LedgerError(`The ledger lacks hashes that were signed: ${thrown.message}. Restore the database from a backup.`, {
      cause: thrown,
    });
  }
}

/** A tree only grows. One that is smaller than it was, or other, was put back in time (threats AU-04). */
async function checkGrowth(tx: Tx, last: Signed, head: TreeHead): Promise<void> {
  if (head.size < last.size) {
    throw new LedgerError(
      `The database was put back in time: its ledger has ${head.size} entries, but ${last.size} were signed. Restore the newest backup. ` +
        'If that is this one, begin a new ledger under a new name and keep the signed checkpoints of the old one.',
    );
  }
  const root = head.size === last.size ? head.root : await rootAt(tx, last.size);
  if (!last.root.equals(root)) {
    throw new LedgerError(
      `The ledger is not the one that was signed at ${last.size} entries: it has another history. Restore the database from a backup.`,
    );
  }
}

/** The root of the tree when it had `size` entries, from the tiles. */
async function rootAt(tx: Tx, size: number): Promise<Uint8Array> {
  const range = { start: 0, end: size };
  const tileOf = tilesIn(await listTiles(tx, tilesOfRanges([range])));
  return hashRange(range, (node) => hashFromTiles(node, tileOf));
}

function leafOf(leaf: Buffer | null): Buffer {
  if (leaf !== null) return leaf;
  throw new LedgerError(
    'An acknowledged entry is gone before it was given its index. Restore the database from a backup; ' +
      'if the loss has to be accepted, remove the row of "unsequenced" that names it.',
  );
}

/** Signs, and looks at what came out before anyone else does: a broken signature must not become the head. */
function signHead(signer: LogSigner, edge: TreeEdge): TreeHead {
  const checkpoint = { origin: signer.name, size: edge.size, root: Buffer.from(edge.root()) };
  const note = signNote(formatCheckpoint(checkpoint), signer);
  const key = parseVerifierKey(signer.vkey);
  const opened = key && openCheckpoint(note, key);
  if (opened === undefined || !checkpoint.root.equals(opened.root)) throw new LedgerError('The key of the ledger does not sign.');
  return { ...checkpoint, frontier: Buffer.from(edge.frontierBytes()), note };
}
