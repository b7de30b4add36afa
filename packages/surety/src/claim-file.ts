import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What an unclaimed server leaves in its data folder for `surety claim` on the same computer. */
export type ClaimNote = { readonly code: string; readonly url: string; readonly gateway: string; readonly expiresAt: string };

function pathIn(dataFolder: string): string {
  return join(dataFolder, 'claim.txt');
}

/** Writes the claim code where only the owner of the data folder can read it. */
export async function leaveClaim(dataFolder: string, note: ClaimNote): Promise<void> {
  const lines = [`url=${note.url}`, `gateway=${note.gateway}`, `code=${note.code}`, `expires=${note.expiresAt}`];
  await writeFile(pathIn(dataFolder), `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** Removes it once the server has an owner. */
export async function dropClaim(dataFolder: string): Promise<void> {
  await rm(pathIn(dataFolder), { force: true });
}

/** The claim that is left in a data folder, or undefined. */
export async function findClaim(dataFolder: string): Promise<ClaimNote | undefined> {
  const text = await readFile(pathIn(dataFolder), 'utf8').catch(() => '');
  const value = (name: string) => new RegExp(`^${name}=(\\S+)$`, 'm').exec(text)?.[1];
  const [url, gateway, code, expiresAt] = [value('url'), value('gateway'), value('code'), value('expires')];
  if (url === undefined || gateway === undefined || code === undefined || expiresAt === undefined) return undefined;
  return { url, gateway, code, expiresAt };
}
