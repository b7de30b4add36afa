import { ExactNumber, type ExactRecord, type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';

/** More characters than this are compared as they are. */
const maxFolded = 1_000;

/**
 * A plain value as text, one text for what people take for the same: a number however it is written (`17`, `17.0`), also as
 * text (`"17"`); text without case, surrounding space or the form of its characters. Undefined for what is no plain value.
 */
export function plainText(value: ExactValue | undefined): string | undefined {
  if (typeof value === 'string') return value.length > maxFolded ? value : value.normalize('NFKC').trim().toLowerCase();
  if (typeof value === 'boolean') return String(value);
  return value instanceof ExactNumber ? value.canonical : undefined;
}

/** A plain value, or each of a list of nothing but plain values. Undefined for anything else, and for an empty list. */
export function plainTexts(value: ExactValue | undefined): readonly string[] | undefined {
  const one = plainText(value);
  if (one !== undefined) return [one];
  if (!isExactList(value) || value.length === 0 || value.length > maxItems) return undefined;
  const texts = value.map(plainText);
  return texts.every((text) => text !== undefined) ? [...new Set(texts)] : undefined;
}

const maxItems = 1_000;

/** Values of a contract's pattern (`CallPattern`) as texts. */
export function listedTexts(listed: readonly (string | boolean | number)[]): readonly string[] {
  return listed.map((one) => (typeof one === 'string' ? one.normalize('NFKC').trim().toLowerCase() : String(one)));
}

/**
 * The plain values of arguments by JSON pointer, outermost first, at most `max`; those of a list of plain values under the
 * pointer of the list. `isWhole` is false when there were more.
 */
export function plainLeaves(
  args: ExactRecord,
  max: number,
): { readonly leaves: readonly (readonly [pointer: string, texts: readonly string[]])[]; readonly isWhole: boolean } {
  const leaves: [string, readonly string[]][] = [];
  let open: (readonly [string, ExactValue])[] = [['', args]];
  while (open.length > 0) {
    const below: (readonly [string, ExactValue])[] = [];
    for (const [pointer, value] of open) {
      const texts = pointer === '' ? undefined : plainTexts(value);
      if (texts !== undefined) {
        if (leaves.length >= max) return { leaves, isWhole: false };
        leaves.push([pointer, texts]);
        continue;
      }
      for (const [key, one] of membersOf(value)) {
        if (below.length >= max * 4) return { leaves, isWhole: false };
        below.push([`${pointer}/${escapeKey(key)}`, one]);
      }
    }
    open = below;
  }
  return { leaves, isWhole: true };
}

function escapeKey(key: string): string {
  return key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
}

function membersOf(value: ExactValue): Iterable<readonly [string, ExactValue]> {
  if (isExactList(value)) return value.map((one, at) => [String(at), one] as const);
  return isExactRecord(value) ? Object.entries(value) : [];
}
