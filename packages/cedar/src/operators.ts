import { Datetime } from './datetime.ts';
import { Duration } from './duration.ts';
import { EntityUid } from './entity-uid.ts';
import { EvaluationError } from './evaluation-error.ts';
import { checkedLong } from './long.ts';
import type { Question } from './question.ts';
import { isEqual, RecordValue, SetValue, typeOf, type Value } from './value.ts';

/** An operator on two values, both of which were evaluated before. */
export type Binary = (left: Value, right: Value, question: Question) => Value;

/** Cedar's operators and methods on two operands, without those that leave one of them unevaluated. */
export const binaryOperators: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ['==', isEqual],
  ['!=', (left, right) => !isEqual(left, right)],
  ['<', (left, right) => isLess(left, right)],
  ['<=', (left, right) => !isLess(right, left)],
  ['>', (left, right) => isLess(right, left)],
  ['>=', (left, right) => !isLess(left, right)],
  ['+', (left, right) => checkedLong(asLong(left) + asLong(right))],
  ['-', (left, right) => checkedLong(asLong(left) - asLong(right))],
  ['*', (left, right) => checkedLong(asLong(left) * asLong(right))],
  ['in', isIn],
  ['contains', (set, member) => asSet(set).has(member)],
  ['containsAll', (set, members) => containsAll(asSet(set), asSet(members))],
  ['containsAny', (set, members) => containsAny(asSet(set), asSet(members))],
  ['getTag', getTag],
  ['hasTag', hasTag],
]);

export function asBoolean(value: Value): boolean {
  if (typeof value !== 'boolean') throw unexpected('bool', value);
  return value;
}

export function asLong(value: Value): bigint {
  if (typeof value !== 'bigint') throw unexpected('long', value);
  return value;
}

export function asText(value: Value): string {
  if (typeof value !== 'string') throw unexpected('string', value);
  return value;
}

export function asSet(value: Value): SetValue {
  if (!(value instanceof SetValue)) throw unexpected('set', value);
  return value;
}

export function asEntity(value: Value): EntityUid {
  if (!(value instanceof EntityUid)) throw unexpected('entity', value);
  return value;
}

/** `value.name`. */
export function getAttribute(value: Value, name: string, { entities }: Question): Value {
  const attributes = value instanceof EntityUid ? entities.find(value)?.attributes : asRecord(value);
  const found = attributes?.get(name);
  if (found === undefined) throw new EvaluationError(`there is no attribute ${JSON.stringify(name)}`);
  return found;
}

/** `value has name`: the attribute, or undefined. */
export function findAttribute(value: Value, name: string, { entities }: Question): Value | undefined {
  if (value instanceof EntityUid) return entities.find(value)?.attributes.get(name);
  return asRecord(value).get(name);
}

function asRecord(value: Value): RecordValue {
  if (!(value instanceof RecordValue)) throw unexpected('record', value);
  return value;
}

/** Longs, or two datetimes, or two durations; a decimal has methods instead. */
function isLess(left: Value, right: Value): boolean {
  if (typeof left === 'bigint' && typeof right === 'bigint') return left < right;
  if (left instanceof Datetime && right instanceof Datetime) return left.ms < right.ms;
  if (left instanceof Duration && right instanceof Duration) return left.ms < right.ms;
  throw new EvaluationError(`${typeOf(left)} and ${typeOf(right)} have no order`);
}

/** Every member on the right must be an entity, even where the first one answers already. */
function isIn(left: Value, right: Value, { entities }: Question): boolean {
  const uid = asEntity(left);
  if (right instanceof EntityUid) return entities.isIn(uid, right);
  const groups = asSet(right).values.map(asEntity);
  return groups.some((group) => entities.isIn(uid, group));
}

function containsAll(set: SetValue, members: SetValue): boolean {
  return members.values.every((member) => set.has(member));
}

function containsAny(set: SetValue, members: SetValue): boolean {
  return members.values.some((member) => set.has(member));
}

function getTag(left: Value, right: Value, question: Question): Value {
  const tag = findTag(left, right, question);
  if (tag === undefined) throw new EvaluationError('there is no such tag');
  return tag;
}

function hasTag(left: Value, right: Value, question: Question): boolean {
  return findTag(left, right, question) !== undefined;
}

function findTag(left: Value, right: Value, { entities }: Question): Value | undefined {
  const [uid, name] = [asEntity(left), asText(right)];
  return entities.find(uid)?.tags?.get(name);
}

function unexpected(type: string, value: Value): EvaluationError {
  return new EvaluationError(`expected ${type}, got ${typeOf(value)}`);
}
