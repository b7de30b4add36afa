import type { Value } from '../src/value.ts';
import type { Expression } from './random-policy.ts';
import type { Json } from './random-value.ts';

/** An expression in Cedar's JSON form that has this value. */
export function writeValue(value: Value): Expression {
  if (typeof value !== 'object') return { Value: value };
  switch (value.kind) {
    case 'entity':
      return { Value: { __entity: { type: value.type, id: value.id } } };
    case 'set':
      return { Set: value.values.map(writeValue) };
    case 'record':
      return { Record: Object.fromEntries(value.names.map((name, at) => [name, writeValue(value.values[at]!)])) };
    case 'decimal':
      return construct('decimal', decimalText(value.scaled));
    case 'ipaddr':
      return construct('ip', `${addressText(value.version, value.address)}/${value.prefix}`);
    case 'datetime':
      return { offset: [construct('datetime', '1970-01-01'), construct('duration', `${value.ms}ms`)] };
    case 'duration':
      return construct('duration', `${value.ms}ms`);
  }
}

function construct(name: string, text: string): Expression {
  const argument: Json = { Value: text };
  return { [name]: [argument] };
}

function decimalText(scaled: bigint): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(5, '0');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

function addressText(version: 4 | 6, address: bigint): string {
  const [parts, width, radix, joint] = version === 4 ? [4, 8n, 10, '.'] : [8, 16n, 16, ':'];
  const mask = (1n << width) - 1n;
  return Array.from({ length: parts }, (_, at) => ((address >> (BigInt(parts - 1 - at) * width)) & mask).toString(radix)).join(
    joint,
  );
}
