import { type ExactRecord, type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';
import { SuretyError } from '@surety/sdk/surety-error';
import { askSystem, type McpAnswer, type McpPlace } from './ask-system.ts';

/** How many pages of a list are read at most. */
const maxPages = 50;

/**
 * The schema of a tool's arguments, as the system lists it to this agent now (`tools/list`). Undefined when it does not list
 * the tool, or no list comes: what is wrong is then said by the call itself.
 */
export async function findSchema(place: McpPlace, tool: string): Promise<ExactRecord | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const { kind, value } = await listPage(place, cursor);
    const tools = kind === 'result' ? value['tools'] : undefined;
    const found = isExactList(tools) ? tools.find((one) => isExactRecord(one) && one['name'] === tool) : undefined;
    if (found !== undefined) return schemaOf(found);
    const next = value['nextCursor'];
    if (kind === 'error' || typeof next !== 'string' || next === '' || next === cursor) return undefined;
    cursor = next;
  }
  return undefined;
}

function schemaOf(tool: ExactValue): ExactRecord | undefined {
  const schema = isExactRecord(tool) ? tool['inputSchema'] : undefined;
  return isExactRecord(schema) ? schema : undefined;
}

async function listPage(place: McpPlace, cursor: string | undefined): Promise<McpAnswer> {
  try {
    return await askSystem(place, { method: 'tools/list', params: cursor === undefined ? {} : { cursor } });
  } catch (thrown) {
    if (!(thrown instanceof SuretyError) || place.signal.aborted) throw thrown;
    return { kind: 'error', value: {} };
  }
}
