import { type ExactRecord, type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';

/**
 * What expressions can look at (COAZ-MCP §3): the `params` of the JSON-RPC request, and the claims of the verified access
 * token.
 */
export type MappingInput = { readonly params: ExactRecord; readonly token: ExactRecord };

/** Why a mapping cannot be used for a request, and where in it: a JSON pointer. Quotes no value of the request. */
export class MappingError extends Error {
  override readonly name = 'MappingError';
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** How deep a template is followed. Its text was bounded when it was read. */
const maxDepth = 20;

/**
 * A template with every expression in it replaced by its value (COAZ §2.6). A text that begins with `$` is an expression, with
 * `$$` a literal that begins with `$`; everything else stands for itself. A member whose value is absent is left out.
 *
 * Of CEL only paths are understood: `$params.arguments.id`, `$token.?client_id`, `$params.arguments["customer-id"]`,
 * `$params.list[0]`; any other expression is a `MappingError`, so that nothing is decided on half an expression.
 */
export function fillTemplate(template: ExactValue, input: MappingInput, path = ''): ExactValue | undefined {
  if (path.split('/').length > maxDepth) throw new MappingError(path, 'is nested too deeply');
  if (typeof template === 'string') {
    if (!template.startsWith('$')) return template;
    return template.startsWith('$$') ? template.slice(1) : evaluate(template.slice(1), input, path);
  }
  if (isExactList(template))
    return template.flatMap((one, at) => {
      const filled = fillTemplate(one, input, `${path}/${at}`);
      return filled === undefined ? [] : [filled];
    });
  if (!isExactRecord(template)) return template;
  const filled: Record<string, ExactValue> = Object.create(null);
  for (const [name, member] of Object.entries(template)) {
    const value = fillTemplate(member, input, `${path}/${pointerPart(name)}`);
    if (value !== undefined) filled[name] = value;
  }
  return filled;
}

/** One step of a path: a member by its name or in brackets, maybe an optional one, or a place in a list. */
const step = /\.(\??)([A-Za-z_]\w*)|\[(\??)(?:"((?:[^"\\]|\\["\\])*)"|'((?:[^'\\]|\\['\\])*)'|(\d{1,6}))\]/y;

type Step = { readonly name: string; readonly isOptional: boolean; readonly isPlace: boolean };

function evaluate(expression: string, { params, token }: MappingInput, path: string): ExactValue | undefined {
  const root = /^(params|token)\b/.exec(expression)?.[1];
  const steps = root === undefined ? undefined : readSteps(expression, root.length);
  if (steps === undefined) throw new MappingError(path, 'is no path into params or token; other expressions are not understood');
  let value: ExactValue = root === 'params' ? params : token;
  let mayBeAbsent = false;
  for (const one of steps) {
    mayBeAbsent ||= one.isOptional;
    const next: ExactValue | undefined = take(value, one);
    if (next === undefined) {
      if (mayBeAbsent) return undefined;
      throw new MappingError(path, 'names something that is not there; write ".?" where it may be left out');
    }
    value = next;
  }
  return value;
}

function readSteps(expression: string, from: number): readonly Step[] | undefined {
  const steps: Step[] = [];
  for (let at = from; at < expression.length; at = step.lastIndex) {
    step.lastIndex = at;
    const match = step.exec(expression);
    if (match === null) return undefined;
    const [, mark, plain, markInBrackets, double, single, place] = match;
    const name = plain ?? (double ?? single)?.replaceAll(/\\(.)/g, '$1') ?? place ?? '';
    steps.push({ name, isOptional: mark === '?' || markInBrackets === '?', isPlace: place !== undefined });
  }
  return steps;
}

function take(value: ExactValue, { name, isPlace }: Step): ExactValue | undefined {
  if (isPlace) return isExactList(value) ? value[Number(name)] : undefined;
  return isExactRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
