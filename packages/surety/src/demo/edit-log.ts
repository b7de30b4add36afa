import { getCheckpoint, listEntries } from '@surety/contract/oversight-routes';
import type { Client } from '@surety/sdk/client';
import { type Verification, verifyExport } from '@surety/transparency/verify-log';
import { exportLines } from '@surety/transparency/write-export';
import type { Company } from './company.ts';
import type { Narrator } from './narrate.ts';
import { StoryError } from './story-error.ts';

/** The database, as its administrator has it: past Surety, straight at the tables. */
export type LogAccess = {
  readonly query: (text: string, values: readonly unknown[]) => Promise<{ rows: Record<string, unknown>[] }>;
};

/** What an auditor takes home: a signed checkpoint, and the leaf hashes under it. */
type Kept = { readonly vkey: string; readonly note: string; readonly leaves: Uint8Array; readonly size: number };

/**
 * A database administrator turns a denial into something else, and everybody who kept a checkpoint can say which entry it
 * was. The entry is put back afterwards, so that the story can go on.
 */
export async function tamperWithLog({ maya }: Company, tell: Narrator, log: LogAccess): Promise<void> {
  const kept = await keepCheckpoint(maya.client);
  tell.line('observed', `An auditor keeps a checkpoint of ${kept.size} entries, and goes home`);
  const victim = await findDenial(log);
  tell.line(undefined, `A database administrator edits entry ${victim.index}: "denied" → "intended"`);
  await rewrite(log, victim.id, victim.body.replace('"call.denied"', '"call.intended"'));
  const changed = await check(maya.client, kept);
  await rewrite(log, victim.id, victim.body);
  if (changed.ok || changed.first !== victim.index) throw new StoryError('the changed entry was not found');
  tell.line('denied', `log check: entry ${changed.first} is not what it was`);
  tell.note(`${changed.says} Whoever kept the checkpoint finds it, on any computer, without asking the server.`);
  tell.command('surety log verify');
  const healed = await check(maya.client, kept);
  if (!healed.ok) throw new StoryError(`the log does not verify: ${healed.says}`);
  tell.line('allowed', `put back: ${healed.size} entries follow from the checkpoint that was kept`);
}

async function keepCheckpoint(client: Client): Promise<Kept> {
  const { vkey, note, size } = await client.call(getCheckpoint, {});
  const leaves: Uint8Array[] = [];
  while (leaves.length < size) {
    const { items } = await client.call(listEntries, { from: leaves.length, limit: Math.min(500, size - leaves.length) });
    if (items.length === 0) throw new StoryError('the log has a gap');
    leaves.push(...items.map(({ leaf }) => Buffer.from(leaf, 'base64')));
  }
  return { vkey, note, leaves: Buffer.concat(leaves), size };
}

async function check(client: Client, kept: Kept): Promise<Verification> {
  const lines = exportLines({
    checkpoint: () => client.call(getCheckpoint, {}),
    entries: async (from, limit) => (await client.call(listEntries, { from, limit })).items,
  });
  return verifyExport(lines, { vkey: kept.vkey, kept: { note: kept.note, leaves: kept.leaves } });
}

async function findDenial(log: LogAccess): Promise<{ id: string; index: number; body: string }> {
  const { rows } = await log.query(
    `select entry.id, entry.body, sequenced.index from entry join sequenced on sequenced.id = entry.id
     where entry.type = $1 order by sequenced.index limit 1`,
    ['call.denied'],
  );
  const [row] = rows;
  if (row === undefined) throw new StoryError('there is no denial in the log yet: play chapter 2 first');
  return { id: String(row['id']), index: Number(row['index']), body: String(row['body']) };
}

async function rewrite(log: LogAccess, id: string, body: string): Promise<void> {
  await log.query('update entry set body = $2 where id = $1', [id, body]);
}
