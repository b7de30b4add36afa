import type { Tx } from '#kernel/db';
import { type EntryFilter, findEntry, type KeptEntry, listEntries } from './entry-store.ts';

export type { EntryFilter, KeptEntry } from './entry-store.ts';

/** The ledger as rooms upstairs read it: by what it is about, by actor, by type; paged by the id of the entry. */
export type LogReader = {
  /** One entry with what is sealed beside it. */
  find(id: string): Promise<KeptEntry | undefined>;
  /** The newest first. `sealed: true` brings the encrypted inputs along; without it `sealed` is null. */
  newest(filter: EntryFilter, options?: { readonly sealed?: boolean }): Promise<KeptEntry[]>;
  /** The oldest first: the history of something, or what came `after` an entry. */
  oldest(filter: EntryFilter, options?: { readonly sealed?: boolean }): Promise<KeptEntry[]>;
};

export function openLogReader(tx: Tx): LogReader {
  return {
    find: (id) => findEntry(tx, id, true),
    newest: (filter, { sealed = false } = {}) => listEntries(tx, filter, { order: 'newest', sealed }),
    oldest: (filter, { sealed = false } = {}) => listEntries(tx, filter, { order: 'oldest', sealed }),
  };
}
