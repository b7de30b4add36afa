import { emptyRoot, nodeHash } from './merkle.ts';

/** A complete subtree: the leaves from `position * 2^level`, `2^level` of them. */
export type Node = { readonly level: number; readonly position: number };

/** Leaves from `start` until before `end`: a subtree of some tree, complete or at its right edge. */
export type Range = { readonly start: number; readonly end: number };

/** Gives the hash of a complete subtree. Throws when it does not have it. */
export type HashOf = (node: Node) => Uint8Array;

/** The largest power of two smaller than `size`; RFC 9162 §2.1.1 calls it k. `size` is at least 2. */
function split(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

/** The complete subtrees that make up a subtree, from left to right, each smaller than the one before it. */
export function nodesOf({ start, end }: Range): Node[] {
  const nodes: Node[] = [];
  for (let at = start; at < end;) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level++;
    nodes.push({ level, position: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** The root of a subtree (RFC 9162 §2.1.1, MTH). */
export function hashRange(range: Range, hashOf: HashOf): Uint8Array {
  return foldRight(nodesOf(range).map(hashOf));
}

/** The root over complete subtrees, given from left to right: each is the left child of all that follow it. */
export function foldRight(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.length === 0 ? emptyRoot() : hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The subtrees whose roots prove that entry `index` is in the tree of `size` (RFC 9162 §2.1.3.1, PATH), in order. */
export function inclusionRanges(index: number, size: number): Range[] {
  if (index < 0 || index >= size) throw new RangeError('an entry outside of the tree has no proof');
  const ranges: Range[] = [];
  for (let start = 0, end = size; end - start > 1;) {
    const middle = start + split(end - start);
    ranges.unshift(index < middle ? { start: middle, end } : { start, end: middle });
    if (index < middle) end = middle;
    else start = middle;
  }
  return ranges;
}

/** The subtrees whose roots prove that the tree of `to` begins with that of `from` (RFC 9162 §2.1.4.1, PROOF), in order. */
export function consistencyRanges(from: number, to: number): Range[] {
  if (from < 0 || from > to) throw new RangeError('a tree does not begin with a larger one');
  if (from === 0 || from === to) return [];
  const ranges: Range[] = [];
  let [start, end, isWhole] = [0, to, true];
  while (from !== end) {
    const middle = start + split(end - start);
    if (from <= middle) {
      ranges.unshift({ start: middle, end });
      end = middle;
    } else {
      ranges.unshift({ start, end: middle });
      [start, isWhole] = [middle, false];
    }
  }
  return isWhole ? ranges : [{ start, end }, ...ranges];
}

/** The inclusion proof of entry `index` in the tree of `size`. */
export function inclusionProof(index: number, size: number, hashOf: HashOf): Uint8Array[] {
  return inclusionRanges(index, size).map((range) => hashRange(range, hashOf));
}

/** The consistency proof from the tree of `from` to that of `to`. */
export function consistencyProof(from: number, to: number, hashOf: HashOf): Uint8Array[] {
  return consistencyRanges(from, to).map((range) => hashRange(range, hashOf));
}

/** Hashes of subtrees over leaves held in memory. */
export function hashesOver(leaves: readonly Uint8Array[]): HashOf {
  const hashOf = ({ level, position }: Node): Uint8Array => {
    if (level > 0)
      return nodeHash(
        hashOf({ level: level - 1, position: 2 * position }),
        hashOf({ level: level - 1, position: 2 * position + 1 }),
      );
    const leaf = leaves[position];
    if (leaf === undefined) throw new RangeError('there is no such leaf');
    return leaf;
  };
  return hashOf;
}

/** The root over leaf hashes held in memory. */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  return hashRange({ start: 0, end: leaves.length }, hashesOver(leaves));
}
