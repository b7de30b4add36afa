import { hashAt } from './bytes.ts';
import { type Node, nodesOf, type Range } from './subtree.ts';
import { nodeHash } from './merkle.ts';

/** How many hashes a full tile holds, and how many levels of the tree it spans (C2SP tlog-tiles, "Merkle Tree"). */
export const tileWidth = 256;
const tileHeight = 8;

/**
 * A tile: hashes `position * 256` and following of every eighth level of the tree. Those of level 0 are leaf hashes, those
 * of a higher level are each the root of a full tile one level below.
 */
export type TilePlace = { readonly level: number; readonly position: number };

/** Gives the hashes of a tile one behind the other, as many as there are; `undefined` when there is no such tile. */
export type TileOf = (place: TilePlace) => Uint8Array | undefined;

/** Where a tile is short, or missing, that should hold a hash. */
export class TileError extends Error {
  override readonly name = 'TileError';
  readonly place: TilePlace;

  constructor(place: TilePlace) {
    super(`tile ${tilePath(place)} does not hold what it should`);
    this.place = place;
  }
}

/** The address of a tile below the prefix of a log: `tile/<L>/<N>[.p/<W>]` (C2SP tlog-tiles). */
export function tilePath({ level, position }: TilePlace, width: number = tileWidth): string {
  const groups = [String(position % 1000).padStart(3, '0')];
  for (let rest = Math.floor(position / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return `tile/${level}/${groups.join('/')}${width === tileWidth ? '' : `.p/${width}`}`;
}

/** How many hashes there are at one level of tiles of a tree of `size`. */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level);
}

/** The last tile of each level, from level 0 upwards, with its width; levels whose tiles are all full are left out. */
export function partialTiles(size: number): (TilePlace & { readonly width: number })[] {
  const tiles: (TilePlace & { width: number })[] = [];
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const hashes = hashesAt(level, size);
    if (hashes % tileWidth > 0) tiles.push({ level, position: Math.floor(hashes / tileWidth), width: hashes % tileWidth });
  }
  return tiles;
}

/** The tile that holds what the hash of a complete subtree is made of, and where in it: `count` hashes from `offset`. */
export function tileOfNode({ level, position }: Node): TilePlace & { readonly offset: number; readonly count: number } {
  const count = 2 ** (level % tileHeight);
  const first = position * count;
  return { level: Math.floor(level / tileHeight), position: Math.floor(first / tileWidth), offset: first % tileWidth, count };
}

/** The tiles that the hashes of these subtrees are made of, each once. */
export function tilesOfRanges(ranges: readonly Range[]): TilePlace[] {
  const tiles = new Map<string, TilePlace>();
  for (const node of ranges.flatMap(nodesOf)) {
    const { level, position } = tileOfNode(node);
    tiles.set(tilePath({ level, position }), { level, position });
  }
  return [...tiles.values()];
}

/** The hash of a complete subtree, from its tile. Throws `TileError` when the tile is missing or too short. */
export function hashFromTiles(node: Node, tileOf: TileOf): Uint8Array {
  const { offset, count, ...place } = tileOfNode(node);
  const tile = tileOf(place);
  if (tile === undefined || hashAt(tile, offset + count - 1) === undefined) throw new TileError(place);
  return rootOfRun(tile, offset, count);
}

/** The root over `count` hashes of a tile from `offset`. `count` is a power of two. */
export function rootOfRun(tile: Uint8Array, offset: number, count: number): Uint8Array {
  if (count === 1) return hashAt(tile, offset) ?? new Uint8Array();
  const half = count / 2;
  return nodeHash(rootOfRun(tile, offset, half), rootOfRun(tile, offset + half, half));
}
