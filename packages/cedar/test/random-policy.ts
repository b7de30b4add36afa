import type { Random } from './random.ts';
import { nodes, type Node } from './nodes.ts';
import {
  constructors,
  entityTypes,
  type ExtensionType,
  type Json,
  randomAction,
  randomBroken,
  randomLong,
  randomString,
  randomText,
  randomUid,
  randomValue,
  type Type,
  types,
} from './random-value.ts';

export type Expression = { readonly [node: string]: Json };

/** What the outermost expression of a policy is: which node, on operands of which types. */
export type Covered = { readonly node: string; readonly operands: readonly Type[] };

export type RandomPolicy = {
  readonly policy: { readonly [member: string]: Json };
  readonly slots: { readonly [slot: string]: { readonly type: string; readonly id: string } };
  /** Undefined when the head of the policy may keep it from being evaluated. */
  readonly covered: Covered | undefined;
};

/** The value of an expression as an expression, so that a policy can ask for exactly it; undefined if it has none. */
export type Foresee = (expression: Expression) => Expression | undefined;

export type PolicyOptions = {
  readonly effect: 'permit' | 'forbid';
  readonly foresee: Foresee;
  /** How many percent of the policies have a head that fits everything. */
  readonly openPercent: number;
  /** How many percent have a node that is chosen so that each has operands of each type equally often. */
  readonly evenPercent: number;
};

export function randomPolicy(random: Random, { effect, foresee, openPercent, evenPercent }: PolicyOptions): RandomPolicy {
  const { body, covered } = randomCondition(random, foresee, evenPercent);
  const { scope, slots, isOpen } = randomScope(random, openPercent);
  const more = random.chance(10) ? [{ kind: random.pick(['when', 'unless']), body: randomExpression(random, 'bool', 2) }] : [];
  const conditions = random.chance(isOpen ? 3 : 30) ? [] : [{ kind: random.chance(90) ? 'when' : 'unless', body }, ...more];
  const isCovering = isOpen && conditions.length > 0;
  return { policy: { effect, ...scope, conditions }, slots, covered: isCovering ? covered : undefined };
}

/** One node on operands of types it may or may not take, and around it what makes a condition of its value. */
function randomCondition(
  random: Random,
  foresee: Foresee,
  evenPercent: number,
): { readonly body: Expression; readonly covered: Covered } {
  const { node, operands } = random.chance(evenPercent) ? evenly(random) : anyhow(random);
  const written = operands.map((type) => randomOperand(random, type, node.name));
  // The same on both sides: where `<` and `<=` differ, and what `==` is for.
  const isTwin = written.length === 2 && operands[0] === operands[1] && random.chance(35);
  const inner = node.write(
    isTwin ? [written[0]!, random.chance(50) ? written[0]! : almost(random, written[0]!)] : written,
    random,
  );
  const covered = { node: node.name, operands };
  if (node.gives === 'bool' && random.chance(80)) return { body: inner, covered };
  const foreseen = random.chance(60) ? foresee(inner) : undefined;
  if (foreseen !== undefined) return { body: { '==': { left: inner, right: foreseen } }, covered };
  const right = randomExpression(random, node.gives === 'any' ? random.pick(types) : node.gives, 1);
  return { body: { [random.pick(['==', '!='])]: { left: inner, right } }, covered };
}

type Chosen = { readonly node: Node; readonly operands: readonly Type[] };

function anyhow(random: Random): Chosen {
  const node = random.pick(nodes);
  const operands = node.takes.map((fitting) => (random.chance(85) ? random.pick(fitting) : random.pick(types)));
  return { node, operands: random.chance(50) ? alike(node, operands) : operands };
}

const extensions = Object.keys(constructors) as ExtensionType[];

const places = nodes.flatMap((node) => node.takes.flatMap((_, at) => types.map((type) => ({ node, at, type }))));

