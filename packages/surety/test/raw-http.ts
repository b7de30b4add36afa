import { Agent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';

export type RawRequest = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onChunk?: (text: string) => void;
};

export type RawAnswer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** Sends exactly this, over a real socket, and gives back exactly what came. Rejects when the connection breaks. */
export function sendRaw(url: string, { method = 'POST', headers = {}, body, signal, onChunk }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { method, agent, headers: { ...headers, ...length }, ...(signal === undefined ? {} : { signal }) };
    const outgoing = httpRequest(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        onChunk?.(chunk.toString('utf8'));
      });
      incoming.once('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: Buffer.concat(chunks).toString('utf8') }),
      );
      incoming.once('error', reject);
      incoming.once('aborted', () => reject(new Error('the connection was lost')));
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** The JSON of an answer, or an empty object. */
export function bodyOf({ text }: RawAnswer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Every JSON-RPC message of an answer, whether it came as JSON or as a stream of events. */
export function messagesOf(answer: RawAnswer): Readonly<Record<string, unknown>>[] {
  if (!(answer.headers['content-type'] ?? '').startsWith('text/event-stream')) return answer.text === '' ? [] : [bodyOf(answer)];
  return answer.text.split('\n\n').flatMap((event) => {
    const lines = event.split('\n').filter((line) => line.startsWith('data: '));
    return lines.length === 0 ? [] : [JSON.parse(lines.map((line) => line.slice(6)).join('\n')) as Record<string, unknown>];
  });
}
