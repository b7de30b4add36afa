import { plainText } from './normal-form.ts';

/** Shortest run that is taken as something encoded. */
const shortest = 8;
const longest = 16_384;

/** The texts that runs of Base64, hexadecimal digits or URL escapes in a text stand for, two layers deep; at most `most`. */
export function decodings(plain: string, most: number): readonly string[] {
  const found = new Set<string>();
  const look = (text: string): void => {
    for (const decoded of decodeOnce(text)) {
      if (found.size >= most) return;
      if (decoded !== plain) found.add(decoded);
    }
  };
  look(plain);
  const once = [...found];
  for (const text of once) look(text);
  return [...found];
}

function* decodeOnce(text: string): Generator<string> {
  if (/%[0-9a-f]{2}/i.test(text)) {
    const unescaped = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => readable(Buffer.from(run.replaceAll('%', ''), 'hex')) ?? run);
    if (unescaped !== text) yield unescaped;
  }
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]+/g)) {
    if (run.length < shortest || run.length > longest) continue;
    const decoded = /^(?:[0-9a-f]{2})+$/i.test(run) ? readable(Buffer.from(run, 'hex')) : readable(Buffer.from(run, 'base64'));
    if (decoded !== undefined) yield decoded;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes as text, if they are one that a person could read; most runs of letters decode to none. */
function readable(bytes: Uint8Array): string | undefined {
  if (bytes.length < 4) return undefined;
  try {
    const text = plainText(utf8.decode(bytes));
    return /[\p{Cc}\p{Cn}\p{Co}]/u.test(text.replace(/[\n\r\t]/g, '')) ? undefined : text;
  } catch {
    return undefined;
  }
}
