import { type ExactRecord, isExactList, isExactRecord, writeExactJson } from '@surety/contract/exact-json';
import type { GuardedSystem } from '@surety/contract/enforcement';
import { definitionDigest, definitionOf } from '@surety/decision/definition-digest';
import type { Era } from './method-table.ts';

/** What a caller gets to see of a list of tools, and the names of those whose definition is not the one that was looked at. */
export type ListedTools = { readonly answer: ExactRecord; readonly changed: readonly string[] };

/**
 * The answer to `tools/list` with the tools this caller could be permitted to call, each name once, in the order they
 * came. One that describes itself otherwise than the catalogue has it is left out: a model must not read what nobody has
 * looked at. What is left is the caller's own list, so nobody may keep it for another (`cacheScope: private`).
 */
export function listedTools(
  answer: ExactRecord,
  listable: ReadonlySet<string>,
  { operations }: Pick<GuardedSystem, 'operations'>,
  era: Era,
): ListedTools {
  const { result } = answer;
  if (!isExactRecord(result)) return { answer, changed: [] };
  const seen = new Set<string>();
  const changed: string[] = [];
  const tools = (isExactList(result['tools']) ? result['tools'] : []).filter((tool) => {
    const name = isExactRecord(tool) ? tool['name'] : undefined;
    if (!isExactRecord(tool) || typeof name !== 'string' || seen.has(name)) return false;
    seen.add(name);
    const known = operations.get(name);
    const isSame = known !== undefined && digestOf(tool) === known.definitionDigest;
    if (known !== undefined && !isSame) changed.push(name);
    return isSame && listable.has(name);
  });
  const scope = era === 'stateless' || result['cacheScope'] !== undefined ? { cacheScope: 'private' } : {};
  return { answer: { ...answer, result: { ...result, tools, ...scope } }, changed };
}

/** The digest as the catalogue has it, which reads numbers as JavaScript does. Undefined for what it could not keep. */
function digestOf(tool: ExactRecord): string | undefined {
  try {
    return definitionDigest(definitionOf(JSON.parse(writeExactJson(tool)) as Record<string, unknown>));
  } catch {
    return undefined;
  }
}
