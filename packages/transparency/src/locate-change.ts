import { hashAt, hashSize, sameBytes } from './bytes.ts';
import { nodeHash } from './merkle.ts';
import { foldRight, nodesOf } from './subtree.ts';
import { hashFromTiles, partialTiles, rootOfRun, TileError, type TileOf, type TilePlace, tileWidth } from './tiles.ts';

/** Entries `first` to `last`, both included. */
export type Stretch = { readonly first: number; readonly last: number };

/** The signed head, the tiles of the log, and the leaf hashes that were found, one behind the other. */
export type Comparison = {
  readonly size: number;
  readonly root: Uint8Array;
  readonly tileOf: TileOf;
  readonly leaves: Uint8Array;
};

/**
 * The first stretch of entries in which what was found differs from what was signed, as narrow as the tiles allow.
 *
 * Tiles are believed only as far as they lead to the signed root: from the right edge down, each tile by the hash above
 * it. Where a tile does not match, the whole of what it spans is the answer. `undefined` when not even the right edge
 * leads to the root, or nothing differs.
 */
export function locateChange(comparison: Comparison): Stretch | undefined {
  const { size, root, tileOf } = comparison;
  try {
    const hashes = nodesOf({ start: 0, end: size }).map((node) => hashFromTiles(node, tileOf));
    if (!sameBytes(foldRight(hashes), root)) return undefined;
  } catch (thrown) {
    if (thrown instanceof TileError) return undefined;
    throw thrown;
  }
  for (const { width, ...place } of partialTiles(size).toReversed()) {
    const stretch = searchTile(comparison, place, width);
    if (stretch !== undefined) return stretch;
  }
  return undefined;
}

/** Looks through a tile that is believed. */
function searchTile(comparison: Comparison, place: TilePlace, width: number): Stretch | undefined {
  const tile = comparison.tileOf(place) ?? new Uint8Array();
  for (let at = 0; at < width; at++) {
    const index = place.position * tileWidth + at;
    const believed = hashAt(tile, at);
    if (believed === undefined || sameBytes(believed, foundRoot(comparison.leaves, place.level, index))) continue;
    return searchBelow(comparison, { level: place.level, position: index }, believed);
  }
  return undefined;
}

/** What the hash at one level of tiles stands for differs: looks into the tile below it, if that is to be believed. */
function searchBelow(comparison: Comparison, { level, position }: TilePlace, believed: Uint8Array): Stretch {
  const span = tileWidth ** level;
  const whole = { first: position * span, last: (position + 1) * span - 1 };
  if (level === 0) return whole;
  const below = { level: level - 1, position };
  const tile = comparison.tileOf(below);
  const isBelieved =
    tile !== undefined && tile.length >= tileWidth * hashSize && sameBytes(rootOfRun(tile, 0, tileWidth), believed);
  return (isBelieved ? searchTile(comparison, below, tileWidth) : undefined) ?? whole;
}

/** The root over what was found where the hash `position` at a level of tiles stands. */
function foundRoot(leaves: Uint8Array, level: number, position: number): Uint8Array {
  return rootOfLeaves(leaves, position * tileWidth ** level, tileWidth ** level);
}

function rootOfLeaves(leaves: Uint8Array, start: number, count: number): Uint8Array {
  if (count === 1) return hashAt(leaves, start) ?? new Uint8Array();
  return nodeHash(rootOfLeaves(leaves, start, count / 2), rootOfLeaves(leaves, start + count / 2, count / 2));
}
