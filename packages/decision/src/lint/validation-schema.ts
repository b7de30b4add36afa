import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { actionId, groupsOf, vocabularies } from '../cedar-schema.ts';
import type { PolicyFindings } from '../read-est.ts';
import type { KnownSystem } from './known-systems.ts';

/** The type of an attribute, in Cedar's JSON schema. */
type Typed = cedar.TypeOfAttribute<string>;

const text: Typed = { type: 'String' };
const texts: Typed = { type: 'Set', element: { type: 'String' } };
const optional = (type: Typed): Typed => ({ ...type, required: false });

/** The typed sides of one argument (`argument-facts.ts`), none of which need be there. */
const argument: Typed = {
  type: 'Record',
  required: false,
  attributes: {
    text: optional(text),
    length: { type: 'Long', required: false },
    number: { type: 'Extension', name: 'decimal', required: false },
    whole: { type: 'Long', required: false },
    flag: { type: 'Boolean', required: false },
    size: { type: 'Long', required: false },
    texts: optional(texts),
    matches: optional(texts),
  },
};

/**
 * Types of the plain members of `context.facts`. A member that is not here is not validated, and nothing is said of its policy.
 */
const plainFacts: Readonly<Record<string, Typed>> = {
  now: { type: 'Extension', name: 'datetime' },
  operation: text,
  effect: text,
  trigger: text,
  depth: { type: 'Long' },
  human: { type: 'Entity', name: 'Human' },
  labels: texts,
};

/** What one argument may be when `context.args` is asked for it: arguments have no schema here. */
const argumentTypes: readonly Typed[] = [{ type: 'Long' }, text, { type: 'Boolean' }, texts];

/** More combinations of argument types than these are not tried. */
const maxCombinations = 256;

/**
 * Cedar's schema for the questions that a policy of this kind is asked, once for each way its arguments could be typed; empty
 * when the policy asks for something that has no type here. Without known systems, whatever operation the policy names is taken
 * to exist.
 */
export function validationSchemas(
  findings: PolicyFindings,
  systems: readonly KnownSystem[] | undefined,
): readonly cedar.Schema[] {
  const names = (place: readonly string[]): readonly string[] => [
    ...new Set(
      findings.paths.filter((path) => place.every((one, at) => path[at] === one)).flatMap((path) => path[place.length] ?? []),
    ),
  ];
  const asked = names(['context', 'facts']).filter((name) => !['at', 'hours', 'from'].includes(name));
  const args = names(['context', 'args']);
  const isDeep = findings.paths.some(([root, first, , inner]) => root === 'context' && first === 'args' && inner !== undefined);
  const isTyped = asked.every((name) => Object.hasOwn(plainFacts, name));
  if (!isTyped || isDeep || findings.wholeContext || argumentTypes.length ** args.length > maxCombinations) return [];
  const pointers = names(['context', 'facts', 'at']);
  const hours = names(['context', 'facts', 'hours']);
  const facts: Typed = {
    type: 'Record',
    attributes: {
      ...Object.fromEntries(asked.flatMap((name) => (plainFacts[name] === undefined ? [] : [[name, plainFacts[name]]]))),
      at: { type: 'Record', attributes: Object.fromEntries(pointers.map((pointer) => [pointer, argument])) },
      from: {
        type: 'Record',
        attributes: Object.fromEntries(names(['context', 'facts', 'from']).map((pointer) => [pointer, optional(texts)])),
      },
      hours: { type: 'Record', attributes: Object.fromEntries(hours.map((key) => [key, { type: 'Boolean' }])) },
    },
  };
  return combinations(args).map((typed) => schemaWith(findings, systems, { args: { type: 'Record', attributes: typed }, facts }));
}

function combinations(args: readonly string[]): readonly Readonly<Record<string, Typed>>[] {
  return args.reduce<readonly Readonly<Record<string, Typed>>[]>(
    (all, name) => all.flatMap((one) => argumentTypes.map((type) => ({ ...one, [name]: optional(type) }))),
    [{}],
  );
}

const groups = vocabularies.call.actionGroups;

function schemaWith(
  findings: PolicyFindings,
  systems: readonly KnownSystem[] | undefined,
  context: Readonly<Record<string, Typed>>,
): cedar.Schema {
  const appliesTo = { principalTypes: ['Agent'], resourceTypes: ['System'], context: { type: 'Record', attributes: context } };
  const action = (parents: readonly string[]) => ({ memberOf: parents.map((id) => ({ id })), appliesTo });
  const named = findings.entities.filter(({ type, id }) => type === 'Action' && !groups.includes(id)).map(({ id }) => id);
  const known =
    systems === undefined
      ? [...named.map((id) => [id, action(groups)]), ...groups.map((group) => [`any.${group}`, action([group])])]
      : systems.flatMap(({ name, operations }) =>
          operations.map((operation) => [actionId(name, operation.name), action(groupsOf(operation.effect))]),
        );
  const schema = {
    '': {
      entityTypes: {
        Agent: shape({ name: text, riskTier: text, autonomy: text, owner: { type: 'Entity', name: 'Human' } }),
        Human: shape({ name: text, roles: texts, groups: texts }),
        System: shape({ name: text }),
        Unheld: shape({}),
      },
      actions: { ...Object.fromEntries(groups.map((group) => [group, {}])), ...Object.fromEntries(known) },
    },
  };
  return schema as unknown as cedar.Schema;
}

function shape(attributes: Readonly<Record<string, Typed>>) {
  return { shape: { type: 'Record', attributes } };
}
