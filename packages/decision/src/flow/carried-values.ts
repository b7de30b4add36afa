import { ExactNumber, type ExactRecord, type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';
import type { CarriedValue, FlowSource, SalientKind, SalientValue } from './flow-facts.ts';
import { findEntities, linkValues } from './find-entities.ts';
import { plainText, salientValue } from './normal-form.ts';
import { decodings } from './re-encoding.ts';
import { keyOf, wholeValues } from './salient-values.ts';
import { takenApart } from './taken-apart.ts';

/** How much of the arguments of one call is looked through. */
export const carriedBounds = { characters: 131_072, leaves: 1_000, candidates: 400, decoded: 40 } as const;

/**
 * A value that an argument carries, in every form by which it may be known. `values` are the same thing; `hosts` are the places
 * it belongs to, which count where the organisation knows the place.
 */
export type Candidate = {
  readonly pointer: string;
  readonly kind: SalientKind;
  readonly isWhole: boolean;
  /** Made by decoding or joining: counts only where it was met, because most of what can be made so means nothing. */
  readonly isDerived: boolean;
  readonly values: readonly SalientValue[];
  readonly hosts: readonly SalientValue[];
};

/**
 * What the arguments of a call carry, by pointer: what fills an argument, addresses, links, accounts and ids inside longer
 * text, and the same written in Base64, hexadecimal or URL escapes, or split across fields that follow one another.
 */
export function carriedCandidates(args: ExactRecord): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  const add = (candidate: Candidate): void => {
    const key = `${candidate.pointer} ${candidate.values.map(keyOf).join(' ')}`;
    if (found.size < carriedBounds.candidates && !found.has(key)) found.set(key, candidate);
  };
  const leaves = boundedLeaves(args);
  for (const { pointer, plain } of leaves) {
    for (const candidate of candidatesOf(pointer, plain)) add(candidate);
    for (const text of [...decodings(plain, carriedBounds.decoded), ...takenApart(plain)]) {
      for (const candidate of candidatesOf(pointer, text)) add({ ...candidate, isWhole: false, isDerived: true });
    }
  }
  for (const candidate of splitCandidates(leaves)) add(candidate);
  return [...found.values()];
}

type Leaf = { readonly pointer: string; readonly plain: string };

function boundedLeaves(args: ExactRecord): readonly Leaf[] {
  const leaves: Leaf[] = [];
  let left: number = carriedBounds.characters;
  for (const { pointer, text } of argumentLeaves(args, '')) {
    if (left <= 0 || leaves.length >= carriedBounds.leaves) break;
    leaves.push({ pointer, plain: plainText(text.slice(0, left)) });
    left -= text.length;
  }
  return leaves;
}

