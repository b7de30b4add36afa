import { EvaluationError } from './evaluation-error.ts';
import { isJson, type Json, readList, readOnly, readText, readTypeName } from './est.ts';
import { extensionCalls } from './extension-calls.ts';
import {
  asBoolean,
  asEntity,
  asLong,
  asSet,
  asText,
  type Binary,
  binaryOperators,
  findAttribute,
  getAttribute,
} from './operators.ts';
import { checkedLong } from './long.ts';
import { compilePattern, type PatternPiece } from './pattern.ts';
import { PolicyRefused } from './policy-refused.ts';
import type { Evaluate } from './question.ts';
import { readValue } from './read-value.ts';
import { RecordValue, SetValue, type Value } from './value.ts';

/** An expression compiled. `constant` is its value when it is the same for every question. */
export type Compiled = { readonly evaluate: Evaluate; readonly constant?: Value };

/** Beyond this, an expression is refused rather than followed. */
const maxDepth = 1000;

/** Compiles an expression in Cedar's JSON form. PolicyRefused when it is none. */
export function compileExpression(json: unknown, depth = 0): Compiled {
  if (depth > maxDepth) throw new PolicyRefused('an expression is nested too deeply');
  const [name, body, ...more] = isJson(json) ? Object.entries(json).flat(1) : [];
  if (typeof name !== 'string' || more.length > 0) throw new PolicyRefused('an expression has exactly one member');
  const compile = (inner: unknown): Compiled => compileExpression(inner, depth + 1);
  const binary = binaryOperators.get(name);
  if (binary !== undefined) return compileBinary(binary, readOnly(body, ['left', 'right'], name), compile);
  const form = forms.get(name);
  if (form !== undefined) return form(body, compile);
  return compileCall(name, body, compile);
}

type Compile = (json: unknown) => Compiled;

const forms: ReadonlyMap<string, (body: unknown, compile: Compile) => Compiled> = new Map([
  ['Value', (body) => constantOf(readValue(body))],
  ['Var', compileVariable],
  ['&&', compileAnd],
  ['||', compileOr],
  ['!', (body, compile) => compileUnary(body, compile, (value) => !asBoolean(value))],
  ['neg', (body, compile) => compileUnary(body, compile, (value) => checkedLong(-asLong(value)))],
  ['isEmpty', (body, compile) => compileUnary(body, compile, (value) => asSet(value).values.length === 0)],
  ['.', compileAccess],
  ['has', compileHas],
  ['like', compileLike],
  ['is', compileIs],
  ['if-then-else', compileChoice],
  ['Set', compileSet],
  ['Record', compileRecord],
]);

function constantOf(constant: Value): Compiled {
  return { evaluate: () => constant, constant };
}

function compileVariable(name: unknown): Compiled {
  switch (name) {
    case 'principal':
      return { evaluate: ({ principal }) => principal };
    case 'action':
      return { evaluate: ({ action }) => action };
    case 'resource':
      return { evaluate: ({ resource }) => resource };
    case 'context':
      return { evaluate: ({ context }) => context };
    default:
      throw new PolicyRefused('there is no such variable');
  }
}

function compileUnary(body: unknown, compile: Compile, apply: (value: Value) => Value): Compiled {
  const { evaluate } = compile(readOnly(body, ['arg'], 'an operator on one operand')['arg']);
  return { evaluate: (question) => apply(evaluate(question)) };
}

function compileBinary(apply: Binary, { left, right }: Json, compile: Compile): Compiled {
  const { evaluate: first } = compile(left);
  const { evaluate: second, constant } = compile(right);
  if (constant !== undefined) return { evaluate: (question) => apply(first(question), constant, question) };
  return { evaluate: (question) => apply(first(question), second(question), question) };
}

function compileAnd(body: unknown, compile: Compile): Compiled {
  const { left, right } = readOnly(body, ['left', 'right'], '&&');
  const [{ evaluate: first }, { evaluate: second }] = [compile(left), compile(right)];
  return { evaluate: (question) => asBoolean(first(question)) && asBoolean(second(question)) };
}

function compileOr(body: unknown, compile: Compile): Compiled {
  const { left, right } = readOnly(body, ['left', 'right'], '||');
  const [{ evaluate: first }, { evaluate: second }] = [compile(left), compile(right)];
  return { evaluate: (question) => asBoolean(first(question)) || asBoolean(second(question)) };
}

function compileChoice(body: unknown, compile: Compile): Compiled {
  const parts = readOnly(body, ['if', 'then', 'else'], 'if-then-else');
  const [{ evaluate: when }, { evaluate: then }, { evaluate: otherwise }] = [
    compile(parts['if']),
    compile(parts['then']),
    compile(parts['else']),
  ];
  return { evaluate: (question) => (asBoolean(when(question)) ? then(question) : otherwise(question)) };
}

