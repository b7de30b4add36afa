import { hashAt, hashSize } from './bytes.ts';
import { nodeHash } from './merkle.ts';
import { foldRight } from './subtree.ts';

/**
 * The right edge of a growing tree: the roots of its complete subtrees, the largest first, one for each bit of its size
 * that is set. It is all that is needed to append and to know the root.
 */
export class Frontier {
  #size: number;
  readonly #hashes: Uint8Array[];

  private constructor(size: number, hashes: Uint8Array[]) {
    this.#size = size;
    this.#hashes = hashes;
  }

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /** Takes the roots of the complete subtrees of a tree of `size`; `undefined` when it is not as many as it must be. */
  static of(size: number, hashes: readonly Uint8Array[]): Frontier | undefined {
    if (!Number.isSafeInteger(size) || size < 0) return undefined;
    if (hashes.length !== countBits(size) || hashes.some((hash) => hash.length !== hashSize)) return undefined;
    return new Frontier(size, [...hashes]);
  }

  /** Reads what `bytes` wrote, or `undefined`. */
  static fromBytes(size: number, bytes: Uint8Array): Frontier | undefined {
    const hashes = Array.from(
      { length: Math.floor(bytes.length / hashSize) },
      (_, place) => hashAt(bytes, place) ?? new Uint8Array(),
    );
    return bytes.length % hashSize === 0 ? Frontier.of(size, hashes) : undefined;
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Uint8Array): void {
    let hash = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2)
      hash = nodeHash(this.#hashes.pop() ?? new Uint8Array(), hash);
    this.#hashes.push(hash);
    this.#size++;
  }

  root(): Uint8Array {
    return foldRight(this.#hashes);
  }

  /** The roots one behind the other, the largest subtree first. */
  bytes(): Uint8Array {
    return Buffer.concat(this.#hashes);
  }
}

function countBits(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}
