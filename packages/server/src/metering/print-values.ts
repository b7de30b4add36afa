import { hash } from 'node:crypto';
import type { ExactRecord } from '@surety/contract/exact-json';
import { valueAt } from '@surety/decision/argument-facts';
import { spellPointer } from '@surety/decision/counts/call-pattern';
import { plainLeaves, plainTexts } from '@surety/decision/counts/plain-text';

/** Values of one call that are kept at most. What is asked about by a limit or rule that concerns the call comes first. */
const maxPrints = 64;

/** A key of 32 bytes as it stands before what is fingerprinted. */
export type PrintKey = { readonly prefix: string };

export function printKey(key: Buffer): PrintKey {
  if (key.length !== 32) throw new TypeError('a fingerprint needs a key of 32 bytes');
  return { prefix: key.toString('hex') };
}

/**
 * The fingerprint of one text, 22 characters of base64url: the first 132 bits of SHA-256 over the key, of one length always, and
 * the text. Cut off, a hash cannot be carried on, so this is as good as HMAC, which takes thirty times as long for short texts.
 */
export function printText({ prefix }: PrintKey, text: string): string {
  return hash('sha256', prefix + text, 'base64url').slice(0, 22);
}

/** Fingerprints of the plain values of arguments by JSON pointer, and whether they are all there. */
export function printArguments(
  key: PrintKey,
  args: ExactRecord,
  pointers: readonly string[] = [],
): { readonly prints: Readonly<Record<string, readonly string[]>>; readonly isWhole: boolean } {
  const asked = pointers.flatMap((pointer) => {
    const texts = plainTexts(valueAt(args, pointer));
    return texts === undefined ? [] : [[spellPointer(pointer), texts] as const];
  });
  const { leaves, isWhole } = plainLeaves(args, maxPrints);
  const prints: Record<string, readonly string[]> = Object.create(null);
  for (const [pointer, texts] of [...asked, ...leaves]) prints[pointer] ??= texts.map((text) => printText(key, text));
  return { prints, isWhole };
}