function compileAccess(body: unknown, compile: Compile): Compiled {
  const { left, attr } = readOnly(body, ['left', 'attr'], 'an access');
  const { evaluate } = compile(left);
  const name = readText(attr, 'the name of an attribute');
  return { evaluate: (question) => getAttribute(evaluate(question), name, question) };
}

/** `left has a.b.c` asks for `a`, then in what was found for `b`, and so on: the first that is missing is the answer. */
function compileHas(body: unknown, compile: Compile): Compiled {
  const { left, attr } = readOnly(body, ['left', 'attr'], 'has');
  const { evaluate } = compile(left);
  const names = (Array.isArray(attr) ? attr : [attr]).map((one) => readText(one, 'the name of an attribute'));
  const [only, ...more] = names;
  if (only === undefined) throw new PolicyRefused('has asks for an attribute');
  if (more.length === 0) return { evaluate: (question) => findAttribute(evaluate(question), only, question) !== undefined };
  return {
    evaluate: (question) => {
      let value: Value | undefined = evaluate(question);
      for (const name of names) {
        value = findAttribute(value, name, question);
        if (value === undefined) return false;
      }
      return true;
    },
  };
}

function compileLike(body: unknown, compile: Compile): Compiled {
  const { left, pattern } = readOnly(body, ['left', 'pattern'], 'like');
  const { evaluate } = compile(left);
  const matches = compilePattern(readList(pattern, 'a pattern').map(readPiece));
  return { evaluate: (question) => matches(asText(evaluate(question))) };
}

function readPiece(piece: unknown): PatternPiece {
  if (piece === 'Wildcard') return 'wildcard';
  return { literal: readText(readOnly(piece, ['Literal'], 'a piece of a pattern')['Literal'], 'a piece of a pattern') };
}

function compileIs(body: unknown, compile: Compile): Compiled {
  const parts = readOnly(body, ['left', 'entity_type', 'in'], 'is');
  const { evaluate } = compile(parts['left']);
  const type = readTypeName(parts['entity_type']);
  if (parts['in'] === undefined) return { evaluate: (question) => asEntity(evaluate(question)).type === type };
  const { evaluate: group } = compile(parts['in']);
  return {
    evaluate: (question) => {
      const uid = asEntity(evaluate(question));
      return uid.type === type && isIn(uid, group(question), question);
    },
  };
}

const isIn = readOperator('in');

function readOperator(name: string): Binary {
  const found = binaryOperators.get(name);
  if (found === undefined) throw new TypeError(`there is no operator ${name}`);
  return found;
}

function compileSet(body: unknown, compile: Compile): Compiled {
  const members = readList(body, 'a set').map(compile);
  const constants = constantsOf(members);
  if (constants !== undefined) return constantOf(new SetValue(constants));
  return { evaluate: (question) => new SetValue(members.map(({ evaluate }) => evaluate(question))) };
}

function compileRecord(body: unknown, compile: Compile): Compiled {
  if (!isJson(body)) throw new PolicyRefused('a record is no object');
  const names = Object.keys(body).map((name) => readText(name, 'the name of an attribute'));
  const members = names.map((name) => compile(body[name]));
  const constants = constantsOf(members);
  if (constants !== undefined) return constantOf(new RecordValue(names, constants));
  return {
    evaluate: (question) =>
      new RecordValue(
        names,
        members.map(({ evaluate }) => evaluate(question)),
      ),
  };
}

/** A call with constant arguments is made once, now; when it fails, it fails whenever it is come to. */
function compileCall(name: string, body: unknown, compile: Compile): Compiled {
  const call = extensionCalls.get(name);
  if (call === undefined) throw new PolicyRefused(`there is no function ${JSON.stringify(name)}`);
  const args = readList(body, 'the arguments of a function').map(compile);
  const constants = constantsOf(args);
  if (constants === undefined) return { evaluate: callWith(call, args) };
  try {
    return constantOf(call(constants));
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return { evaluate: () => call(constants) };
  }
}

/** Nearly every function takes two, as comparisons of decimals do. */
function callWith(call: (args: readonly Value[]) => Value, args: readonly Compiled[]): Evaluate {
  const [first, second, ...more] = args;
  if (first === undefined || second === undefined || more.length > 0)
    return (question) => call(args.map(({ evaluate }) => evaluate(question)));
  return (question) => call([first.evaluate(question), second.evaluate(question)]);
}

function constantsOf(all: readonly Compiled[]): readonly Value[] | undefined {
  const constants: Value[] = [];
  for (const { constant } of all) {
    if (constant === undefined) return undefined;
    constants.push(constant);
  }
  return constants;
}
