import { generateKeyPairSync, sign } from 'node:crypto';
import { toBase64 } from '@surety/transparency/bytes';
import { formatCheckpoint } from '@surety/transparency/checkpoint';
import { exportFormat } from '@surety/transparency/export-lines';
import { leafHash } from '@surety/transparency/merkle';
import { formatVerifierKey, signNote } from '@surety/transparency/note';
import { rootOf } from '@surety/transparency/subtree';
import { tilePath, type TileOf } from '@surety/transparency/tiles';
import { TreeEdge } from '@surety/transparency/tree-edge';

/** A log with a key of its own, that a test may make sign anything. */
export function openLog(origin = 'ledger.example/house') {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
  const signer = { name: origin, publicKey: raw, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) };
  const checkpoint = (entries: readonly string[]) =>
    signNote(formatCheckpoint({ origin, size: entries.length, root: rootOf(entries.map(leafHash)) }), signer);
  return { origin, vkey: formatVerifierKey(origin, raw), signer, checkpoint };
}

export type Log = ReturnType<typeof openLog>;

export const someEntries = (size: number): string[] =>
  Array.from({ length: size }, (_, at) => `{"about":"agt_${at}","data":"é\u2028 ${at}"}`);

export const leavesOf = (entries: readonly string[]): Uint8Array => Buffer.concat(entries.map((entry) => leafHash(entry)));

/** What the format says, written by hand: not by the code under test. */
export const headerLine = (log: Log) =>
  `{"export":"${exportFormat}","origin":${JSON.stringify(log.origin)},"vkey":${JSON.stringify(log.vkey)}}`;
export const entryLine = (index: number, entry: string, leaf: string | undefined = toBase64(leafHash(entry))) =>
  `{"index":${index},${leaf === undefined ? '' : `"leaf":"${leaf}",`}"entry":${JSON.stringify(entry)}}`;
export const closingLine = (note: string) => `{"checkpoint":${JSON.stringify(note)}}`;

export const exportOf = (log: Log, entries: readonly string[]): string[] => [
  headerLine(log),
  ...entries.map((entry, index) => entryLine(index, entry)),
  closingLine(log.checkpoint(entries)),
];

/** The tiles of a tree over these entries. */
export function tilesOf(entries: readonly string[]): {
  tileOf: TileOf;
  put: (path: string, hashes: Uint8Array) => void;
  get: (path: string) => Uint8Array;
} {
  const edge = TreeEdge.open(0, []);
  for (const entry of entries) edge.append(leafHash(entry));
  const tiles = new Map(edge.changedTiles().map((tile) => [tilePath(tile), tile.hashes]));
  return {
    tileOf: (place) => tiles.get(tilePath(place)),
    put: (path, hashes) => tiles.set(path, hashes),
    get: (path) => tiles.get(path)!,
  };
}
