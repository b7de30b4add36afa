import { hashAt, toBase64 } from '@surety/transparency/bytes';
import { tileWidth } from '@surety/transparency/tiles';
import { exportLines, type ExportSource } from '@surety/transparency/write-export';
import type { LedgerEntry } from '@surety/contract/ledger';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { findHead, type TreeHead } from './head-store.ts';
import type { LogSigner } from './log-signer.ts';
import { listSequenced } from './sequence-store.ts';
import { listTiles, tilesIn } from './tile-store.ts';

/** The head of the log. Fault `service.not_ready` when there is none: then the log was never begun, or is damaged. */
export async function getHead(tx: Tx): Promise<TreeHead> {
  const head = await findHead(tx);
  if (head === undefined) throw new Fault('service.not_ready', 'the ledger has no head');
  return head;
}

/**
 * Entries in order from an index, each with the leaf hash that the tiles hold: not one computed from the entry, so that a
 * changed entry shows. The leaf hash is empty where the tiles hold none.
 */
export async function readEntries(tx: Tx, from: number, limit: number): Promise<LedgerEntry[]> {
  const rows = await listSequenced(tx, from, limit);
  const positions = new Set(rows.map(({ index }) => Math.floor(index / tileWidth)));
  const tileOf = tilesIn(
    await listTiles(
      tx,
      [...positions].map((position) => ({ level: 0, position })),
    ),
  );
  return rows.map(({ index, body }) => {
    const leaf = hashAt(tileOf({ level: 0, position: Math.floor(index / tileWidth) }) ?? new Uint8Array(), index % tileWidth);
    return { index, leaf: leaf === undefined ? '' : toBase64(leaf), entry: body };
  });
}

/** The log of this house as something that can be exported. */
export function logSource(tx: Tx, { vkey }: Pick<LogSigner, 'vkey'>): ExportSource {
  return {
    checkpoint: async () => {
      const { origin, size, note } = await getHead(tx);
      return { origin, vkey, size, note };
    },
    entries: (from, limit) => readEntries(tx, from, limit),
  };
}

/** The lines of an export of everything under the newest checkpoint, without their line feeds. */
export function exportLog(tx: Tx, signer: Pick<LogSigner, 'vkey'>): AsyncGenerator<string> {
  return exportLines(logSource(tx, signer));
}
