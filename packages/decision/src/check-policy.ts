import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicyVocabulary } from './cedar-schema.ts';
import { readHoursKey } from './hours.ts';
import { isJson, type PolicyFindings } from './read-est.ts';

/** What a policy names that nothing here answers to, in words; empty when there is nothing of the kind. */
export function checkPolicy(est: unknown, findings: PolicyFindings, vocabulary: PolicyVocabulary): readonly string[] {
  return [
    ...checkScope(est, vocabulary),
    ...checkEntities(findings, vocabulary),
    ...findings.paths.flatMap((path) => checkPath(path, vocabulary) ?? []),
    ...(findings.wholeContext ? ['context cannot be used whole; name what is looked at'] : []),
    ...findings.extensions.flatMap(({ name, text }) => checkExtension(name, text) ?? []),
  ];
}

function checkScope(est: unknown, { principals, resources }: PolicyVocabulary): readonly string[] {
  if (!isJson(est)) return [];
  return [
    ...scopeTypes(est['principal'])
      .filter((type) => !principals.includes(type))
      .map((type) => `a principal is never ${type}`),
    ...scopeTypes(est['resource'])
      .filter((type) => !resources.includes(type))
      .map((type) => `a resource is never ${type}`),
  ];
}

/** The types that the scope of a policy asks of `principal` or `resource`. */
function scopeTypes(constraint: unknown): readonly string[] {
  if (!isJson(constraint)) return [];
  const within = isJson(constraint['in']) ? constraint['in'] : constraint;
  const entity = isJson(within['entity']) ? within['entity']['type'] : undefined;
  return [constraint['entity_type'], entity].filter((type) => typeof type === 'string');
}

function checkEntities({ entities, types, actionsCompared }: PolicyFindings, vocabulary: PolicyVocabulary): readonly string[] {
  const isKnown = (type: string) => type === 'Action' || Object.hasOwn(vocabulary.types, type);
  const unknown = [...types, ...entities.map(({ type }) => type)].filter((type) => !isKnown(type));
  const actions = entities.filter(({ type }) => type === 'Action').map(({ id }) => id);
  return [
    ...new Set(
      unknown.map((type) => `there is no entity type ${type}; there are ${Object.keys(vocabulary.types).join(', ')}, Action`),
    ),
    ...actions
      .filter((id) => !vocabulary.actionGroups.includes(id) && !vocabulary.isAction(id))
      .map((id) => `there is no action ${JSON.stringify(id)}; write ${vocabulary.actionForm}${orGroup(vocabulary)}`),
    ...actionsCompared
      .filter(({ id }) => vocabulary.actionGroups.includes(id))
      .map(({ id }) => `no action is Action::"${id}" itself; write action in Action::"${id}"`),
  ];
}

function orGroup({ actionGroups }: PolicyVocabulary): string {
  return actionGroups.length === 0 ? '' : ` or one of the groups ${actionGroups.join(', ')}`;
}

function checkPath(path: readonly string[], vocabulary: PolicyVocabulary): string | undefined {
  const [root, first, second, third] = path;
  if (root === 'context') return checkContext([first, second, third], vocabulary);
  if (root !== 'principal' && root !== 'resource') return undefined;
  const types = root === 'principal' ? vocabulary.principals : vocabulary.resources;
  const own = types.flatMap((type) => vocabulary.types[type] ?? []);
  if (first !== undefined && !own.includes(first)) return `${root} has no attribute ${first}; it has ${own.join(', ') || 'none'}`;
  const all = Object.values(vocabulary.types).flat();
  return second === undefined || all.includes(second) ? undefined : `${root}.${first} has no attribute ${second}`;
}

/** Facts that are a record: asked for by a member. */
const keyedFacts: ReadonlySet<string> = new Set(['at', 'hours', 'from']);

function checkContext([first, second, third]: readonly (string | undefined)[], vocabulary: PolicyVocabulary): string | undefined {
  if (first === undefined || !vocabulary.context.includes(first)) {
    return `context has no member ${first}; it has ${vocabulary.context.join(', ')}`;
  }
  if (first !== 'facts') return undefined;
  if (second === undefined) return 'context.facts cannot be used whole; it is always there';
  if (!vocabulary.facts.includes(second)) return `context.facts has no member ${second}; it has ${vocabulary.facts.join(', ')}`;
  if (keyedFacts.has(second) && third === undefined) return `context.facts.${second} cannot be used whole; it is always there`;
  if (second === 'at' && !/^(\/([^~/]|~[01])*)+$/.test(third ?? ''))
    return `${JSON.stringify(third)} is no JSON pointer such as "/amount"`;
  if (second === 'hours' && readHoursKey(third ?? '') === undefined) {
    return `${JSON.stringify(third)} are no hours such as "08:00-18:00 Europe/Berlin mon,tue"`;
  }
  return undefined;
}

/** A literal that its constructor does not read would be an error on every evaluation, and so deny everything. */
function checkExtension(name: string, text: string): string | undefined {
  const read = cedar.checkParseContext({ context: { literal: { __extn: { fn: name, arg: text } } } });
  return read.type === 'success' ? undefined : `${name}(${JSON.stringify(text)}) cannot be read`;
}
