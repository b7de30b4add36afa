import type { Datetime } from './datetime.ts';
import type { Decimal } from './decimal.ts';
import type { Duration } from './duration.ts';
import type { EntityUid } from './entity-uid.ts';
import type { IpAddress } from './ip-address.ts';

/** A value of Cedar. A bigint is a Long and within 64 bits; a string is well-formed. */
export type Value = boolean | bigint | string | EntityUid | SetValue | RecordValue | ExtensionValue;

export type ExtensionValue = Decimal | IpAddress | Datetime | Duration;

/** Up to this many members are looked through one by one; more are found by key. */
const few = 8;

/** A set: members of any types, in no order, each once whatever was given. */
export class SetValue {
  readonly kind = 'set';
  /** As given: a member may stand twice. */
  readonly values: readonly Value[];
  private keys: ReadonlySet<string> | undefined;

  constructor(values: readonly Value[]) {
    this.values = values;
  }

  has(value: Value): boolean {
    if (this.keys === undefined && this.values.length <= few) return this.values.some((member) => isEqual(member, value));
    return this.memberKeys.has(keyOf(value));
  }

  equals(other: object): boolean {
    if (!(other instanceof SetValue)) return false;
    const [mine, theirs] = [this.memberKeys, other.memberKeys];
    return mine.size === theirs.size && mine.isSubsetOf(theirs);
  }

  get key(): string {
    return `{${[...this.memberKeys].toSorted().map(measured).join('')}}`;
  }

  private get memberKeys(): ReadonlySet<string> {
    return (this.keys ??= new Set(this.values.map(keyOf)));
  }
}

/** A record: attributes by name, in no order. */
export class RecordValue {
  readonly kind = 'record';
  readonly names: readonly string[];
  /** Beside the names. */
  readonly values: readonly Value[];
  private places: ReadonlyMap<string, number> | undefined;

  /** Each name stands once. */
  constructor(names: readonly string[], values: readonly Value[]) {
    this.names = names;
    this.values = values;
  }

  get(name: string): Value | undefined {
    if (this.names.length <= few) {
      const place = this.names.indexOf(name);
      return place === -1 ? undefined : this.values[place];
    }
    this.places ??= new Map(this.names.map((one, at) => [one, at]));
    const place = this.places.get(name);
    return place === undefined ? undefined : this.values[place];
  }

  equals(other: object): boolean {
    if (!(other instanceof RecordValue) || other.names.length !== this.names.length) return false;
    return this.names.every((name, at) => {
      const [mine, theirs] = [this.values[at], other.get(name)];
      return mine !== undefined && theirs !== undefined && isEqual(mine, theirs);
    });
  }

  get key(): string {
    const fields = this.values.map((value, at) => measured(this.names[at] ?? '') + measured(keyOf(value)));
    return `(${fields.toSorted().join('')})`;
  }
}

/** Cedar's `==`: values of different types are different, and comparing them is no error. */
export function isEqual(left: Value, right: Value): boolean {
  if (left === right) return true;
  return typeof left === 'object' && typeof right === 'object' && left.equals(right);
}

/** A text that is the same for equal values and no others. */
export function keyOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return `"${value}`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return `#${value}`;
    default:
      return typeof value === 'object' && value.kind === 'entity' ? `@${value.key}` : value.key;
  }
}

/** With its length before it, so that texts put one behind the other can be told apart. */
function measured(text: string): string {
  return `${text.length}:${text}`;
}

/** The type of a value as Cedar names it. */
export function typeOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'long';
    default:
      return value.kind;
  }
}
