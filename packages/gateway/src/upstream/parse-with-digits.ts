/** Not yet in TypeScript's library: a value that `JSON.stringify` writes as the text it was made of. */
type RawJson = { rawJSON(text: string): object };
type Source = { readonly source?: string };

/**
 * Parses JSON that will be written again by `JSON.stringify` so that no integer loses digits on the way: those that a
 * double cannot hold become raw JSON.
 */
export function parseWithDigits(text: string): unknown {
  const { rawJSON } = JSON as unknown as RawJson;
  const keep = (_key: string, value: unknown, source?: Source): unknown =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && source?.source !== undefined
      ? rawJSON(source.source)
      : value;
  return JSON.parse(text, keep as Parameters<typeof JSON.parse>[1]);
}
