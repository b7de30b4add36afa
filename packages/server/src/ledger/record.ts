import type { Clock } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { type AuditEvent, type Entry, entryOf } from './entry.ts';
import { addEntries, addEntry } from './entry-store.ts';

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

/** The same for many events, in one statement: what ends with a tree must not take longer the larger the tree is. */
export async function recordAll(tx: Tx, clock: Clock, events: readonly AuditEvent[]): Promise<void> {
  if (events.length > 0)
    await addEntries(
      tx,
      events.map((event) => entryOf(event, clock)),
    );
}
