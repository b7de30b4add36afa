import { type ExactRecord, type ExactValue, isExactRecord } from '@surety/contract/exact-json';
import { clampArguments } from '@surety/decision/obligations/clamp-arguments';
import type { Ask } from './ask.ts';
import type { Guard } from './guard.ts';
import { encodeHeaderValue, mirrorText } from './header-value.ts';
import type { ReadCall } from './read-tool-call.ts';

/** What goes to the system in the place of what was asked. */
export type Clamped = { readonly params: ExactRecord; readonly headers: Readonly<Record<string, string>> };

/**
 * A call to a tool with its page sizes and time-outs brought down, as the decision says: parameters, and the headers that
 * mirror arguments, are both written from the clamped value. Undefined when that cannot be done; then nothing may be sent.
 */
export function clampCall(
  { parameterHeaders }: Pick<Guard, 'parameterHeaders'>,
  { spoken, system }: Pick<Ask, 'spoken' | 'system'>,
  { call, params }: Pick<ReadCall, 'call' | 'params'>,
  clamp: Readonly<Record<string, number>>,
): Clamped | undefined {
  const given = params['arguments'];
  const clamped = isExactRecord(given) ? clampArguments(given, clamp) : undefined;
  if (clamped === undefined) return undefined;
  const mirrored = spoken.era === 'session' ? undefined : parameterHeaders.of(system, call.operation);
  const headers = [...(mirrored ?? [])].flatMap(([header, path]) => {
    const value = valueIn(clamped, path);
    const text = mirrorText(value);
    return value === undefined || text === undefined ? [] : [[header, encodeHeaderValue(text)] as const];
  });
  return { params: { ...params, arguments: clamped }, headers: Object.fromEntries(headers) };
}

function valueIn(args: ExactRecord, path: readonly string[]): ExactValue | undefined {
  return path.reduce<ExactValue | undefined>(
    (value, name) => (isExactRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined),
    args,
  );
}
