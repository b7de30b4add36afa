import { EvaluationError } from './evaluation-error.ts';
import { isJson, readEntityUid, readList, readOnly, readText } from './est.ts';
import { extensionCalls } from './extension-calls.ts';
import { isLong } from './long.ts';
import { PolicyRefused } from './policy-refused.ts';
import { RecordValue, SetValue, type Value } from './value.ts';

/** Beyond this, a value is refused rather than followed. */
const maxDepth = 128;

/**
 * A value out of Cedar's JSON: `{ __entity }` and `{ __extn: { fn, arg } }` mark entities and extension values. Longs are
 * bigints, or numbers that are safe integers: another number may have lost digits and is PolicyRefused, as is null.
 */
export function readValue(json: unknown, depth = 0): Value {
  if (depth > maxDepth) throw new PolicyRefused('a value is nested too deeply');
  if (typeof json === 'boolean') return json;
  if (typeof json === 'string') return readText(json, 'a string');
  if (typeof json === 'bigint' || typeof json === 'number') return readLong(json);
  if (Array.isArray(json)) return new SetValue(json.map((member) => readValue(member, depth + 1)));
  if (!isJson(json)) throw new PolicyRefused('a value is none of Cedar');
  if ('__entity' in json) return readEntityUid(json);
  if ('__extn' in json) return readExtension(readOnly(json, ['__extn'], 'an extension value')['__extn'], depth);
  if ('__expr' in json) throw new PolicyRefused('__expr is no value');
  return readRecord(json, depth);
}

/** The members of a JSON object as a record. */
export function readRecord(json: unknown, depth = 0): RecordValue {
  if (!isJson(json)) throw new PolicyRefused('a record is no object');
  const names = Object.keys(json).map((name) => readText(name, 'the name of an attribute'));
  return new RecordValue(
    names,
    names.map((name) => readValue(json[name], depth + 1)),
  );
}

function readLong(json: bigint | number): bigint {
  if (typeof json === 'number' && !Number.isSafeInteger(json)) throw new PolicyRefused('a number is no exact integer');
  const long = BigInt(json);
  if (!isLong(long)) throw new PolicyRefused('an integer is beyond 64 bits');
  return long;
}

function readExtension(json: unknown, depth: number): Value {
  const { fn, arg, args } = readOnly(json, ['fn', 'arg', 'args'], 'an extension value');
  const call = extensionCalls.get(readText(fn, 'the name of a function'));
  if (call === undefined) throw new PolicyRefused('there is no such function');
  const given = args === undefined ? [arg] : readList(args, 'the arguments of a function');
  try {
    return call(given.map((one) => readValue(one, depth + 1)));
  } catch (error) {
    if (error instanceof EvaluationError) throw new PolicyRefused(error.message);
    throw error;
  }
}
