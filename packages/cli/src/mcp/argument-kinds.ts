import { ExactNumber, type ExactRecord, type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';

/** The types of JSON, as JSON Schema names them; a whole number is a `number` here. */
export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'array' | 'object';

/** What an argument may be. Undefined: nothing is said of it. */
export type KindsOf = (name: string) => ReadonlySet<JsonKind> | undefined;

/** How many references and alternatives are followed within each other. */
const maxSteps = 16;

/** What the schema of a tool says each argument may be, by `type`, `enum`, `const`, alternatives and local references. */
export function argumentKinds(schema: ExactRecord | undefined): KindsOf {
  const properties = schema?.['properties'];
  return (name) => {
    if (schema === undefined || !isExactRecord(properties) || !Object.hasOwn(properties, name)) return undefined;
    return kindsOf(properties[name], schema, maxSteps);
  };
}

export function kindOf(value: ExactValue): JsonKind {
  if (value === null) return 'null';
  if (value instanceof ExactNumber) return 'number';
  if (isExactList(value)) return 'array';
  return typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'boolean' : 'object';
}

function kindsOf(node: ExactValue | undefined, root: ExactRecord, steps: number): ReadonlySet<JsonKind> | undefined {
  if (!isExactRecord(node) || steps === 0) return undefined;
  const { type, enum: values, anyOf, oneOf, $ref: reference } = node;
  if (type !== undefined) return new Set((isExactList(type) ? type : [type]).flatMap(kindNamed));
  if (isExactList(values)) return new Set(values.map(kindOf));
  if (Object.hasOwn(node, 'const')) return new Set([kindOf(node['const'] ?? null)]);
  if (typeof reference === 'string') return kindsOf(resolve(reference, root), root, steps - 1);
  const ways = isExactList(anyOf) ? anyOf : isExactList(oneOf) ? oneOf : [];
  const each = ways.map((way) => kindsOf(way, root, steps - 1));
  return each.length === 0 || each.includes(undefined) ? undefined : new Set(each.flatMap((kinds) => [...(kinds ?? [])]));
}

function kindNamed(type: ExactValue): JsonKind[] {
  const names: Readonly<Record<string, JsonKind>> = {
    string: 'string',
    number: 'number',
    integer: 'number',
    boolean: 'boolean',
    null: 'null',
    array: 'array',
    object: 'object',
  };
  const kind = typeof type === 'string' && Object.hasOwn(names, type) ? names[type] : undefined;
  return kind === undefined ? [] : [kind];
}

/** A reference within the schema (RFC 6901 in a fragment). */
function resolve(reference: string, root: ExactRecord): ExactValue | undefined {
  if (!reference.startsWith('#/')) return undefined;
  let node: ExactValue | undefined = root;
  for (const step of reference.slice(2).split('/')) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    node = isExactRecord(node) && Object.hasOwn(node, name) ? node[name] : undefined;
  }
  return node;
}
