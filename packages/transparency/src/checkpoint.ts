import { hashFromBase64, hashSize, readSize, toBase64 } from './bytes.ts';
import type { Head } from './merkle.ts';
import { openNote, type VerifierKey } from './note.ts';

/** What a log says of itself at one size: C2SP tlog-checkpoint. `origin` is the unique name of the log. */
export type Checkpoint = Head & { readonly origin: string };

/** The text of a checkpoint, to be signed: origin, size and root, one a line. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (!isOrigin(origin) || !Number.isSafeInteger(size) || size < 0 || root.length !== hashSize) {
    throw new RangeError('a checkpoint needs an origin of one line, a size and a root of 32 bytes');
  }
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Reads the text of a checkpoint, or `undefined`. Extension lines may follow and are not looked at. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [origin = '', sizeText = '', rootText = '', ...rest] = text.split('\n');
  const size = readSize(sizeText);
  const root = hashFromBase64(rootText);
  const isWhole = rest.at(-1) === '' && rest.slice(0, -1).every((line) => line !== '');
  if (!isOrigin(origin) || size === undefined || root === undefined || !isWhole) return undefined;
  return { origin, size, root };
}

/** The checkpoint in a note that is signed by the key, or `undefined`. */
export function openCheckpoint(note: string, key: VerifierKey): Checkpoint | undefined {
  const text = openNote(note, key);
  return text === undefined ? undefined : parseCheckpoint(text);
}

function isOrigin(origin: string): boolean {
  return origin.length > 0 && !/\p{Cc}/u.test(origin) && origin.isWellFormed();
}
