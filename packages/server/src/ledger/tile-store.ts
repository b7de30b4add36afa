import { tilePath, type TileOf, type TilePlace } from '@surety/transparency/tiles';
import type { Tile } from '@surety/transparency/tree-edge';
import type { Tx } from '#kernel/db';

type Row = { level: number; position: number; hashes: Buffer };

/** The tiles at these places that there are. */
export async function listTiles(tx: Tx, places: readonly TilePlace[]): Promise<Tile[]> {
  const { rows } = await tx.query<Row>(
    `select tile.level, tile.position, tile.hashes
     from unnest($1::smallint[], $2::bigint[]) as given (level, position)
     join tile on tile.level = given.level and tile.position = given.position`,
    [places.map(({ level }) => level), places.map(({ position }) => position)],
    'tile-list',
  );
  return rows;
}

/** Every tile, level by level, in order. For those who check the whole. */
export async function listAllTiles(tx: Tx): Promise<Tile[]> {
  const { rows } = await tx.query<Row>('select level, position, hashes from tile order by level, position');
  return rows;
}

/**
 * Writes tiles. One that is there already only grows: it must be the beginning of the new one. Returns how many were
 * written; fewer than given means that one of them would have been changed.
 */
export async function saveTiles(tx: Tx, tiles: readonly Tile[]): Promise<number> {
  const { rowCount } = await tx.query(
    `insert into tile (level, position, hashes)
     select level, position, hashes from unnest($1::smallint[], $2::bigint[], $3::bytea[]) as given (level, position, hashes)
     on conflict (level, position) do update set hashes = excluded.hashes
     where substring(excluded.hashes from 1 for length(tile.hashes)) = tile.hashes`,
    [tiles.map(({ level }) => level), tiles.map(({ position }) => position), tiles.map(({ hashes }) => Buffer.from(hashes))],
    'tile-save',
  );
  return rowCount;
}

/** Tiles that were read, as the pure functions ask for them. */
export function tilesIn(tiles: readonly Tile[]): TileOf {
  const byPath = new Map(tiles.map((tile) => [tilePath(tile), tile.hashes]));
  return (place) => byPath.get(tilePath(place));
}
