/** What a walk through Cedar's JSON form of one policy finds. Literals are not kept: on this way they lose digits. */
export type PolicyFindings = {
  /** Accesses from a variable, whole: `context.args has amount` → `context`, `args`, `amount`. */
  readonly paths: readonly (readonly string[])[];
  /** Attributes of anything else than a variable. */
  readonly looseNames: readonly string[];
  /** The whole context, or the whole of its arguments behind an expression, is used as a value. */
  readonly wholeContext: boolean;
  /** `action` is used in a condition. */
  readonly wholeAction: boolean;
  readonly entities: readonly { readonly type: string; readonly id: string }[];
  readonly types: readonly string[];
  /** Entities that `action` is compared with by `==` or `!=`, in the scope or in a condition. */
  readonly actionsCompared: readonly { readonly type: string; readonly id: string }[];
  /** Calls of an extension's constructor with a literal. */
  readonly extensions: readonly { readonly name: string; readonly text: string }[];
};

type Json = { readonly [key: string]: unknown };

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const constructors = ['decimal', 'datetime', 'duration', 'ip'];

/** Reads the JSON form of a policy (EST), as `policyToJson` gives it. */
export function readEst(est: unknown): PolicyFindings {
  const walk = new Walk();
  if (!isJson(est)) return walk;
  walk.visit([est['principal'], est['action'], est['resource'], est['conditions']]);
  walk.scopeOfAction(est['action']);
  return walk;
}

class Walk implements PolicyFindings {
  readonly paths: string[][] = [];
  readonly looseNames: string[] = [];
  readonly entities: { type: string; id: string }[] = [];
  readonly types: string[] = [];
  readonly actionsCompared: { type: string; id: string }[] = [];
  readonly extensions: { name: string; text: string }[] = [];
  wholeContext = false;
  wholeAction = false;

  visit(node: unknown): void {
    if (Array.isArray(node)) return node.forEach((item) => this.visit(item));
    if (!isJson(node)) return;
    const entity = entityOf(node);
    if (entity !== undefined) return void this.entities.push(entity);
    this.noteTypes(node);
    for (const [key, value] of Object.entries(node)) {
      if (key === 'Record') this.visit(isJson(value) ? Object.values(value) : value);
      else if (key === '.' || key === 'has') this.access(value);
      else if (key === 'Var') this.noteVariable(value);
      else this.visit(value);
      if (key === '==' || key === '!=') this.compare(value);
      if (constructors.includes(key)) this.construct(key, value);
    }
  }

  scopeOfAction(constraint: unknown): void {
    const entity = isJson(constraint) && constraint['op'] === '==' ? entityOf(constraint['entity']) : undefined;
    if (entity !== undefined) this.actionsCompared.push(entity);
  }

  /** `left.attr`, `left has attr` or `left has attr.attr`. */
  private access(value: unknown): void {
    if (!isJson(value)) return;
    const names = [value['attr']].flat().filter((name) => typeof name === 'string');
    const path = pathOf(value['left']);
    if (path !== undefined) return void this.paths.push([...path, ...names]);
    this.looseNames.push(...names);
    this.visit(value['left']);
  }

  private noteVariable(name: unknown): void {
    this.wholeContext ||= name === 'context';
    this.wholeAction ||= name === 'action';
  }

  private noteTypes(node: Json): void {
    if (typeof node['entity_type'] === 'string') this.types.push(node['entity_type']);
  }

  private compare(value: unknown): void {
    if (!isJson(value)) return;
    const sides = [value['left'], value['right']];
    if (!sides.some((side) => isJson(side) && side['Var'] === 'action')) return;
    for (const side of sides) {
      const entity = isJson(side) ? entityOf(side['Value']) : undefined;
      if (entity !== undefined) this.actionsCompared.push(entity);
    }
  }

  private construct(name: string, value: unknown): void {
    const [argument] = Array.isArray(value) ? value : [];
    const text = isJson(argument) ? argument['Value'] : undefined;
    if (typeof text === 'string') this.extensions.push({ name, text });
  }
}

/** The names from a variable to an expression, or undefined when it does not start at one. */
function pathOf(node: unknown): readonly string[] | undefined {
  if (!isJson(node)) return undefined;
  if (typeof node['Var'] === 'string') return [node['Var']];
  const access = node['.'];
  if (!isJson(access) || typeof access['attr'] !== 'string') return undefined;
  const left = pathOf(access['left']);
  return left && [...left, access['attr']];
}

/** `{ type, id }`, with or without the `__entity` around it. */
function entityOf(node: unknown): { type: string; id: string } | undefined {
  if (!isJson(node)) return undefined;
  const { type, id } = isJson(node['__entity']) ? node['__entity'] : node;
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined;
}
