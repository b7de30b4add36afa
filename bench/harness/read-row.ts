import type { Row } from './row.ts';

/** What each member must be, in the order they come in. */
const forms: Readonly<Record<string, (value: unknown) => boolean>> = {
  bench: isText,
  case: isText,
  unit: isText,
  better: (value) => value === 'lower' || value === 'higher',
  ours: isNumber,
  peer: isPeer,
  floor: (value) => value === null || isNumber(value),
  ratio: (value) => value === null || isNumber(value),
  runs: (value) => isNumber(value) && Number.isInteger(value) && value > 0,
  spread: isSpread,
};

/**
 * Reads one line of `--json` as strictly as whoever builds on it should: exactly these members, of these types, and a ratio
 * that follows from ours and the peer's. Throws with what is wrong.
 */
export function readRow(line: string): Row {
  const value: unknown = JSON.parse(line);
  if (!isRecord(value)) return refuse('is no object');
  if (Object.keys(value).join() !== Object.keys(forms).join()) refuse(`has the members ${Object.keys(value).join()}`);
  for (const [name, holds] of Object.entries(forms)) if (!holds(value[name])) refuse(`has a malformed "${name}"`);
  if ((value['peer'] === null) !== (value['ratio'] === null)) refuse('has a ratio without a peer, or a peer without one');
  return value as Row;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isPeer(value: unknown): boolean {
  return (
    value === null ||
    (isRecord(value) && Object.keys(value).join() === 'name,value' && isText(value['name']) && isNumber(value['value']))
  );
}

function isSpread(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && isNumber(value[0]) && isNumber(value[1]) && value[0] <= value[1];
}

function refuse(why: string): never {
  throw new TypeError(`a row ${why}`);
}
