import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '@surety/sdk/write-whole';
import { usage } from '../cli-error.ts';

/** What was kept of a log: a signed checkpoint, and beside it the key of the log and the leaf hashes the checkpoint covers. */
export type KeptLog = { readonly note: string; readonly vkey: string | undefined; readonly leaves: Uint8Array | undefined };

/** Reads a checkpoint that `keepCheckpoint` wrote, or a note from anywhere: then key and leaf hashes are not beside it. */
export async function readKept(path: string): Promise<KeptLog> {
  const note = await readFile(path, 'utf8').catch(() => {
    throw usage(`The checkpoint ${path} cannot be read.`, 'Check the path; "surety log checkpoint --keep <file>" makes one.');
  });
  const vkey = await readFile(`${path}.vkey`, 'utf8').catch(() => undefined);
  const leaves = await readFile(`${path}.leaves`).catch(() => undefined);
  return { note, vkey: vkey?.trim(), leaves };
}

export async function keepCheckpoint(path: string, { note, vkey, leaves }: KeptLog): Promise<void> {
  if (leaves !== undefined) await writeWhole(`${path}.leaves`, leaves);
  if (vkey !== undefined) await writeWhole(`${path}.vkey`, `${vkey}\n`);
  await writeWhole(path, note);
}

/** A verifier key as text, or a file that holds one. */
export async function readVerifierKey(typed: string): Promise<string> {
  if (/^[^+]+\+[0-9a-f]{8}\+/.test(typed)) return typed;
  const text = await readFile(typed, 'utf8').catch(() => {
    throw usage('The verifier key cannot be read.', 'Give it as name+id+key, or as a file that holds it.');
  });
  return text.trim();
}

/** What this computer remembers of the log of a server: its key from the first look, the newest checkpoint it checked. */
export type RememberedLog = { readonly url: string; readonly vkey: string; readonly note: string };

function rememberedFile(home: string, url: string): string {
  return join(home, 'logs', `${createHash('sha256').update(url).digest('hex').slice(0, 16)}.json`);
}

export async function readRemembered(home: string, url: string): Promise<RememberedLog | undefined> {
  const path = rememberedFile(home, url);
  const text = await readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (text === undefined) return undefined;
  const { vkey, note } = parseObject(text);
  if (typeof vkey === 'string' && typeof note === 'string') return { url, vkey, note };
  throw usage(`${path} cannot be read.`, 'Move it away; the key of the log is then taken from the server again.');
}

export async function remember(home: string, log: RememberedLog): Promise<void> {
  await writeWhole(rememberedFile(home, log.url), `${JSON.stringify(log)}\n`);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(text) as object) };
  } catch {
    return {};
  }
}
