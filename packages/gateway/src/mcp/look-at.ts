import {
  ExactJsonError,
  type ExactRecord,
  type ExactValue,
  isExactList,
  isExactRecord,
  readExactJson,
} from '@surety/contract/exact-json';
import type { GuardedSystem, Look, SeenValue } from '@surety/contract/enforcement';
import { untrustedLabel } from '@surety/contract/flow';
import { lookAtResult } from '@surety/decision/flow/look-at-result';
import { salientBounds } from '@surety/decision/flow/salient-values';

/** Levels and values of a message that is looked through field by field; what goes beyond is looked at as one text. */
const limits = { depth: 256, nodes: 50_000 };

const nothing: Look = { labels: [], values: [] };

/** Members that carry bytes, which no text is. */
const binaryKinds: readonly string[] = ['image', 'audio'];

/**
 * Step 8 of the life of a call: looks at a message of a system, as it would be released: its answer, whether it is a result or an
 * error, or what a notice says. Text that is JSON is looked into. Labels are those of the system and the operation, and of the
 * fields that something stands in; what has no words in it is nobody's instructions. Bounded by `salientBounds`, whatever the
 * system sent.
 */
export function lookAt(text: string, system: Pick<GuardedSystem, 'labels' | 'operations'>, operation: string): Look {
  const message = parse(text);
  const parts = (message === undefined ? [text] : partsOf(message)).filter(isThere);
  if (parts.length === 0) return nothing;
  const { labels: own = [], fields = {} } = system.operations.get(operation) ?? {};
  const said = [...new Set([...system.labels, ...own])];
  const labels = parts.some(hasWords) ? said : said.filter((label) => label !== untrustedLabel);
  const looks = parts.map((part) => lookAtResult(part, { labels, fields }));
  const isThereAt = (pattern: string): boolean => parts.some((part) => isAt(part, pattern.split('/').slice(1)));
  const isUnread = message === undefined || parts.some((part) => typeof part === 'string' && /^\s*[[{]/.test(part));
  const met = Object.entries(fields).filter(([pattern]) => isUnread || isThereAt(pattern)); // unread, any could be there
  return {
    labels: [...new Set([...labels, ...looks.flatMap((look) => look.labels), ...met.flatMap(([, ofField]) => ofField)])],
    values: looks.length === 1 ? (looks[0]?.values ?? []) : joined(looks),
  };
}

/** Each value once; one that an outsider could have written anywhere is an outsider's. */
function joined(looks: readonly Look[]): readonly SeenValue[] {
  const all = new Map<string, SeenValue>();
  for (const one of looks.flatMap(({ values }) => values)) {
    const key = `${one.kind} ${one.value}`;
    if (one.isUntrusted || !all.has(key)) all.set(key, one);
  }
  return [...all.values()].slice(0, salientBounds.values);
}

function parse(text: string): ExactRecord | undefined {
  try {
    const message = readExactJson(text, limits);
    return isExactRecord(message) ? message : undefined;
  } catch (thrown) {
    if (thrown instanceof ExactJsonError) return undefined;
    throw thrown;
  }
}

/** What a message says, each part by itself: of a tool's answer its structured content and every piece of its content. */
function partsOf(message: ExactRecord): readonly ExactValue[] {
  const { result, error, params } = message;
  if (isExactRecord(error)) return [opened(error['message']), opened(error['data'])];
  if (!isExactRecord(result)) return isExactRecord(params) ? noticeParts(params) : [];
  const { content, structuredContent, _meta: _ours, ...rest } = result;
  const { isError: _isError, resultType: _type, ttlMs: _ttl, cacheScope: _scope, ...others } = rest;
  const pieces = isExactList(content) ? content.map(pieceOf) : [opened(content)];
  return [opened(structuredContent), ...pieces, ...Object.values(others).map(opened)];
}

/** What a notice says beside what it is about: how far something is, and for which request, is nobody's words. */
function noticeParts(params: ExactRecord): readonly ExactValue[] {
  const { progressToken: _token, progress: _progress, total: _total, requestId: _id, level: _level, _meta, ...said } = params;
  return Object.values(said).map(opened);
}

/** A text is what it says; of anything else everything but bytes counts. */
function pieceOf(piece: ExactValue): ExactValue {
  if (!isExactRecord(piece)) return opened(piece);
  const { type, text, data, annotations: _annotations, _meta, ...rest } = piece;
  if (type === 'text') return opened(text);
  if (typeof type === 'string' && binaryKinds.includes(type)) return null;
  return opened({ ...(data === undefined ? {} : { data }), ...(text === undefined ? {} : { text }), ...rest });
}

/** A value in which texts that are JSON themselves are read, one layer deep. Nothing is null. */
function opened(value: ExactValue | undefined): ExactValue {
  if (typeof value === 'string') return textOrJson(value);
  if (isExactList(value)) return value.map(opened);
  if (!isExactRecord(value)) return value ?? null;
  const { blob: _bytes, ...rest } = value;
  return Object.fromEntries(Object.entries(rest).map(([name, one]) => [name, opened(one)]));
}

function textOrJson(text: string): ExactValue {
  const first = text.trimStart()[0];
  if (first !== '{' && first !== '[') return text;
  try {
    return readExactJson(text, limits);
  } catch (thrown) {
    if (thrown instanceof ExactJsonError) return text;
    throw thrown;
  }
}

function isThere(part: ExactValue): boolean {
  if (part === null || part === '') return false;
  if (isExactList(part)) return part.some(isThere);
  return !isExactRecord(part) || Object.values(part).some(isThere);
}

/** Whether somebody could be told something: two letters side by side, in a value or in a name. */
function hasWords(part: ExactValue): boolean {
  if (typeof part === 'string') return /\p{L}\p{M}*\p{L}/u.test(part);
  if (isExactList(part)) return part.some(hasWords);
  return (
    isExactRecord(part) &&
    Object.entries(part).some(([name, one]) => hasWords(one) || (!/^\w{1,40}$/.test(name) && hasWords(name)))
  );
}

/** Whether something stands at a pointer in which `*` is any place in a list or record. */
function isAt(part: ExactValue, path: readonly string[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return isThere(part);
  if (isExactList(part)) return step === '*' && part.some((one) => isAt(one, rest));
  if (!isExactRecord(part)) return false;
  if (step === '*') return Object.values(part).some((one) => isAt(one, rest));
  const below = part[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  return below !== undefined && isAt(below, rest);
}
