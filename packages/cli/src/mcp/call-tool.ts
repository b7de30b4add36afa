import type { ExactRecord } from '@surety/contract/exact-json';
import { askSystem, type McpAnswer, type McpPlace } from './ask-system.ts';
import { parameterHeaders } from './header-value.ts';

export type ToolCall = {
  readonly tool: string;
  readonly arguments: ExactRecord;
  /** The schema of the arguments as the system lists it: it may ask for headers that mirror some of them. */
  readonly schema: ExactRecord | undefined;
};

/** One `tools/call`. The answer is the result of the tool, the refusal of the guard, or a JSON-RPC error. */
export function callTool(place: McpPlace, { tool, arguments: args, schema }: ToolCall): Promise<McpAnswer> {
  const params = { name: tool, arguments: args };
  return askSystem(place, { method: 'tools/call', name: tool, params, headers: parameterHeaders(schema, args) });
}
