import type { SystemCredential } from '@surety/contract/enforcement';
import { protocolOperations, protocolPrefix, type Upstream } from '@surety/contract/system';
import { definitionOf } from '@surety/decision/definition-digest';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { fetchWithin } from './upstream/fetch-within.ts';
import { startStdioChild } from './upstream/stdio-child.ts';

/** One operation as its system describes it. Every word of it is the system's claim. */
export type DescribedOperation = {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: unknown;
  readonly outputSchema?: unknown;
  readonly annotations?: {
    readonly readOnlyHint?: boolean;
    readonly destructiveHint?: boolean;
    readonly openWorldHint?: boolean;
    readonly idempotentHint?: boolean;
  };
  /** Everything whose change must be looked at again: name, title, description, schemas and annotations, as given. */
  readonly definition: unknown;
};

const maxPages = 100;
const maxOperations = 2_000;
const maxBytes = 16 << 20;

/** Takes whatever comes back as it is. */
const asItIs = { '~standard': { version: 1, vendor: 'surety', validate: (value: unknown) => ({ value }) } } as const;

/**
 * Asks a system what can be called on it: over HTTP in the newest protocol version it speaks, or by starting its command
 * and ending it again. Follows no redirects, and takes no more than `limitMs` (15 s), 100 pages, 2,000 operations and
 * 16 MiB. Rejects when the system does not answer within that; the reason is for operators, not for callers.
 */
export async function describeUpstream(
  upstream: Upstream,
  credential?: SystemCredential,
  limitMs = 15_000,
): Promise<readonly DescribedOperation[]> {
  const limit = AbortSignal.timeout(limitMs);
  const connecting = connect(upstream, credential, limit);
  try {
    const client = await orAbort(connecting, limit);
    return await orAbort(readAll(client, limit), limit);
  } finally {
    void connecting.then((client) => client.close()).catch(() => {});
  }
}

async function connect(upstream: Upstream, credential: SystemCredential | undefined, limit: AbortSignal): Promise<Client> {
  if (upstream.kind === 'mcp-stdio') return startStdioChild(upstream, credential);
  const client = new Client({ name: 'surety', version: '1' }, { capabilities: {}, versionNegotiation: { mode: 'auto' } });
  const headers = credential?.place.kind === 'header' ? { [credential.place.name]: credential.reveal() } : {};
  await client.connect(
    new StreamableHTTPClientTransport(new URL(upstream.url), {
      requestInit: { headers, redirect: 'error' },
      fetch: fetchWithin(maxBytes, limit),
    }),
  );
  return client;
}

async function readAll(client: Client, limit: AbortSignal): Promise<readonly DescribedOperation[]> {
  const found: DescribedOperation[] = [...beyondTools(client)];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages && found.length < maxOperations; page++) {
    const result = await client.request({ method: 'tools/list', params: cursor === undefined ? {} : { cursor } }, asItIs, {
      signal: limit,
    });
    const { tools, nextCursor } = (typeof result === 'object' && result !== null ? result : {}) as {
      tools?: unknown;
      nextCursor?: unknown;
    };
    for (const tool of Array.isArray(tools) ? tools : []) found.push(...described(tool));
    if (typeof nextCursor !== 'string' || nextCursor === '') break;
    cursor = nextCursor;
  }
  return found.slice(0, maxOperations);
}

/** What can be asked of the system beside its tools, as far as it says that it can. */
function beyondTools(client: Client): readonly DescribedOperation[] {
  const { resources, prompts, completions } = client.getServerCapabilities() ?? {};
  const names = [
    // The newest protocol does not say whether older callers may subscribe.
    ...(resources === undefined ? [] : ['mcp:resources/read', 'mcp:resources/subscribe', 'mcp:resources/unsubscribe']),
    ...(prompts === undefined ? [] : ['mcp:prompts/get']),
    ...(completions === undefined ? [] : ['mcp:completion/complete']),
  ];
  return names.map((name) => ({
    name,
    title: protocolOperations[name]?.title ?? name,
    inputSchema: { type: 'object' },
    definition: { name, protocol: 'mcp' },
  }));
}

function described(tool: unknown): readonly DescribedOperation[] {
  if (!isRecord(tool) || typeof tool['name'] !== 'string' || tool['name'].startsWith(protocolPrefix)) return [];
  const { name, title, description, inputSchema, outputSchema, annotations } = tool;
  const text = (value: unknown): value is string => typeof value === 'string';
  return [
    {
      name,
      ...(text(title) ? { title } : {}),
      ...(text(description) ? { description } : {}),
      inputSchema,
      ...(isRecord(outputSchema) ? { outputSchema } : {}),
      ...(isRecord(annotations) ? { annotations: hints(annotations) } : {}),
      definition: definitionOf(tool),
    },
  ];
}

function hints(annotations: Readonly<Record<string, unknown>>): DescribedOperation['annotations'] & object {
  const names = ['readOnlyHint', 'destructiveHint', 'openWorldHint', 'idempotentHint'];
  return Object.fromEntries(
    Object.entries(annotations).filter(([name, value]) => names.includes(name) && typeof value === 'boolean'),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function orAbort<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    promise.then(resolve, reject);
  });
}
