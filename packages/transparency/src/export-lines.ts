import { hashFromBase64 } from './bytes.ts';

/**
 * An exported log, version 1: lines of JSON, each ended by one line feed. First the header, then one line an entry in the
 * order of the indexes, last the signed checkpoint. A line has one spelling: members in this order, no white space
 * outside of strings, so that two readers cannot see two things.
 */
export type ExportLine =
  | { readonly kind: 'header'; readonly origin: string; readonly vkey: string }
  | { readonly kind: 'entry'; readonly index: number; readonly entry: string; readonly leaf: string | undefined }
  | { readonly kind: 'checkpoint'; readonly note: string };

/** What the first member of the header says. Another version of the format says something else. */
export const exportFormat = 'surety-log-1';

/** The longest line that is read, in UTF-16 code units. */
export const maxLineLength = 16 * 1024 * 1024;

/** What cannot be split into lines. The message never quotes it. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

/** One line, without the line feed. */
export function formatExportLine(line: ExportLine): string {
  if (line.kind === 'header') return JSON.stringify({ export: exportFormat, origin: line.origin, vkey: line.vkey });
  if (line.kind === 'checkpoint') return JSON.stringify({ checkpoint: line.note });
  const { index, leaf, entry } = line;
  return JSON.stringify(leaf === undefined ? { index, entry } : { index, leaf, entry });
}

/** Reads one line, or `undefined` when it is none of the three, or is not spelled as `formatExportLine` spells it. */
export function readExportLine(text: string): ExportLine | undefined {
  if (text.length > maxLineLength) return undefined;
  const line = lineOf(parse(text));
  return line !== undefined && formatExportLine(line) === text ? line : undefined;
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function lineOf(members: Readonly<Record<string, unknown>>): ExportLine | undefined {
  const { export: format, origin, vkey, index, leaf, entry, checkpoint: note } = members;
  if (format === exportFormat && isText(origin) && isText(vkey)) return { kind: 'header', origin, vkey };
  if (isText(note)) return { kind: 'checkpoint', note };
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0 || !isText(entry)) return undefined;
  if (leaf === undefined) return { kind: 'entry', index, entry, leaf };
  return isText(leaf) && hashFromBase64(leaf) !== undefined ? { kind: 'entry', index, entry, leaf } : undefined;
}

/** A lone surrogate has no UTF-8, so it has no hash. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

/**
 * Splits a stream of bytes into lines at line feeds and nothing else: an entry may hold any other character that some
 * programs take for the end of a line. Throws `ExportError` when the bytes are not UTF-8, a line is too long, or the last
 * line is not ended.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  for await (const chunk of chunks) {
    rest += decode(decoder, chunk);
    let start = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      yield rest.slice(start, end);
      start = end + 1;
    }
    rest = rest.slice(start);
    if (rest.length > maxLineLength) throw new ExportError('a line is too long');
  }
  if (rest + decode(decoder) !== '') throw new ExportError('the last line is not ended');
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw new ExportError('the bytes are not UTF-8');
  }
}
