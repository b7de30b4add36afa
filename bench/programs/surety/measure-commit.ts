import type { Db } from '@surety/server/kernel/db';
import { entryOf, recordEntry } from '@surety/server/ledger/record';
import { median } from '../../harness/samples.ts';

/** One entry, one commit, one at a time: the median of some, in milliseconds. */
export async function measureCommit(db: Db, person: string, times: number): Promise<number> {
  const took: number[] = [];
  for (let done = 0; done < times; done++) {
    const data = { version: 1, documentDigest: 'd'.repeat(43) };
    const entry = entryOf({ type: 'policy.published', actor: person, about: 'policy', data }, Date.now);
    const began = performance.now();
    await recordEntry(db, entry);
    took.push(performance.now() - began);
  }
  return median(took);
}
