import { type Mandate, MandateDocument } from '@surety/contract/mandate';
import { diffMandates } from '@surety/decision/diff-mandates';
import type { Tx } from '#kernel/db';
import { findMandateVersion, findNewestMandate, type StoredMandate } from './mandate-store.ts';

/** A mandate with what it changes against the version before it; as it is when there was none, or none that can be read. */
export async function withChanges(tx: Tx, mandate: Mandate): Promise<Mandate> {
  const before = documentOf(await findMandateVersion(tx, mandate.agent, mandate.version - 1));
  return before === undefined ? mandate : { ...mandate, changes: diffMandates(before, mandate.document) };
}

/** What a document would change against the mandate that is in force. */
export async function changesAgainstNow(tx: Tx, document: MandateDocument): Promise<{ readonly changes?: string[] }> {
  const newest = await findNewestMandate(tx, document.agent);
  const before = newest?.state === 'active' ? documentOf(newest) : undefined;
  return before === undefined ? {} : { changes: diffMandates(before, document) };
}

function documentOf(stored: StoredMandate | undefined): MandateDocument | undefined {
  return stored && MandateDocument.safeParse(stored.document).data;
}
