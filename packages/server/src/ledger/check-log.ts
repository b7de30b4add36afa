import { leafHash } from '@surety/transparency/merkle';
import { sameBytes } from '@surety/transparency/bytes';
import { readExportLine } from '@surety/transparency/export-lines';
import { tilePath } from '@surety/transparency/tiles';
import { type Tile, TreeEdge } from '@surety/transparency/tree-edge';
import { type Kept, type Verification, verifyExport } from '@surety/transparency/verify-log';
import type { Db, Tx } from '#kernel/db';
import { exportLog } from './export-log.ts';
import { findHead } from './head-store.ts';
import { listAllTiles, tilesIn } from './tile-store.ts';

/**
 * Checks the whole log in a database, as it is at one instant: every entry hashed again, every tile recomputed, the root
 * and the frontier compared with the signed head; with what an auditor kept, if that is given. Reads everything: for
 * `doctor`, and after tests.
 */
export async function checkLog(db: Db, vkey: string, kept?: Kept): Promise<Verification> {
  return db.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    return checkInstant(tx, vkey, kept);
  });
}

async function checkInstant(tx: Tx, vkey: string, kept: Kept | undefined): Promise<Verification> {
  const stored = await listAllTiles(tx);
  const edge = TreeEdge.open(0, []);
  const result = await verifyExport(watched(exportLog(tx, { vkey }), edge), { vkey, kept, tiles: tilesIn(stored) });
  if (!result.ok) return result;
  const wrong = wrongTile(stored, edge.changedTiles());
  if (wrong !== undefined)
    return { ok: false, reason: 'tree.differs', says: `The tile ${wrong} is not the one of these entries.` };
  const head = await findHead(tx);
  if (head === undefined || !head.frontier.equals(edge.frontierBytes()) || !head.root.equals(edge.root())) {
    return { ok: false, reason: 'tree.differs', says: 'The stored head is not that of the signed checkpoint.' };
  }
  return result;
}

/** Builds the tree anew from the lines that pass. */
async function* watched(lines: AsyncIterable<string>, edge: TreeEdge): AsyncGenerator<string> {
  for await (const text of lines) {
    const line = readExportLine(text);
    if (line?.kind === 'entry') edge.append(leafHash(line.entry));
    yield text;
  }
}

/** The address of the first tile that differs from what it must be, is missing, or should not be there. */
function wrongTile(stored: readonly Tile[], wanted: readonly Tile[]): string | undefined {
  const left = new Map(stored.map((tile) => [tilePath(tile), tile.hashes]));
  for (const tile of wanted) {
    const hashes = left.get(tilePath(tile));
    if (hashes === undefined || !sameBytes(hashes, tile.hashes)) return tilePath(tile);
    left.delete(tilePath(tile));
  }
  return left.keys().next().value;
}
