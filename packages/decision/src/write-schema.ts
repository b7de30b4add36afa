import { actionId, groupsOf, vocabularies } from './cedar-schema.ts';
import { cedarLiteral } from './cedar-text.ts';
import { readPolicies } from './read-policies.ts';

/** What there is in one house beyond the vocabulary: its actions, and the names that its policies give to arguments and hours. */
export type LiveNames = {
  readonly actions: readonly { readonly system: string; readonly operation: string; readonly effect: string }[];
  /** JSON pointers of arguments. */
  readonly pointers: readonly string[];
  /** Windows of time, as policies write them. */
  readonly hours: readonly string[];
};

/** Types of attributes, for every type of entity alike. */
const attributeTypes: Readonly<Record<string, string>> = {
  name: 'String',
  riskTier: 'String',
  autonomy: 'String',
  owner: 'Human',
  roles: 'Set<String>',
  groups: 'Set<String>',
};

/** Types of the plain members of `context.facts`. */
const factTypes: Readonly<Record<string, string>> = {
  now: 'datetime',
  operation: 'String',
  effect: 'String',
  trigger: 'String',
  human: 'Human',
  depth: 'Long',
  labels: 'Set<String>',
};

const sides = {
  text: 'String',
  length: 'Long',
  number: 'decimal',
  whole: 'Long',
  flag: 'Bool',
  size: 'Long',
  texts: 'Set<String>',
  matches: 'Set<String>',
} as const;

/**
 * The vocabulary of calls (`cedar-schema.ts`) as a Cedar schema, with the actions of one house, so that editors and the official
 * validator know what a policy may name. The types of a tool's own arguments are not known here, so `context.args` is empty in
 * it: a policy that is to be validated looks at `context.facts.at["/amount"]`, whose sides have types.
 */
export function writeSchema({ actions, pointers, hours }: LiveNames): string {
  const { types, facts, actionGroups } = vocabularies.call;
  const entities = Object.entries(types).map(([type, attributes]) => entityText(type, attributes));
  const argument = Object.entries(sides).map(([side, type]) => `${side}?: ${type}`);
  const members = facts.map((fact) => factText(fact, { pointers, hours }));
  const groups = actionGroups.map((group) => {
    const above = groupsOf(group).filter((one) => one !== group);
    return `action ${cedarLiteral(group)}${above.length === 0 ? '' : ` in [${above.map(cedarLiteral).join(', ')}]`};`;
  });
  return [
    '// The words that policies of this house may use about a call. Made from what is protected now.',
    ...entities,
    '',
    '// One argument, by JSON pointer: each side is there when the value is of that type.',
    `type Argument = { ${argument.join(', ')} };`,
    `type Facts = {\n  ${members.join(',\n  ')}\n};`,
    'type Call = { args: {}, facts: Facts };',
    '',
    '// Groups of actions, by effect.',
    ...groups,
    '',
    '// What can be called.',
    ...distinct(actions).map(([id, effect]) => actionText(id, effect)),
    '',
  ].join('\n');
}

function entityText(type: string, attributes: readonly string[]): string {
  if (attributes.length === 0) return `entity ${type};`;
  return `entity ${type} = { ${attributes.map((name) => `${name}: ${typeOf(attributeTypes, name)}`).join(', ')} };`;
}

function factText(fact: string, { pointers, hours }: Pick<LiveNames, 'pointers' | 'hours'>): string {
  const record = (names: readonly string[], type: string, optional: string): string =>
    names.length === 0
      ? '{}'
      : `{ ${[...new Set(names)].map((name) => `${cedarLiteral(name)}${optional}: ${type}`).join(', ')} }`;
  switch (fact) {
    case 'at':
      return `at: ${record(pointers, 'Argument', '?')}`;
    case 'hours':
      return `hours: ${record(hours, 'Bool', '')}`;
    case 'from':
      return `from: ${record(pointers, 'Set<String>', '?')}`;
    default:
      return `${fact}: ${typeOf(factTypes, fact)}`;
  }
}

function typeOf(table: Readonly<Record<string, string>>, name: string): string {
  const type = table[name];
  if (type === undefined) throw new TypeError(`the schema does not know the type of ${name}`);
  return type;
}

/** Each action once: two systems have no name in common. */
function distinct(actions: LiveNames['actions']): readonly (readonly [string, string])[] {
  const byId = new Map(actions.map(({ system, operation, effect }) => [actionId(system, operation), effect]));
  return [...byId].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function actionText(id: string, effect: string): string {
  const groups = groupsOf(effect).map(cedarLiteral).join(', ');
  return `action ${cedarLiteral(id)} in [${groups}] appliesTo { principal: [Agent], resource: [System], context: Call };`;
}

/** The pointers and hours that these texts name; of one that cannot be read, none. */
export function namesIn(texts: readonly string[]): Pick<LiveNames, 'pointers' | 'hours'> {
  const needs = texts.flatMap((text) => {
    const read = readPolicies(text);
    return read.ok ? [read.needs] : [];
  });
  return {
    pointers: [...new Set(needs.flatMap(({ pointers }) => pointers))].toSorted(),
    hours: [...new Set(needs.flatMap(({ hours }) => hours.map(({ key }) => key)))].toSorted(),
  };
}
