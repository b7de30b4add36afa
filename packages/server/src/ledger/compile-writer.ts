import { canonicalJson, fromPlain } from '@surety/contract/exact-json';
import type * as z from 'zod';

/** The canonical JSON of a value that a schema takes; undefined for one that it may refuse: then the schema is asked. */
export type Writer = (value: unknown) => string | undefined;

/** What zod keeps of a schema, as far as it is read here. */
type Definition = {
  readonly type: string;
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly check: string; readonly maximum?: number } } }[];
  readonly format?: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly entries?: Readonly<Record<string, string | number>>;
};

/**
 * Makes, once for a schema, what checks and writes its values in one walk. It knows what events are made of: strict objects,
 * lists, texts with a greatest length, numbers, words of a list, what may be null, and members that may be left out.
 * Undefined for a schema that holds anything else. It writes what `canonicalJson` would write of what the schema gives, and
 * nothing that the schema refuses.
 */
export function compileWriter(schema: z.ZodType): Writer | undefined {
  const definition = definitionOf(schema);
  const isCheckedElsewhere = definition.type !== 'string' && (definition.checks ?? []).length > 0;
  return isCheckedElsewhere ? undefined : compilers.get(definition.type)?.(definition);
}

/** How each type of schema is compiled. A check is known of texts only: a schema with any other is not compiled. */
const compilers: ReadonlyMap<string, (definition: Definition) => Writer | undefined> = new Map([
  ['string', ({ checks = [] }) => compileText(checks)],
  ['number', ({ format }) => (format === undefined ? writeNumber : format === 'safeint' ? writeInteger : undefined)],
  ['boolean', () => (value) => (typeof value === 'boolean' ? String(value) : undefined)],
  ['enum', ({ entries = {} }) => compileWords(Object.values(entries))],
  ['nullable', ({ innerType }) => nullOr(innerType && compileWriter(innerType))],
  ['array', ({ element }) => listOf(element && compileWriter(element))],
  ['object', (definition) => compileObject(definition)],
] satisfies [string, (definition: Definition) => Writer | undefined][]);

function nullOr(write: Writer | undefined): Writer | undefined {
  return write && ((value) => (value === null ? 'null' : write(value)));
}

function listOf(write: Writer | undefined): Writer | undefined {
  return write && ((value) => (Array.isArray(value) ? writeList(value, write) : undefined));
}

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** Printable ASCII without quotes and backslash, which JSON writes as it is. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A text as JSON. Undefined for one that is no Unicode. */
export function writeText(value: string): string | undefined {
  if (plain.test(value)) return `"${value}"`;
  return value.isWellFormed() ? JSON.stringify(value) : undefined;
}

function compileText(checks: NonNullable<Definition['checks']>): Writer | undefined {
  let longest = Infinity;
  for (const { _zod } of checks) {
    if (_zod.def.check !== 'max_length' || _zod.def.maximum === undefined) return undefined;
    longest = Math.min(longest, _zod.def.maximum);
  }
  return (value) => (typeof value === 'string' && value.length <= longest ? writeText(value) : undefined);
}

function compileWords(words: readonly unknown[]): Writer | undefined {
  if (!words.every((word) => typeof word === 'string')) return undefined;
  const written = new Map<unknown, string>(words.map((word) => [word, JSON.stringify(word)]));
  return (value) => written.get(value);
}

function writeInteger(value: unknown): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function writeNumber(value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  if (Number.isInteger(value)) return writeInteger(value);
  return canonicalJson(fromPlain(value));
}

function writeList(values: readonly unknown[], write: Writer): string | undefined {
  let text = '';
  for (let at = 0; at < values.length; at++) {
    const one = write(values[at]);
    if (one === undefined) return undefined;
    text += at === 0 ? one : `,${one}`;
  }
  return `[${text}]`;
}

/** Only of strict objects: one that counts as many members as were found has no others. */
function compileObject({ shape = {}, catchall }: Definition): Writer | undefined {
  if (catchall === undefined || definitionOf(catchall).type !== 'never') return undefined;
  const names = Object.keys(shape).toSorted();
  const members = names.map((name) => {
    const { innerType, type } = definitionOf(shape[name] as z.ZodType);
    const mayBeLeftOut = type === 'optional';
    const schema = mayBeLeftOut ? innerType : shape[name];
    return { name, before: `${JSON.stringify(name)}:`, mayBeLeftOut, write: schema && compileWriter(schema) };
  });
  const known = members.filter((one): one is typeof one & { write: Writer } => one.write !== undefined);
  if (known.length < members.length) return undefined;
  return (value) => (isPlainObject(value) ? writeMembers(value, known) : undefined);
}

type Member = { readonly name: string; readonly before: string; readonly mayBeLeftOut: boolean; readonly write: Writer };

function writeMembers(value: Readonly<Record<string, unknown>>, members: readonly Member[]): string | undefined {
  let text = '';
  let found = 0;
  for (const { name, before, mayBeLeftOut, write } of members) {
    if (Object.hasOwn(value, name)) found++;
    else if (mayBeLeftOut) continue;
    else return undefined;
    if (mayBeLeftOut && value[name] === undefined) continue;
    const one = write(value[name]);
    if (one === undefined) return undefined;
    text += (text === '' ? '' : ',') + before + one;
  }
  return Object.keys(value).length === found ? `{${text}}` : undefined;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
