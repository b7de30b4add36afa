import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';

/** What every verb of the registry needs. */
export type RegistryHouse = { readonly db: Db; readonly clock: Clock };

/** The role that may do everything in the API; the house always keeps one active person who holds it. */
export const administratorRole = 'administrator';
