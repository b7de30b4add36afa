import { hashAt, hashSize } from './bytes.ts';
import { Frontier } from './frontier.ts';
import { nodesOf } from './subtree.ts';
import { hashFromTiles, hashesAt, partialTiles, rootOfRun, type TilePlace, tileWidth } from './tiles.ts';

/** A tile as it is to be stored: all its hashes one behind the other. */
export type Tile = TilePlace & { readonly hashes: Uint8Array };

/**
 * The unfinished tiles at the right edge of a tree, to which leaves are appended. What was changed since it was opened
 * comes out as whole tiles.
 */
export class TreeEdge {
  readonly #frontier: Frontier;
  /** The hashes of the unfinished tile of each level; none where all tiles of the level are full. */
  readonly #levels: Uint8Array[][];
  readonly #full: Tile[] = [];
  readonly #touched = new Set<number>();

  private constructor(frontier: Frontier, levels: Uint8Array[][]) {
    this.#frontier = frontier;
    this.#levels = levels;
  }

  /**
   * Opens the edge of a tree of `size` from its unfinished tiles. A stored tile may be longer than this size needs, never
   * shorter: then this throws `TileError`.
   */
  static open(size: number, tiles: readonly Tile[]): TreeEdge {
    const tileOf = ({ level, position }: TilePlace) =>
      tiles.find((tile) => tile.level === level && tile.position === position)?.hashes;
    const hashes = nodesOf({ start: 0, end: size }).map((node) => hashFromTiles(node, tileOf));
    const frontier = Frontier.of(size, hashes);
    if (frontier === undefined) throw new RangeError('the size of a tree is a non-negative integer');
    const levels: Uint8Array[][] = [];
    for (const { level, position, width } of partialTiles(size)) {
      const run = tileOf({ level, position }) ?? new Uint8Array();
      levels[level] = Array.from({ length: width }, (_, place) => hashAt(run, place) ?? new Uint8Array());
    }
    return new TreeEdge(
      frontier,
      Array.from(levels, (level) => level ?? []),
    );
  }

  get size(): number {
    return this.#frontier.size;
  }

  root(): Uint8Array {
    return this.#frontier.root();
  }

  /** The bytes of the frontier: the roots of the complete subtrees. */
  frontierBytes(): Uint8Array {
    return this.#frontier.bytes();
  }

  append(leaf: Uint8Array): void {
    this.#frontier.append(leaf);
    let hash = leaf;
    for (let level = 0; ; level++) {
      const hashes = (this.#levels[level] ??= []);
      hashes.push(hash);
      this.#touched.add(level);
      if (hashes.length < tileWidth) return;
      const tile = { level, position: hashesAt(level, this.size) / tileWidth - 1, hashes: joined(hashes) };
      this.#full.push(tile);
      this.#levels[level] = [];
      hash = rootOfRun(tile.hashes, 0, tileWidth);
    }
  }

  /** Every tile that was changed: those that became full, then the unfinished ones. */
  changedTiles(): Tile[] {
    const unfinished = [...this.#touched].flatMap((level): Tile[] => {
      const hashes = this.#levels[level] ?? [];
      if (hashes.length === 0) return [];
      return [{ level, position: Math.floor(hashesAt(level, this.size) / tileWidth), hashes: joined(hashes) }];
    });
    return [...this.#full, ...unfinished];
  }
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * hashSize);
  for (const [place, hash] of hashes.entries()) bytes.set(hash, place * hashSize);
  return bytes;
}
