import type { Clock } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { type AuditEvent, type Entry, entryOf } from './entry.ts';
import { addEntry } from './entry-store.ts';

export { type AuditEvent, type Entry, entryOf } from './entry.ts';

/** Writes an entry in the caller's own transaction: the act and its record are kept together or not at all. */
export async function recordEntry(tx: Tx, entry: Entry): Promise<void> {
  await addEntry(tx, entry);
}

/** Makes the entry of an event and writes it in the caller's own transaction. */
export async function record(tx: Tx, clock: Clock, event: AuditEvent): Promise<Entry> {
  const entry = entryOf(event, clock);
  await addEntry(tx, entry);
  return entry;
}