/** Every type in every place of every node equally often, beside operands that fit. */
function evenly(random: Random): Chosen {
  const { node, at: fixed, type } = random.pick(places);
  const operands = node.takes.map((fitting, at) => (at === fixed ? type : random.pick(fitting)));
  return { node, operands: random.chance(30) ? alike(node, operands) : operands };
}

/** Of one type, where a node takes everything: unlike types are never equal. */
function alike({ takes }: Node, operands: readonly Type[]): readonly Type[] {
  return takes.length === 2 && takes.every((fitting) => fitting.length > 1) ? operands.map(() => operands[0]!) : operands;
}

/** Another expression for a value that is nearly the same: a member less, another prefix, a text instead of a number. */
function almost(random: Random, expression: Expression): Expression {
  const { Set: members, Record: fields, Value: value, ip } = expression;
  if (isList(members)) {
    if (random.chance(50)) return { Set: members.toSpliced(random.below(members.length + 1), 1) };
    return { Set: members.map((member) => almost(random, member)) };
  }
  if (isList(ip)) return { ip: ip.map((text) => otherPrefix(random, text)) };
  if (typeof fields === 'object' && fields !== null)
    return { Record: Object.fromEntries(Object.entries(fields).slice(random.below(2))) };
  if (typeof value === 'bigint') return { Value: value.toString() };
  return typeof value === 'string' && /^\d+$/.test(value) ? { Value: BigInt(value) } : expression;
}

function isList(json: Json | undefined): json is readonly Expression[] {
  return Array.isArray(json);
}

function otherPrefix(random: Random, text: Expression): Expression {
  if (typeof text['Value'] !== 'string') return text;
  return { Value: `${text['Value'].split('/')[0]}/${random.pick([0, 8, 24, 32, 128])}` };
}

function randomOperand(random: Random, type: Type, node: string): Expression {
  const made = extensions.find((one) => constructors[one] === node);
  if (made !== undefined && type === 'string' && random.chance(70)) {
    return { Value: random.chance(30) ? randomBroken(random, made) : randomText(random, made, { anything: true }) };
  }
  if (node === 'neg' && type === 'long' && random.chance(20)) return { Value: -(2n ** 63n) };
  return randomExpression(random, type, random.pick([0, 0, 0, 1, 1, 2]));
}

/** An expression of this type, as far as its parts have the types that their names promise. */
export function randomExpression(random: Random, type: Type, depth: number): Expression {
  const dice = random.below(100);
  if (depth <= 0 || dice < 25) return random.chance(65) ? randomLiteral(random, type) : randomAccess(random, type);
  if (dice < 30) return randomExpression(random, random.pick(types), depth - 1);
  if (dice < 40) {
    const [condition, then, otherwise] = [
      randomExpression(random, 'bool', depth - 1),
      randomExpression(random, type, depth - 1),
      randomExpression(random, type, depth - 1),
    ];
    // oxlint-disable-next-line unicorn/no-thenable -- it is the name in Cedar's form, and nothing waits for it
    return { 'if-then-else': { if: condition, then, else: otherwise } };
  }
  const giving = nodes.filter(({ gives }) => gives === type);
  if (giving.length === 0) return randomLiteral(random, type);
  return writeNode(random, random.pick(giving), depth);
}

function writeNode(random: Random, node: Node, depth: number): Expression {
  return node.write(
    node.takes.map((fitting) => randomExpression(random, random.pick(fitting), depth - 1)),
    random,
  );
}

/** An attribute, whose name is its type: of a variable, a record or an entity; or a tag. */
function randomAccess(random: Random, type: Type): Expression {
  if (type === 'entity' && random.chance(60)) return { Var: random.pick(['principal', 'action', 'resource']) };
  if (type === 'record' && random.chance(30)) return { Var: 'context' };
  const variable = { Var: random.pick(['context', 'context', 'context', 'context', 'principal', 'resource']) };
  const dice = random.below(100);
  if (dice < 75) return { '.': { left: variable, attr: type } };
  if (dice < 85) return { '.': { left: { '.': { left: variable, attr: 'record' } }, attr: type } };
  if (dice < 90) return { '.': { left: { '.': { left: variable, attr: 'entity' } }, attr: type } };
  return { getTag: { left: { Var: random.pick(['principal', 'resource']) }, right: { Value: type } } };
}

