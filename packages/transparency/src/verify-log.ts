import { fromBase64, hashAt, hashSize, sameBytes, toBase64 } from './bytes.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { ExportError, type ExportLine, readExportLine } from './export-lines.ts';
import { Frontier } from './frontier.ts';
import { locateChange } from './locate-change.ts';
import { leafHash } from './merkle.ts';
import { parseVerifierKey, type VerifierKey } from './note.ts';
import type { TileOf } from './tiles.ts';

/** What an auditor kept from before: the signed checkpoint and, to locate changes, the 32-byte leaf hashes it covers. */
export type Kept = { readonly note: string; readonly leaves?: Uint8Array | undefined };

export type VerifyOptions = {
  /** The verifier key of the log, from where it was kept: never from the export itself. */
  readonly vkey: string;
  readonly kept?: Kept | undefined;
  /** The newest checkpoint that was seen elsewhere, by a witness for instance. */
  readonly newest?: string | undefined;
  /** Tiles of the log, to narrow down where it was changed. They are believed only as far as they lead to a signed root. */
  readonly tiles?: TileOf | undefined;
};

/** Why an export is not what was signed. */
export type ExportFault =
  | 'key.unreadable'
  | 'kept.unreadable'
  | 'kept.leaves_differ'
  | 'newest.unreadable'
  | 'export.malformed'
  | 'export.unfinished'
  | 'export.other_log'
  | 'checkpoint.unsigned'
  | 'entry.missing'
  | 'entry.repeated'
  | 'entry.differs'
  | 'entry.too_many'
  | 'tree.differs'
  | 'log.split'
  | 'not.checked';

export type ExportRefusal = {
  readonly ok: false;
  readonly reason: ExportFault;
  /** The reason as a sentence for people. */
  readonly says: string;
  /** The first bad entry lies between these two, both included; equal when it is located exactly; absent when nobody can say. */
  readonly first?: number;
  readonly last?: number;
};

export type Verification =
  | {
      readonly ok: true;
      readonly origin: string;
      /** How many entries there are, all of them under the signed root. */
      readonly size: number;
      /** Base64. */
      readonly root: string;
      /** Sizes of the kept and the newest checkpoint, when they were given: the export leads to both. */
      readonly kept: number | undefined;
      readonly newest: number | undefined;
    }
  | ExportRefusal;

/**
 * Checks an export offline: every entry in its place, hashed again, and the roots recomputed at the sizes of the kept,
 * the newest and the closing checkpoint, each signed by the key. Names the first bad entry where it can be known.
 *
 * There is one place that says `ok`. Whatever cannot be read, is not known, or throws, ends in a refusal (threats I31).
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  options: VerifyOptions,
): Promise<Verification> {
  try {
    const walk = new Walk(options);
    for await (const line of lines) walk.take(line);
    return walk.end();
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown.refusal;
    if (thrown instanceof ExportError) return refusal('export.malformed', `The export cannot be read: ${thrown.message}.`);
    return refusal('not.checked', 'The export could not be checked.');
  }
}

type Target = Checkpoint & { readonly name: string };

/** One reading of an export, from its first line to its last. */
class Walk {
  readonly #key: VerifierKey;
  readonly #vkey: string;
  readonly #kept: Target | undefined;
  readonly #keptLeaves: Uint8Array | undefined;
  readonly #newest: Target | undefined;
  readonly #tiles: TileOf | undefined;
  readonly #frontier = Frontier.empty();
  readonly #leaves: Uint8Array[] = [];
  #header: Extract<ExportLine, { kind: 'header' }> | undefined;
  #closing: Target | undefined;
  /** The entries before this are those under a signed root. */
  #sure = 0;
  #line = 0;
  /** A root that did not match. The line behind it is still looked at: it may show that the log signed two trees. */
  #mismatch: Refused | undefined;

