import { EntityUid } from './entity-uid.ts';
import { PolicyRefused } from './policy-refused.ts';

/**
 * Cedar's JSON form of a policy (EST), as `policyToJson` of the official engine gives it. What is in it is read where it is
 * compiled; a member that is not what the form says is PolicyRefused.
 */
export type Json = { readonly [key: string]: unknown };

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readJson(value: unknown, what: string): Json {
  if (!isJson(value)) throw new PolicyRefused(`${what} is no object`);
  return value;
}

export function readText(value: unknown, what: string): string {
  if (typeof value !== 'string' || !value.isWellFormed()) throw new PolicyRefused(`${what} is no text`);
  return value;
}

export function readList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new PolicyRefused(`${what} is no list`);
  return value;
}

/** An object without members that this package does not know: what is not understood is never passed over. */
export function readOnly(value: unknown, members: readonly string[], what: string): Json {
  const read = readJson(value, what);
  const odd = Object.keys(read).find((member) => !members.includes(member));
  if (odd !== undefined) throw new PolicyRefused(`${what} has a member that is not known: ${JSON.stringify(odd)}`);
  return read;
}

const typeName = /^[_a-zA-Z][_a-zA-Z0-9]*(?:::[_a-zA-Z][_a-zA-Z0-9]*)*$/;

export function readTypeName(value: unknown): string {
  const name = readText(value, 'the name of a type');
  if (!typeName.test(name)) throw new PolicyRefused('a text is no name of a type');
  return name;
}

/** `{ type, id }`, with or without `{ __entity }` around it. */
export function readEntityUid(value: unknown): EntityUid {
  const outer = readJson(value, 'an entity');
  const { type, id } = readOnly(
    '__entity' in outer ? readOnly(outer, ['__entity'], 'an entity')['__entity'] : outer,
    ['type', 'id'],
    'an entity',
  );
  return new EntityUid(readTypeName(type), readText(id, 'the id of an entity'));
}
