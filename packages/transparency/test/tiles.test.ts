import assert from 'node:assert/strict';
import { leafHash } from '@surety/transparency/merkle';
import { consistencyProof, hashesOver, inclusionProof, inclusionRanges, rootOf } from '@surety/transparency/subtree';
import {
  hashFromTiles,
  partialTiles,
  TileError,
  tileOfNode,
  tilePath,
  type TilePlace,
  tilesOfRanges,
} from '@surety/transparency/tiles';
import { type Tile, TreeEdge } from '@surety/transparency/tree-edge';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { hex } from './reference-tree.ts';

const leafAt = (index: number) => leafHash(`entry ${index}`);

/** A store of tiles, as a database keeps them. */
function openTiles() {
  const tiles = new Map<string, Tile>();
  return {
    tiles,
    put: (changed: readonly Tile[]) => changed.forEach((tile) => tiles.set(tilePath(tile), tile)),
    tileOf: (place: TilePlace) => tiles.get(tilePath(place))?.hashes,
    list: () => [...tiles.values()],
  };
}

function grow(store: ReturnType<typeof openTiles>, from: number, to: number): TreeEdge {
  const edge = TreeEdge.open(from, store.list());
  for (let index = from; index < to; index++) edge.append(leafAt(index));
  store.put(edge.changedTiles());
  return edge;
}

test('the address of a tile (C2SP tlog-tiles)', () => {
  assert.equal(tilePath({ level: 0, position: 1234067 }), 'tile/0/x001/x234/067');
  assert.equal(tilePath({ level: 1, position: 0 }), 'tile/1/000');
  assert.equal(tilePath({ level: 2, position: 999 }, 17), 'tile/2/999.p/17');
  assert.equal(tilePath({ level: 63, position: 1000 }), 'tile/63/x001/000');
});

test('the example of the specification: a tree of 70,000', () => {
  assert.deepEqual(partialTiles(70_000), [
    { level: 0, position: 273, width: 112 },
    { level: 1, position: 1, width: 17 },
    { level: 2, position: 0, width: 1 },
  ]);
  assert.deepEqual(partialTiles(256), [{ level: 1, position: 0, width: 1 }]);
  assert.deepEqual(partialTiles(0), []);
});

test('a node of every height is found in its tile', () => {
  assert.deepEqual(tileOfNode({ level: 0, position: 300 }), { level: 0, position: 1, offset: 44, count: 1 });
  assert.deepEqual(tileOfNode({ level: 3, position: 33 }), { level: 0, position: 1, offset: 8, count: 8 });
  assert.deepEqual(tileOfNode({ level: 8, position: 257 }), { level: 1, position: 1, offset: 1, count: 1 });
  assert.deepEqual(tileOfNode({ level: 17, position: 1 }), { level: 2, position: 0, offset: 2, count: 2 });
});

test('however a tree of 70,000 grows, its tiles, root and proofs are those of its leaves', () => {
  const store = openTiles();
  const steps = [1, 255, 256, 257, 511, 512, 1024, 65_535, 65_536, 65_537, 70_000];
  const leaves = Array.from({ length: 70_000 }, (_, index) => leafAt(index));
  let from = 0;
  for (const to of steps) {
    const edge = grow(store, from, to);
    assert.equal(edge.size, to);
    assert.equal(hex(edge.root()), hex(rootOf(leaves.slice(0, to))));
    from = to;
  }
  assert.equal(store.tiles.size, 274 + 2 + 1);
  for (const { level, position, width } of partialTiles(70_000))
    assert.equal(store.tileOf({ level, position })?.length, width * 32);
  const fromLeaves = hashesOver(leaves);
  for (const [index, size] of [
    [0, 70_000],
    [69_999, 70_000],
    [65_535, 65_537],
    [255, 256],
    [256, 257],
    [300, 1000],
  ] as const) {
    assert.deepEqual(
      inclusionProof(index, size, (node) => hashFromTiles(node, store.tileOf)).map(hex),
      inclusionProof(index, size, fromLeaves).map(hex),
    );
  }
  for (const [one, other] of [
    [1, 70_000],
    [65_536, 70_000],
    [300, 65_537],
    [69_999, 70_000],
  ] as const) {
    assert.deepEqual(
      consistencyProof(one, other, (node) => hashFromTiles(node, store.tileOf)).map(hex),
      consistencyProof(one, other, fromLeaves).map(hex),
    );
  }
});

test('any growth in any steps: the edge that was opened again gives the root of the leaves', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 6 }), (steps) => {
      const store = openTiles();
      let size = 0;
      for (const step of steps) {
        const edge = grow(store, size, size + step);
        size += step;
        assert.equal(hex(edge.root()), hex(rootOf(Array.from({ length: size }, (_, index) => leafAt(index)))));
      }
      for (const smaller of [0, Math.floor(size / 2), size]) {
        assert.equal(
          hex(TreeEdge.open(smaller, store.list()).root()),
          hex(rootOf(Array.from({ length: smaller }, (_, index) => leafAt(index)))),
        );
      }
    }),
    { numRuns: 60 },
  );
});

test('a proof needs few tiles, and says which', () => {
  const tiles = tilesOfRanges(inclusionRanges(12_345_678, 100_000_000));
  assert.ok(tiles.length <= 8);
  assert.ok(tiles.some((tile) => tile.level === 0 && tile.position === Math.floor(12_345_678 / 256)));
});

test('a missing or shortened tile is an error that names it, never another hash', () => {
  const store = openTiles();
  grow(store, 0, 700);
  const last = { level: 0, position: 2 };
  store.put([{ ...last, hashes: store.tileOf(last)!.subarray(0, -32) }]);
  assert.throws(
    () => TreeEdge.open(700, store.list()),
    (thrown) => thrown instanceof TileError && thrown.place.position === 2,
  );
  store.tiles.delete(tilePath({ level: 0, position: 0 }));
  assert.throws(() => hashFromTiles({ level: 0, position: 7 }, store.tileOf), TileError);
});
