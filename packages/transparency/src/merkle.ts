import { hashSize, sameBytes } from './bytes.ts';
import { sha256 } from './crypto.ts';

const utf8 = new TextEncoder();

/** RFC 9162 §2.1.1: the root of the tree without leaves is the hash of nothing. */
export function emptyRoot(): Uint8Array {
  return sha256(new Uint8Array());
}

/**
 * RFC 9162 §2.1.1: a leaf is hashed behind 0x00 and a node behind 0x01, so one can never pass for the other. A text is
 * hashed as UTF-8.
 */
export function leafHash(entry: Uint8Array | string): Uint8Array {
  const bytes = typeof entry === 'string' ? utf8.encode(entry) : entry;
  const behind = new Uint8Array(1 + bytes.length);
  behind.set(bytes, 1);
  return sha256(behind);
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  // What is no hash takes nothing over from the node before.
  if (left.length < hashSize || right.length < hashSize) node.fill(0, 1);
  node.set(left, 1);
  node.set(right, 1 + hashSize);
  return sha256(node);
}

/** Where a node is put together to be hashed, which is done before anybody else has a turn. */
const node = new Uint8Array(1 + 2 * hashSize);
node[0] = 1;

/**
 * Recomputes the root from a leaf and its inclusion proof, or `undefined` when the proof has the wrong shape for that
 * index and size.
 *
 * RFC 9162 §2.1.3.2, step for step: `fn` and `sn` are the RFC's names. Numbers are halved by division, not shifted:
 * sizes go beyond 32 bits.
 */
export function rootFromInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!isIndex(index) || !isIndex(size) || index >= size || !areHashes([leaf, ...proof])) return undefined;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 ? hash : undefined;
}

/** Whether the entry with this leaf hash is at `index` of the tree of `size` entries with this root (RFC 9162 §2.1.3.2). */
export function verifyInclusion(
  what: { readonly leaf: Uint8Array; readonly index: number; readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  const root = rootFromInclusion(what.leaf, what.index, what.size, proof);
  return root !== undefined && sameBytes(root, what.root);
}

/** A tree at one size. */
export type Head = { readonly size: number; readonly root: Uint8Array };

/**
 * Whether the tree `to` begins with all of the tree `from` (RFC 9162 §2.1.4.2, step for step).
 *
 * Equal sizes need equal roots and no proof. Nothing can be proved from the empty tree to another: every tree begins
 * with it, so `true` would say nothing, and this says `false`.
 */
export function verifyConsistency(from: Head, to: Head, proof: readonly Uint8Array[]): boolean {
  if (!isIndex(from.size) || !isIndex(to.size) || !areHashes([from.root, to.root, ...proof])) return false;
  if (from.size === to.size) return proof.length === 0 && sameBytes(from.root, to.root);
  if (from.size === 0 || from.size > to.size || proof.length === 0) return false;
  const roots = rootsFromConsistency(from.size, to.size, isPowerOfTwo(from.size) ? [from.root, ...proof] : proof);
  return roots !== undefined && sameBytes(roots.fr, from.root) && sameBytes(roots.sr, to.root);
}

/** RFC 9162 §2.1.4.2, steps 3 to 6: both roots as the path gives them, or `undefined` when it has the wrong length. */
function rootsFromConsistency(
  from: number,
  to: number,
  path: readonly Uint8Array[],
): { fr: Uint8Array; sr: Uint8Array } | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return undefined;
  let [fn, sn] = [from - 1, to - 1];
  while (fn % 2 === 1) [fn, sn] = [(fn - 1) / 2, Math.floor(sn / 2)];
  let [fr, sr] = [first, first];
  for (const hash of rest) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeHash(hash, fr), nodeHash(hash, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      sr = nodeHash(sr, hash);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 ? { fr, sr } : undefined;
}

function isPowerOfTwo(size: number): boolean {
  return Number.isInteger(Math.log2(size)) && 2 ** Math.log2(size) === size;
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === hashSize);
}
