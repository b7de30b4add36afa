import { leafHash, nodeHash } from '@surety/transparency/merkle';

/** A straight transcription of the recursive MTH, PATH and PROOF of RFC 9162 §2.1: the oracle of the tests. */
export type Tree = readonly Uint8Array[];

const split = (n: number) => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};

export const mth = (d: Tree): Uint8Array => {
  if (d.length === 1) return leafHash(d[0]!);
  const k = split(d.length);
  return nodeHash(mth(d.slice(0, k)), mth(d.slice(k)));
};

export const path = (m: number, d: Tree): Uint8Array[] => {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
};

const subproof = (m: number, d: Tree, isWhole: boolean): Uint8Array[] => {
  if (m === d.length) return isWhole ? [] : [mth(d)];
  const k = split(d.length);
  if (m <= k) return [...subproof(m, d.slice(0, k), isWhole), mth(d.slice(k))];
  return [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
};

export const proof = (m: number, d: Tree): Uint8Array[] => subproof(m, d, true);

export const hex = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString('hex'));
export const fromHex = (text: string): Uint8Array => Buffer.from(text, 'hex');

export const entriesOf = (size: number): Uint8Array[] => Array.from({ length: size }, (_, at) => Uint8Array.of(at >> 8, at));
