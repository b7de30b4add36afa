import type { OperationFlow } from '@surety/contract/flow';
import type { Effect } from '@surety/contract/system';
import { findGuards, type Parameter } from '@surety/decision/flow/find-guards';
import { classifyFields, classifyLabels } from './classify-labels.ts';

/** What a server says of one operation. */
type Schemas = {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
  readonly outputSchema?: unknown;
};

const maxParameters = 200;
const maxDepth = 4;

/** What comes back from an operation and where it can lead to, as far as names, descriptions and schemas tell. */
export function classifyFlow(one: Schemas, effect: Effect): OperationFlow {
  const { name, description, inputSchema, outputSchema } = one;
  const parameters = parametersOf(inputSchema).slice(0, maxParameters);
  return {
    labels: classifyLabels({ name, description, outputSchema, effect }),
    fields: classifyFields(outputSchema),
    guards: findGuards({ name, effect, parameters })
      .slice(0, 100)
      .map(({ pointer, of }) => ({ pointer, of })),
    by: 'heuristic',
  };
}

/** The parameters that a JSON Schema names, with those of objects inside. A list is one parameter. */
function parametersOf(schema: unknown, at = '', depth = 0): Parameter[] {
  const { properties, items } = record(schema);
  if (depth > maxDepth) return [];
  const inList = items === undefined || at === '' ? [] : parametersOf(items, at, depth + 1);
  const own = Object.entries(record(properties)).flatMap(([name, one]): Parameter[] => {
    const pointer = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (pointer.length > 300) return [];
    const { format, description } = record(one);
    const itemFormat = record(record(one)['items'])['format'];
    const said = [format, itemFormat].find((value) => typeof value === 'string');
    return [
      {
        pointer,
        name,
        ...(said === undefined ? {} : { format: said as string }),
        ...(typeof description === 'string' ? { description } : {}),
      },
      ...parametersOf(one, pointer, depth + 1),
    ];
  });
  return [...own, ...inList];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}
