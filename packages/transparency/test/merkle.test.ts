import assert from 'node:assert/strict';
import { Frontier } from '@surety/transparency/frontier';
import {
  emptyRoot,
  leafHash,
  nodeHash,
  rootFromInclusion,
  verifyConsistency,
  verifyInclusion,
} from '@surety/transparency/merkle';
import { consistencyProof, hashesOver, inclusionProof, rootOf } from '@surety/transparency/subtree';
import { test } from 'vitest';
import { entriesOf, fromHex, hex, mth, path, proof } from './reference-tree.ts';

/** The eight leaves, roots and proofs that implementations of RFC 6962 publish. */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((text) =>
  leafHash(fromHex(text)),
);
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const inclusions: readonly [index: number, size: number, hashes: readonly string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];
const consistencies: readonly [from: number, to: number, hashes: readonly string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];
const headOf = (size: number) => ({ size, root: fromHex(roots[size]!) });

test('RFC 9162 §2.1.1: a leaf is hashed behind 0x00, a node behind 0x01, and the empty tree is the hash of nothing', () => {
  assert.equal(hex(emptyRoot()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  assert.equal(hex(leafHash(new Uint8Array())), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  assert.equal(hex(nodeHash(leaves[0]!, leaves[1]!)), 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
});

test('an entry of 64 bytes that imitates a node is still a leaf', () => {
  const imitation = Buffer.concat([leaves[0]!, leaves[1]!]);
  assert.notEqual(hex(leafHash(imitation)), hex(nodeHash(leaves[0]!, leaves[1]!)));
  assert.notEqual(hex(leafHash(Buffer.concat([Uint8Array.of(1), imitation]))), hex(nodeHash(leaves[0]!, leaves[1]!)));
});

test('a text is hashed as UTF-8', () => {
  assert.equal(hex(leafHash('é\u2028😀')), hex(leafHash(Buffer.from('é\u2028😀'))));
});

test('the published roots', () => {
  const frontier = Frontier.empty();
  for (const [size, root] of roots.entries()) {
    assert.equal(hex(rootOf(leaves.slice(0, size))), root);
    assert.equal(hex(frontier.root()), root);
    if (size < leaves.length) frontier.append(leaves[size]!);
  }
});

test('the published inclusion proofs are made, and accepted', () => {
  for (const [index, size, hashes] of inclusions) {
    assert.deepEqual(inclusionProof(index, size, hashesOver(leaves)).map(hex), hashes);
    assert.ok(verifyInclusion({ leaf: leaves[index]!, index, ...headOf(size) }, hashes.map(fromHex)));
  }
});

test('the published consistency proofs are made, and accepted', () => {
  for (const [from, to, hashes] of consistencies) {
    assert.deepEqual(consistencyProof(from, to, hashesOver(leaves)).map(hex), hashes);
    assert.ok(verifyConsistency(headOf(from), headOf(to), hashes.map(fromHex)));
  }
});

/** The ways in which the published vectors go wrong. Each gives other hashes than those that were proved. */
function* corruptions(hashes: readonly string[], others: readonly string[]): Generator<string[]> {
  for (const other of ['', '00'.repeat(31), ...others]) {
    yield [other, ...hashes];
    yield [...hashes, other];
  }
  for (let at = 0; at < hashes.length; at++) {
    yield hashes.toSpliced(at, 1);
    yield hashes.toSpliced(at, 1, flip(hashes[at]!));
    yield hashes.toSpliced(at, 1, '');
    if (at > 0) yield hashes.toSpliced(at - 1, 2, hashes[at]!, hashes[at - 1]!);
  }
  if (hashes.length > 0) yield [];
}

const flip = (hash: string) => ((Number.parseInt(hash[0]!, 16) ^ 1) & 15).toString(16) + hash.slice(1);

test('every corruption of an inclusion proof is refused', () => {
  let refused = 0;
  for (const [index, size, hashes] of inclusions) {
    const head = headOf(size);
    const leaf = leaves[index]!;
    const wrong = [
      ...[...corruptions(hashes, [roots[size]!, roots[3]!])].map((bad) =>
        verifyInclusion({ leaf, index, ...head }, bad.map(fromHex)),
      ),
      ...[index - 1, index + 1, index ^ 2, -1, 0.5, Number.NaN, 2 ** 53]
        .filter((other) => other !== index)
        .map((other) => verifyInclusion({ leaf, index: other, ...head }, hashes.map(fromHex))),
      ...[size * 2, Math.floor(size / 2), -size, Number.NaN].map((other) =>
        verifyInclusion({ leaf, index, size: other, root: head.root }, hashes.map(fromHex)),
      ),
      verifyInclusion({ leaf: leafHash('wrong leaf'), index, ...head }, hashes.map(fromHex)),
      verifyInclusion({ leaf: new Uint8Array(), index, ...head }, hashes.map(fromHex)),
      verifyInclusion({ leaf, index, size, root: emptyRoot() }, hashes.map(fromHex)),
      verifyInclusion({ leaf, index, size, root: new Uint8Array() }, hashes.map(fromHex)),
    ];
    refused += wrong.length;
    assert.ok(
      wrong.every((accepted) => accepted === false),
      `${index} of ${size}`,
    );
  }
  assert.ok(refused > 90);
});

test('every corruption of a consistency proof is refused', () => {
  let refused = 0;
  for (const [from, to, hashes] of consistencies) {
    const [one, other] = [headOf(from), headOf(to)];
    const wrong = [
      ...[...corruptions(hashes, [roots[from]!, roots[to]!])].map((bad) => verifyConsistency(one, other, bad.map(fromHex))),
      ...[from - 1, from + 1, from ^ 2].map((size) => verifyConsistency({ ...one, size }, other, hashes.map(fromHex))),
      ...[to * 2, Math.floor(to / 2)].map((size) => verifyConsistency(one, { ...other, size }, hashes.map(fromHex))),
      verifyConsistency({ size: from, root: emptyRoot() }, other, hashes.map(fromHex)),
      verifyConsistency(one, { size: to, root: emptyRoot() }, hashes.map(fromHex)),
      ...(from === to
        ? []
        : [
            verifyConsistency({ size: from, root: other.root }, { size: to, root: one.root }, hashes.map(fromHex)),
            verifyConsistency(other, one, hashes.map(fromHex)),
          ]),
    ];
    refused += wrong.length;
    assert.ok(
      wrong.every((accepted) => accepted === false),
      `${from} to ${to}`,
    );
  }
  assert.ok(refused > 70);
});

test('sizes of zero: equal empty trees are consistent, nothing is proved from the empty tree, and no entry is in it', () => {
  const empty = headOf(0);
  assert.equal(verifyConsistency(empty, empty, []), true);
  assert.equal(verifyConsistency(empty, { size: 0, root: headOf(1).root }, []), false);
  assert.equal(verifyConsistency(empty, empty, [empty.root]), false);
  assert.equal(verifyConsistency(empty, headOf(1), []), false);
  assert.equal(verifyConsistency(empty, headOf(8), [headOf(8).root]), false);
  assert.equal(verifyInclusion({ leaf: leaves[0]!, index: 0, ...empty }, []), false);
  assert.throws(() => inclusionProof(0, 0, hashesOver([])), RangeError);
  assert.deepEqual(consistencyProof(0, 8, hashesOver(leaves)), []);
});

test('against the recursive definition, every index of every tree up to 40 entries', () => {
  for (let size = 1; size <= 40; size++) {
    const entries = entriesOf(size);
    const root = mth(entries);
    const hashOf = hashesOver(entries.map(leafHash));
    assert.equal(hex(rootOf(entries.map(leafHash))), hex(root));
    for (let index = 0; index < size; index++) {
      const made = inclusionProof(index, size, hashOf);
      assert.deepEqual(made.map(hex), path(index, entries).map(hex), `${index} of ${size}`);
      assert.equal(hex(rootFromInclusion(leafHash(entries[index]!), index, size, made)), hex(root), `${index} of ${size}`);
    }
  }
});

test('against the recursive definition, every pair of sizes up to 40, and no pair is proved by the proof of another', () => {
  const entries = entriesOf(40);
  const heads = Array.from({ length: 41 }, (_, size) => ({ size, root: size === 0 ? emptyRoot() : mth(entries.slice(0, size)) }));
  const hashOf = hashesOver(entries.map(leafHash));
  for (let to = 1; to <= 40; to++) {
    for (let from = 1; from <= to; from++) {
      const made = consistencyProof(from, to, hashOf);
      assert.deepEqual(made.map(hex), proof(from, entries.slice(0, to)).map(hex), `${from} to ${to}`);
      assert.ok(verifyConsistency(heads[from]!, heads[to]!, made), `${from} to ${to}`);
      if (from > 1)
        assert.equal(
          verifyConsistency(heads[from - 1]!, heads[to]!, made),
          false,
          `${from - 1} by the proof of ${from} to ${to}`,
        );
      if (to < 40) assert.equal(verifyConsistency(heads[from]!, heads[to + 1]!, made), false);
    }
  }
});

test('a frontier knows the root at every size, and goes on from its bytes', () => {
  const entries = entriesOf(300).map(leafHash);
  let frontier = Frontier.empty();
  for (const [at, leaf] of entries.entries()) {
    frontier.append(leaf);
    if (at % 7 === 0) frontier = Frontier.fromBytes(frontier.size, frontier.bytes())!;
    if (at < 40 || at % 31 === 0) assert.equal(hex(frontier.root()), hex(rootOf(entries.slice(0, at + 1))));
  }
  assert.equal(frontier.size, 300);
});

test('a frontier that is not as long as its size demands is none', () => {
  const three = Buffer.concat([leaves[0]!, leaves[1]!]);
  assert.notEqual(Frontier.fromBytes(3, three), undefined);
  for (const size of [0, 1, 2, 4, 7, -1, 0.5, Number.NaN]) assert.equal(Frontier.fromBytes(size, three), undefined);
  assert.equal(Frontier.fromBytes(3, three.subarray(1)), undefined);
});

test('sizes beyond 32 bits keep their shape', () => {
  const size = 2 ** 40 + 3;
  const index = 2 ** 40 + 1;
  const same = () => leaves[1]!;
  const made = inclusionProof(index, size, same);
  assert.equal(made.length, 3);
  assert.notEqual(rootFromInclusion(leaves[0]!, index, size, made), undefined);
  assert.equal(rootFromInclusion(leaves[0]!, index - 2 ** 32, size, made), undefined);
  assert.equal(inclusionProof(5, size, same).length, 41);
});
