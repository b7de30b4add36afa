import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { Signed } from './integrate.ts';
import { LedgerError } from './ledger-error.ts';

/**
 * The newest head this node has signed, in a small file outside of the database: the only thing that can tell that the
 * database was put back in time. `undefined` where there is no file yet.
 */
export function readSigned(path: string, origin: string): Signed | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  const [name = '', size = '', root = ''] = text.split('\n');
  const bytes = Buffer.from(root, 'base64');
  if (!/^\d{1,16}$/.test(size) || bytes.length !== 32)
    throw new LedgerError(`${path} does not hold the newest signed head of a ledger.`);
  if (name !== origin) throw new LedgerError(`${path} belongs to the ledger ${name}, not to ${origin}.`);
  return { size: Number(size), root: bytes };
}

/** Replaces the file as a whole: a crash leaves the old one or the new one. Does not block the event loop while it flushes. */
export async function writeSigned(path: string, origin: string, { size, root }: Signed): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(`${origin}\n${size}\n${root.toString('base64')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}
