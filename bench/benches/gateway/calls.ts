import { postBytes } from '../../load/http-connection.ts';
import type { HttpAnswer } from '../../load/read-answer.ts';
import { signProof } from '../../load/sign.ts';
import type { Holder } from './agents.ts';

const version = '2026-07-28';

export type Tool = 'lookup_record' | 'update_record';

export type CallSpec = { readonly tool: Tool; readonly amount?: number };

let lastId = 0;

/** A `tools/call` of one kilobyte. */
export function callBody({ tool, amount = 20 }: CallSpec): Buffer {
  const meta = { 'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': {} };
  const params = { name: tool, arguments: { customer: 'c-20418', amount, note: '' }, _meta: meta };
  const body = { jsonrpc: '2.0', id: ++lastId, method: 'tools/call', params };
  params.arguments.note = 'n'.repeat(Math.max(0, 1_024 - JSON.stringify(body).length));
  return Buffer.from(JSON.stringify(body));
}

export function mcpHeaders(tool: Tool): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': version,
    'mcp-method': 'tools/call',
    'mcp-name': tool,
  };
}

/** Straight to a port, without a guard. */
export function plainCall(port: number, secret: string, spec: CallSpec): Buffer {
  return postBytes(port, '/mcp', { ...mcpHeaders(spec.tool), authorization: secret }, callBody(spec));
}

export type GuardedTarget = { readonly port: number; readonly resource: string; readonly nonce: string };

/** Through the guard, with a token and a proof made for this call. */
export function guardedCall({ port, resource, nonce }: GuardedTarget, holder: Holder, spec: CallSpec): Buffer {
  const proof = signProof(holder.key, { url: resource, nonce, ath: holder.ath });
  const headers = { ...mcpHeaders(spec.tool), authorization: `DPoP ${holder.token}`, dpop: proof };
  return postBytes(port, new URL(resource).pathname, headers, callBody(spec));
}

/** Throws when what came back is not the upstream's own answer. */
export function isAnswered({ status, body }: HttpAnswer): void {
  if (status !== 200 || !body.includes('c-20418'))
    throw new Error(`not the answer of the system: ${status} ${body.toString('utf8', 0, 300)}`);
}