export function randomLiteral(random: Random, type: Type): Expression {
  switch (type) {
    case 'bool':
      return { Value: random.chance(50) };
    case 'long':
      return { Value: randomLong(random) };
    case 'string':
      return { Value: randomString(random) };
    case 'entity':
      return { Value: { __entity: random.chance(90) ? randomUid(random) : randomAction(random) } };
    case 'set':
      return randomSet(random);
    case 'record':
      return randomRecord(random);
    default:
      if (random.chance(10)) return { Value: randomValue(random, type) };
      if (type === 'datetime' && random.chance(10)) return randomFarDatetime(random);
      return { [constructors[type]]: [{ Value: randomText(random, type, { anything: true }) }] };
  }
}

/** Beyond what has a text: near the ends of what a datetime can hold. */
function randomFarDatetime(random: Random): Expression {
  const by = random.pick(['9223372036854775807ms', '-9223372036854775808ms', '-9223372036854775000ms', '9223372036854770000ms']);
  return { offset: [{ datetime: [{ Value: '1970-01-01' }] }, { duration: [{ Value: by }] }] };
}

function randomSet(random: Random): Expression {
  if (random.chance(20)) return { Value: randomValue(random, 'set') };
  const type = random.pick(types.filter((one) => one !== 'set' && one !== 'record'));
  return {
    Set: random.many(random.pick([0, 1, 2, 3, 9]), () =>
      random.chance(80) ? randomLiteral(random, type) : randomAccess(random, type),
    ),
  };
}

function randomRecord(random: Random): Expression {
  if (random.chance(20)) return { Value: randomValue(random, 'record') };
  const names = types.filter((type) => type !== 'set' && type !== 'record' && random.chance(40));
  return {
    Record: Object.fromEntries(
      names.map((name) => [name, random.chance(80) ? randomLiteral(random, name) : randomAccess(random, name)]),
    ),
  };
}

type RandomScope = {
  readonly scope: { readonly [variable: string]: Json };
  readonly slots: RandomPolicy['slots'];
  readonly isOpen: boolean;
};

function randomScope(random: Random, openPercent: number): RandomScope {
  if (random.chance(openPercent))
    return { scope: { principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } }, slots: {}, isOpen: true };
  const slots: Record<string, { type: string; id: string }> = {};
  const isTemplate = random.chance(25);
  const constrain = (slot: string): Json => {
    const isSlot = isTemplate && random.chance(60);
    if (isSlot) slots[slot] = randomUid(random);
    const entity: { readonly [member: string]: Json } = isSlot ? { slot } : { entity: randomUid(random) };
    const entity_type = random.pick(entityTypes);
    return random.pick<() => Json>([
      () => (isSlot ? { op: '==', ...entity } : { op: 'All' }),
      () => ({ op: '==', ...entity }),
      () => ({ op: 'in', ...entity }),
      () => (isSlot ? { op: 'in', ...entity } : { op: 'is', entity_type }),
      () => ({ op: 'is', entity_type, in: entity }),
    ])();
  };
  const action = random.pick<() => Json>([
    () => ({ op: 'All' }),
    () => ({ op: 'All' }),
    () => ({ op: '==', entity: randomAction(random) }),
    () => ({ op: 'in', entity: randomAction(random) }),
    () => ({ op: 'in', entities: random.many(random.below(4), () => randomAction(random)) }),
  ])();
  return { scope: { principal: constrain('?principal'), action, resource: constrain('?resource') }, slots, isOpen: false };
}