function* argumentLeaves(value: ExactValue, pointer: string): Generator<{ readonly pointer: string; readonly text: string }> {
  if (typeof value === 'string') yield { pointer, text: value };
  else if (value instanceof ExactNumber) yield { pointer, text: value.text };
  else if (isExactList(value)) for (const [at, item] of value.entries()) yield* argumentLeaves(item, `${pointer}/${at}`);
  else if (isExactRecord(value)) {
    for (const [key, item] of Object.entries(value)) {
      yield* argumentLeaves(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
  }
}

/**
 * What a text is as a whole, one candidate, because its forms are one value, and what stands inside it. Text that is no address
 * itself but lists some is only these.
 */
function candidatesOf(pointer: string, plain: string): readonly Candidate[] {
  const whole = wholeValues(plain);
  const [first] = whole;
  if (first === undefined) return [];
  const known = new Set(whole.map(keyOf));
  const inside = addressKinds.has(first.kind)
    ? []
    : findEntities(plain, carriedBounds.candidates).filter((one) => !known.has(keyOf(one)));
  const links = inside.filter(({ kind }) => kind !== 'host').map((value) => insideCandidate(pointer, value));
  if (inside.some(({ kind }) => addressKinds.has(kind)) && plain.length <= longestListed) return links;
  const values = whole.filter(({ kind }) => kind !== 'host');
  return [{ pointer, kind: first.kind, isWhole: true, isDerived: false, values, hosts: whole.flatMap(hostsOf) }, ...links];
}

/** Kinds that say where something goes by themselves. */
const addressKinds: ReadonlySet<SalientKind> = new Set(['email', 'url', 'iban']);

/** Longest text that is taken as a list of addresses and nothing else. */
const longestListed = 400;

function insideCandidate(pointer: string, value: SalientValue): Candidate {
  return { pointer, kind: value.kind, isWhole: false, isDerived: false, values: [value], hosts: hostsOf(value) };
}

/** The place that a link or an address belongs to. */
function hostsOf({ kind, value }: SalientValue): readonly SalientValue[] {
  if (kind === 'url') return linkValues(value).filter((one) => one.kind === 'host');
  if (kind !== 'email') return [];
  const host = salientValue('host', value.slice(value.lastIndexOf('@') + 1));
  return host === undefined ? [] : [host];
}

/** Longest text that is taken as a part of a value that was split. */
const longestPart = 64;
const mostParts = 64;

/** Addresses, links and accounts that only come about when fields that follow one another are joined. */
function splitCandidates(leaves: readonly Leaf[]): readonly Candidate[] {
  const parts = leaves.filter(({ plain }) => plain.length > 0 && plain.length <= longestPart).slice(0, mostParts);
  const [first] = parts;
  if (first === undefined || parts.length < 2) return [];
  const pairs = parts.flatMap((part, at) => (parts[at + 1] === undefined ? [] : [{ part, next: parts[at + 1] }]));
  const joined = pairs.flatMap(({ part, next }) =>
    next === undefined ? [] : [`${part.plain}${next.plain}`, `${part.plain}@${next.plain}`].map((text) => ({ part, text })),
  );
  const all = [{ part: first, text: parts.map(({ plain }) => plain).join('') }, ...joined];
  return all.flatMap(({ part, text }) =>
    findEntities(text, mostParts)
      .filter(({ kind }) => kind === 'email' || kind === 'url' || kind === 'iban')
      .filter(({ kind, value }) => !parts.some(({ plain }) => salientValue(kind, plain)?.value === value))
      .map((value) => ({ ...insideCandidate(part.pointer, value), isDerived: true })),
  );
}

/** Where one value was met, in all that the task tree and the house know. */
export type Met = {
  readonly isRequested: boolean;
  readonly isKnown: boolean;
  readonly trusted?: Meeting | undefined;
  readonly untrusted?: Meeting | undefined;
};

export type Meeting = { readonly labels: readonly string[]; readonly source: FlowSource };

/** Every value that must be looked up for the candidates of a call, each once. */
export function valuesToLookUp(candidates: readonly Candidate[]): readonly SalientValue[] {
  const all = candidates.flatMap(({ values, hosts }) => [...values, ...hosts]);
  return [...new Map(all.map((value) => [keyOf(value), value])).values()];
}

/**
 * Where a candidate was met. What a person said or the organisation knows settles it. Then what an outsider wrote counts before
 * what nobody outside can write: that a value also stands in a list of ours says nothing about who chose it. Undefined for what
 * was only derived from an argument and met nowhere.
 */
export function meetCandidate(candidate: Candidate, lookUp: (value: SalientValue) => Met | undefined): CarriedValue | undefined {
  const { pointer, kind, isWhole, isDerived } = candidate;
  const met = candidate.values.flatMap((value) => lookUp(value) ?? []);
  const places = candidate.hosts.flatMap((value) => lookUp(value) ?? []);
  // A new page of a place that somebody named is still that place.
  const named = kind === 'url' ? [...met, ...places] : met;
  const untrusted = named.find((one) => one.untrusted !== undefined)?.untrusted;
  const trusted = met.find((one) => one.trusted !== undefined)?.trusted;
  const isKnown = [...met, ...places].some((one) => one.isKnown);
  const labels = [...new Set([...(untrusted?.labels ?? []), ...(trusted?.labels ?? [])])];
  const base = { pointer, kind, isWhole, labels };
  if (named.some(({ isRequested }) => isRequested)) return { ...base, found: 'request' };
  if (isKnown) return { ...base, found: 'directory' };
  const { source } = untrusted ?? trusted ?? {};
  if (source !== undefined) return { ...base, found: untrusted === undefined ? 'trusted' : 'untrusted', source };
  return isDerived ? undefined : { ...base, found: 'nowhere' };
}
