import type pg from 'pg';
import { openPool } from '#kernel/db';

/**
 * Connections of this room's own, so that a slow query elsewhere holds nothing up here. One that breaks while it is in use
 * fails its query; without a listener on it, it would end the process as well.
 */
export function openOwnPool(url: string, max: number): pg.Pool {
  const pool = openPool(url, max);
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