  constructor({ vkey, kept, newest, tiles }: VerifyOptions) {
    const key = parseVerifierKey(vkey);
    if (key === undefined) throw refused('key.unreadable', 'The verifier key cannot be read.');
    this.#key = key;
    this.#vkey = vkey;
    this.#tiles = tiles;
    this.#kept = this.#open(kept?.note, 'kept', 'kept.unreadable');
    this.#newest = this.#open(newest, 'newest', 'newest.unreadable');
    this.#keptLeaves = kept?.leaves;
    if (this.#kept !== undefined) checkLeaves(this.#kept, this.#keptLeaves);
    this.#compare(this.#kept, this.#newest);
    for (const target of [this.#kept, this.#newest]) this.#check(target);
  }

  take(text: string): void {
    this.#line++;
    const line = readExportLine(text);
    if (this.#mismatch !== undefined && line?.kind !== 'checkpoint') throw this.#mismatch;
    if (line === undefined) throw refused('export.malformed', `Line ${this.#line} is not a line of an export.`, this.#here());
    if (this.#closing !== undefined) throw refused('export.malformed', 'There are lines behind the checkpoint.');
    if (line.kind === 'header') return this.#begin(line);
    if (this.#header === undefined) throw refused('export.malformed', 'The export does not begin with its header.');
    if (line.kind === 'checkpoint') return this.#close(line.note, this.#header);
    this.#append(line);
  }

  end(): Verification {
    const { size } = this.#frontier;
    if (this.#mismatch !== undefined) throw this.#mismatch;
    if (this.#header === undefined) throw refused('export.unfinished', 'The export is empty.');
    if (this.#closing === undefined) throw refused('export.unfinished', 'The export ends without its checkpoint.', at(size));
    for (const target of [this.#kept, this.#newest]) {
      if (target === undefined || target.size <= size) continue;
      throw refused(
        'entry.missing',
        `The export ends before entry ${size}; the ${target.name} checkpoint covers ${target.size}.`,
        at(size),
      );
    }
    if (this.#sure !== size || this.#closing.size !== size)
      throw refused('not.checked', 'The export could not be checked to its end.');
    const root = toBase64(this.#closing.root);
    return { ok: true, origin: this.#closing.origin, size, root, kept: this.#kept?.size, newest: this.#newest?.size };
  }

  #begin(line: Extract<ExportLine, { kind: 'header' }>): void {
    if (this.#line !== 1) throw refused('export.malformed', 'There is a second header.', this.#here());
    this.#header = line;
    const isOurs =
      line.vkey === this.#vkey &&
      [this.#kept, this.#newest].every((target) => target === undefined || target.origin === line.origin);
    if (!isOurs) throw refused('export.other_log', 'The export names another log or another key.');
  }

  #append({ index, entry, leaf }: Extract<ExportLine, { kind: 'entry' }>): void {
    const { size } = this.#frontier;
    const found = leafHash(entry);
    if (index > size) throw refused('entry.missing', `Entry ${size} is missing: entry ${index} stands in its place.`, at(size));
    if (index < size) throw refused('entry.repeated', `Entry ${index} comes again where entry ${size} belongs.`, at(size));
    const kept = this.#keptLeaves && hashAt(this.#keptLeaves, index);
    if (kept !== undefined && !sameBytes(kept, found))
      throw refused('entry.differs', `Entry ${index} does not match its kept leaf hash.`, at(index));
    const carried = leaf === undefined ? undefined : fromBase64(leaf);
    if (carried !== undefined && !sameBytes(carried, found)) {
      throw refused('entry.differs', `Entry ${index} does not match the leaf hash beside it.`, at(index));
    }
    this.#frontier.append(found);
    if (this.#tiles !== undefined) this.#leaves.push(found);
    for (const target of [this.#kept, this.#newest]) this.#check(target);
  }

  #close(note: string, { origin }: { readonly origin: string }): void {
    const { size } = this.#frontier;
    const closing = this.#open(note, 'closing', 'checkpoint.unsigned');
    if (closing?.origin !== origin) throw refused('export.other_log', 'The checkpoint is that of another log.');
    this.#closing = closing;
    if (closing.size > size)
      throw refused('entry.missing', `Entry ${size} is missing: the checkpoint covers ${closing.size} entries.`, at(size));
    if (closing.size < size)
      throw refused('entry.too_many', `Entry ${closing.size} is not covered by the checkpoint.`, at(closing.size));
    for (const other of [this.#kept, this.#newest]) this.#compare(closing, other);
    if (this.#mismatch !== undefined) throw this.#mismatch;
    this.#check(closing);
  }

  #open(note: string | undefined, name: string, reason: ExportFault): Target | undefined {
    if (note === undefined) return undefined;
    const checkpoint = openCheckpoint(note, this.#key);
    if (checkpoint === undefined)
      throw refused(reason, `The ${name} checkpoint cannot be read, or is not signed by the key of the log.`);
    return { ...checkpoint, name };
  }

  /** Two signed trees of one size that differ: the log has shown different people different things. */
  #compare(one: Target | undefined, other: Target | undefined): void {
    if (one === undefined || other === undefined || one.size !== other.size || sameBytes(one.root, other.root)) return;
    throw refused(
      'log.split',
      `The log signed two different trees of ${one.size} entries: the ${one.name} and the ${other.name} checkpoint.`,
    );
  }

  /** Recomputes the root when as many entries were read as the checkpoint covers. */
  #check(target: Target | undefined): void {
    const { size } = this.#frontier;
    if (target?.size !== size) return;
    if (!sameBytes(this.#frontier.root(), target.root)) this.#mismatch ??= this.#differs(target);
    else if (this.#mismatch === undefined) this.#sure = size;
  }

  #differs({ name, size, root }: Target): Refused {
    const leaves = Buffer.concat(this.#leaves);
    const located = this.#tiles && locateChange({ size, root, tileOf: this.#tiles, leaves });
    if (located !== undefined && located.first === located.last) {
      return refused('entry.differs', `Entry ${located.first} does not match the tree that was signed.`, located);
    }
    if (located !== undefined) {
      return refused(
        'tree.differs',
        `Something from entry ${located.first} to ${located.last} does not match the tree that was signed.`,
        located,
      );
    }
    const says = `The entries do not match the ${name} checkpoint of ${size} entries; which of them cannot be said`;
    if (this.#sure === 0) return refused('tree.differs', `${says}.`);
    return refused('tree.differs', `${says}, but those before entry ${this.#sure} match an older one.`, {
      first: this.#sure,
      last: size - 1,
    });
  }

  /** The entry that belongs where the walk stands, once entries have begun. */
  #here(): Stretch | undefined {
    return this.#header === undefined ? undefined : at(this.#frontier.size);
  }
}

/** An auditor's own leaf hashes must be those of the auditor's own checkpoint, or they locate nothing. */
function checkLeaves({ size, root }: Checkpoint, leaves: Uint8Array | undefined): void {
  if (leaves === undefined) return;
  const frontier = Frontier.empty();
  for (let place = 0; place < size; place++) frontier.append(hashAt(leaves, place) ?? new Uint8Array(hashSize));
  if (leaves.length === size * hashSize && sameBytes(frontier.root(), root)) return;
  throw refused('kept.leaves_differ', 'The kept leaf hashes are not those of the kept checkpoint.');
}

type Stretch = { readonly first: number; readonly last: number };

class Refused extends Error {
  readonly refusal: ExportRefusal;

  constructor(why: ExportRefusal) {
    super(why.says);
    this.refusal = why;
  }
}

function at(index: number): Stretch {
  return { first: index, last: index };
}

function refusal(reason: ExportFault, says: string, where?: Stretch): ExportRefusal {
  return { ok: false, reason, says, ...where };
}

function refused(reason: ExportFault, says: string, where?: Stretch): Refused {
  return new Refused(refusal(reason, says, where));
}
