import { fromBase64, sameBytes, toBase64 } from './bytes.ts';
import { sha256, verifyEd25519 } from './crypto.ts';

/** The key that verifies a note: C2SP signed-note, Ed25519 (type 0x01). */
export type VerifierKey = { readonly name: string; readonly id: Uint8Array; readonly publicKey: Uint8Array };

/** What signs a note. `sign` gives the Ed25519 signature of 64 bytes over the text. */
export type NoteSigner = {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly sign: (text: Uint8Array) => Uint8Array;
};

const ed25519 = 0x01;
const utf8 = new TextEncoder();

/** A verifier reads no more signature lines than this. */
const maxSignatures = 64;

/** A note of a log is a few lines; longer ones are not read. */
const maxLength = 64 * 1024;

/** `<name>+<hex of the key id>+<base64 of the type and the public key>`. */
export function formatVerifierKey(name: string, publicKey: Uint8Array): string {
  if (!isKeyName(name) || publicKey.length !== 32) throw new RangeError('a verifier key needs a name and 32 bytes');
  const encoded = encodeKey(publicKey);
  return `${name}+${Buffer.from(keyId(name, encoded)).toString('hex')}+${toBase64(encoded)}`;
}

/** Reads a verifier key, or `undefined` when it is not one of Ed25519, or its id is not that of its key. */
export function parseVerifierKey(vkey: string): VerifierKey | undefined {
  const [, name, id, key] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(vkey) ?? [];
  const encoded = fromBase64(key ?? '');
  if (name === undefined || id === undefined || encoded?.length !== 33 || encoded[0] !== ed25519 || !isKeyName(name))
    return undefined;
  const expected = keyId(name, encoded);
  return Buffer.from(expected).toString('hex') === id ? { name, id: expected, publicKey: encoded.subarray(1) } : undefined;
}

/** Signs a text, which must end with a line break, into a note with one signature. */
export function signNote(text: string, { name, publicKey, sign }: NoteSigner): string {
  if (!isNoteText(text)) throw new RangeError('the text of a note ends with a line break and holds no control characters');
  const id = keyId(name, encodeKey(publicKey));
  return `${text}\n— ${name} ${toBase64(Buffer.concat([id, sign(utf8.encode(text))]))}\n`;
}

/**
 * The text of a note that is signed by the key, or `undefined`. Signatures by other keys are ignored, as they must be; one
 * by this key that does not verify refuses the note, even beside one that does (C2SP signed-note, "Signatures").
 */
export function openNote(note: string, key: VerifierKey): string | undefined {
  const parts = splitNote(note);
  if (parts === undefined) return undefined;
  const own = parts.signatures.filter(({ name, bytes }) => name === key.name && sameBytes(bytes.subarray(0, 4), key.id));
  const text = utf8.encode(parts.text);
  const isSigned = own.length > 0 && own.every(({ bytes }) => verifyEd25519(key.publicKey, text, bytes.subarray(4)));
  return isSigned ? parts.text : undefined;
}

type Signature = { readonly name: string; readonly bytes: Uint8Array };

/** The text, and the signature lines behind the last empty line. */
function splitNote(note: string): { text: string; signatures: Signature[] } | undefined {
  const cut = note.lastIndexOf('\n\n');
  if (note.length > maxLength || cut < 0 || !note.endsWith('\n')) return undefined;
  const text = note.slice(0, cut + 1);
  const lines = note.slice(cut + 2, -1).split('\n');
  const signatures = lines.map(readSignature).filter((signature) => signature !== undefined);
  const isWhole = isNoteText(text) && signatures.length === lines.length && lines.length <= maxSignatures;
  return isWhole ? { text, signatures } : undefined;
}

function readSignature(line: string): Signature | undefined {
  const [, name, encoded] = /^— (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = fromBase64(encoded ?? '');
  return name !== undefined && isKeyName(name) && bytes !== undefined && bytes.length > 4 ? { name, bytes } : undefined;
}

/** Not empty, no space of any kind, no plus, no control character. */
function isKeyName(name: string): boolean {
  return /^[^\s+\p{Z}\p{Cc}]+$/u.test(name) && name.isWellFormed();
}

function isNoteText(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what this refuses
  return text.endsWith('\n') && text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f]/.test(text);
}

function encodeKey(publicKey: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(ed25519), publicKey]);
}

/** SHA-256 of name, line break, type and public key: the first four bytes. */
function keyId(name: string, encoded: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([utf8.encode(`${name}\n`), encoded])).subarray(0, 4);
}
