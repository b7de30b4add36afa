import type { TraceCall } from './trace.ts';

/** The text of a recorded answer that was not kept. */
const unrecorded = '';

/** What a system answers to a recorded call: an MCP result of one text, as the recorded agent was given it. */
export function recordedResult({ result, isError }: Pick<TraceCall, 'result' | 'isError'>): object {
  return { content: [{ type: 'text', text: result ?? unrecorded }], ...(isError ? { isError: true } : {}) };
}

/** The whole message, as a guard looks at it before it is released. */
export function recordedAnswer(call: Pick<TraceCall, 'result' | 'isError'>): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, result: recordedResult(call) });
}

/** Longest text that a person's request may be, and longest further value. */
const longest = { purpose: 500, value: 400 } as const;

/** A request as it is stated when a task is opened: what of it fits as the purpose, and the rest as values of it. */
export function statedRequest(prompt: string): { readonly purpose: string; readonly values: readonly string[] } {
  const parts: string[] = [];
  for (let rest = prompt.replace(/\s+/g, ' ').trim(); rest !== '';) {
    const most = parts.length === 0 ? longest.purpose : longest.value;
    const space = rest.length <= most ? rest.length : rest.lastIndexOf(' ', most);
    const cut = space > 0 ? space : most;
    parts.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  const [purpose = '', ...values] = parts;
  return { purpose, values };
}
