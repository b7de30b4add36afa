import {
  ExactNumber,
  type ExactRecord,
  type ExactValue,
  isExactRecord,
  readExactJson,
  writeExactJson,
} from '@surety/contract/exact-json';
import { readProblem } from '@surety/sdk/read-problem';
import { localError } from '@surety/sdk/surety-error';
import type { Fetch } from '@surety/sdk/token-source';
import { headerValue } from './header-value.ts';
import { readEvents } from './read-events.ts';

export const protocolVersion = '2026-07-28';

/** A guarded system, and how it is reached. */
export type McpPlace = {
  /** Address of the guarded system: `<gateway>/mcp/<system>`. */
  readonly url: string;
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  readonly version: string;
  /** Called with what the server says before it answers. */
  readonly onProgress: (message: string) => void;
};

/** One request. `name` is what `Mcp-Name` mirrors, where the method has one. */
export type McpRequest = {
  readonly method: string;
  readonly name?: string;
  readonly params: ExactRecord;
  readonly headers?: Readonly<Record<string, string>>;
};

/** What came back: a result, or a JSON-RPC error. Numbers keep their digits. */
export type McpAnswer = { readonly kind: 'result' | 'error'; readonly value: ExactRecord };

/**
 * One request in the stateless protocol of MCP 2026-07-28: no handshake, the version and who we are in `_meta`, the method
 * and name mirrored in headers. The body is written from the value, so every digit arrives as it was typed. A refusal that
 * is no answer of MCP is a `SuretyError`.
 */
export async function askSystem(place: McpPlace, { method, name, params, headers = {} }: McpRequest): Promise<McpAnswer> {
  const id = 1;
  const response = await place.fetch(place.url, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': protocolVersion,
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': headerValue(name) }),
    },
    body: writeExactJson({ jsonrpc: '2.0', id: whole(id), method, params: { ...params, _meta: metaOf(place.version, id) } }),
    signal: place.signal,
  });
  const answer = await readAnswer(response, id, place.onProgress);
  if (answer !== undefined) return answer;
  if (!response.ok) throw await readProblem(response);
  throw localError('local.unexpected_answer', ['It is no answer of the Model Context Protocol.']);
}

function metaOf(version: string, id: number): ExactRecord {
  return {
    'io.modelcontextprotocol/protocolVersion': protocolVersion,
    'io.modelcontextprotocol/clientInfo': { name: 'surety', version },
    'io.modelcontextprotocol/clientCapabilities': {},
    progressToken: whole(id),
  };
}

function whole(number: number): ExactValue {
  return ExactNumber.from(String(number)) ?? null;
}

async function readAnswer(response: Response, id: number, onProgress: McpPlace['onProgress']): Promise<McpAnswer | undefined> {
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('text/event-stream') && response.body !== null) {
    for await (const text of readEvents(response.body)) {
      const message = readMessage(text);
      const answer = answerTo(message, id);
      if (answer !== undefined) return answer;
      const progress = progressOf(message);
      if (progress !== undefined) onProgress(progress);
    }
    return undefined;
  }
  return type.startsWith('application/json') ? answerTo(readMessage(await response.text()), id) : undefined;
}

function readMessage(text: string): ExactValue {
  try {
    return readExactJson(text, { depth: 200, nodes: 1_000_000 });
  } catch (thrown) {
    throw localError(
      'local.unexpected_answer',
      ['The request was made; its answer is JSON that two readers could take differently.'],
      thrown,
    );
  }
}

function answerTo(message: ExactValue, id: number): McpAnswer | undefined {
  if (!isExactRecord(message)) return undefined;
  const { id: answered, result, error } = message;
  const isOurs = answered instanceof ExactNumber && answered.canonical === String(id);
  if (isExactRecord(error) && (isOurs || answered === null || answered === undefined)) return { kind: 'error', value: error };
  return isOurs && isExactRecord(result) ? { kind: 'result', value: result } : undefined;
}

function progressOf(message: ExactValue): string | undefined {
  const params = isExactRecord(message) && message['method'] === 'notifications/progress' ? message['params'] : undefined;
  const text = isExactRecord(params) ? params['message'] : undefined;
  return typeof text === 'string' ? text : undefined;
}
