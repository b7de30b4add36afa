import { type ExactRecord, isExactList, isExactRecord } from '@surety/contract/exact-json';
import type { Era } from './method-table.ts';

/**
 * The answer to `tools/list` with the tools this caller could be permitted to call, each name once, in the order they
 * came. What is left is the caller's own list, so nobody may keep it for another (`cacheScope: private`).
 */
export function listedTools(answer: ExactRecord, listable: ReadonlySet<string>, era: Era): ExactRecord {
  const { result } = answer;
  if (!isExactRecord(result)) return answer;
  const seen = new Set<string>();
  const tools = (isExactList(result['tools']) ? result['tools'] : []).filter((tool) => {
    const name = isExactRecord(tool) ? tool['name'] : undefined;
    if (typeof name !== 'string' || seen.has(name) || !listable.has(name)) return false;
    seen.add(name);
    return true;
  });
  return {
    ...answer,
    result: { ...result, tools, ...(era === 'stateless' || result['cacheScope'] !== undefined ? { cacheScope: 'private' } : {}) },
  };
}
