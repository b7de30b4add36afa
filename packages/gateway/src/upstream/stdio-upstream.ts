import type { SystemCredential } from '@surety/contract/enforcement';
import { type Client, type RequestMethod, SdkError, SdkErrorCode } from '@modelcontextprotocol/client';
import {
  createMcpHandler,
  InMemoryServerEventBus,
  Server,
  type ServerCapabilities,
  type ServerContext,
  type ServerEventBus,
} from '@modelcontextprotocol/server';
import { errorFields, type GatewayLog } from '../log.ts';
import { createBackOff } from './back-off.ts';
import { parseWithDigits } from './parse-with-digits.ts';
import { type StdioAddress, startStdioChild } from './stdio-child.ts';
import type { Exchange, SystemAnswerSink, SystemRequest, SystemUpstream } from './upstream.ts';

/** Takes whatever comes back as it is. */
const asItIs = { '~standard': { version: 1, vendor: 'surety', validate: (value: unknown) => ({ value }) } } as const;

/** What a child may be asked for, by the capability that offers it. Nothing that needs a conversation with one caller. */
const methodsOf = {
  tools: ['tools/list', 'tools/call'],
  resources: ['resources/list', 'resources/templates/list', 'resources/read'],
  prompts: ['prompts/list', 'prompts/get'],
  completions: ['completion/complete'],
} as const satisfies Partial<Record<keyof ServerCapabilities, readonly RequestMethod[]>>;

/** Longer than any call is let run: the guard ends calls, not the connection to the child. */
const requestMs = 2 ** 31 - 1;

type Child = { readonly client: Client; readonly bus: ServerEventBus };

/**
 * A system behind a child process. MCP on standard streams cannot be relayed message by message, because both ends may
 * speak different versions of it: the SDK's server stands in front, one for each request, and the SDK's client speaks to
 * the one child that all callers share. The child is started when first needed and again, paced, after it ended.
 */
export function openStdioUpstream(
  address: StdioAddress,
  credential: SystemCredential | undefined,
  { name, log }: { readonly name: string; readonly log: GatewayLog },
): SystemUpstream {
  const backOff = createBackOff();
  let child: Promise<Child> | undefined;
  let isClosed = false;
  const start = async (): Promise<Child> => {
    const bus = new InMemoryServerEventBus();
    const client = await startStdioChild(address, credential).catch((thrown: unknown) => {
      child = undefined;
      backOff.ended();
      log.warn({ ...errorFields(thrown), system: name }, 'the command of a system could not be started');
      throw thrown;
    });
    backOff.started();
    client.onclose = () => {
      child = undefined;
      if (isClosed) return;
      backOff.ended();
      log.warn({ system: name }, 'the command of a system ended');
    };
    announceChanges(client, bus);
    return { client, bus };
  };
  const connect = (): Promise<Child> => {
    if (child === undefined && (isClosed || !backOff.mayStart()))
      return Promise.reject(new Error('The command of the system may not be started now.'));
    child ??= start();
    return child;
  };
  return {
    send: (request, sink) => sendThrough(connect, request, sink),
    close: async () => {
      isClosed = true;
      const open = await child?.catch(() => undefined);
      await open?.client.close();
    },
  };
}

function announceChanges(client: Client, bus: ServerEventBus): void {
  client.setNotificationHandler('notifications/tools/list_changed', () => bus.publish({ kind: 'tools_list_changed' }));
  client.setNotificationHandler('notifications/prompts/list_changed', () => bus.publish({ kind: 'prompts_list_changed' }));
  client.setNotificationHandler('notifications/resources/list_changed', () => bus.publish({ kind: 'resources_list_changed' }));
}

function sendThrough(connect: () => Promise<Child>, request: SystemRequest, sink: SystemAnswerSink): Exchange {
  const aborted = new AbortController();
  const under = { isSent: false, isLost: false, wake: (): void => {} };
  const run = async (): Promise<void> => {
    const child = await connect();
    if (aborted.signal.aborted) return;
    under.isSent = true;
    const handler = createMcpHandler(() => frontOf(child.client, () => (under.isLost = true)), {
      bus: child.bus,
      keepAliveMs: 0,
    });
    try {
      await read(await handler.fetch(...asFetch(request, aborted.signal)));
    } finally {
      await handler.close();
    }
  };
  const read = async (response: Response): Promise<void> => {
    const ended = (): boolean => under.isLost || aborted.signal.aborted;
    if (ended()) return sink.fail(true);
    sink.head(response.status, Object.fromEntries(response.headers));
    for await (const bytes of response.body ?? []) {
      if (ended()) return sink.fail(true);
      if (!sink.chunk(Buffer.from(bytes))) await new Promise<void>((resolve) => (under.wake = resolve));
    }
    if (ended()) return sink.fail(true);
    sink.end();
  };
  run().catch(() => sink.fail(under.isSent));
  return {
    abort: () => {
      aborted.abort();
      under.wake();
      sink.fail(under.isSent);
    },
    resume: () => under.wake(),
  };
}

function asFetch(
  { method, headers, body }: SystemRequest,
  signal: AbortSignal,
): Parameters<ReturnType<typeof createMcpHandler>['fetch']> {
  const request = new Request('http://127.0.0.1/mcp', { method, headers, signal, ...(body === undefined ? {} : { body }) });
  return [request, body === undefined ? {} : { parsedBody: parseWithDigits(body) }];
}

/** What stands before the child for one request. */
function frontOf(client: Client, onLost: () => void): Server {
  const offered = client.getServerCapabilities() ?? {};
  const capabilities: ServerCapabilities = {
    ...(offered.tools === undefined ? {} : { tools: { listChanged: offered.tools.listChanged === true } }),
    ...(offered.resources === undefined ? {} : { resources: { listChanged: offered.resources.listChanged === true } }),
    ...(offered.prompts === undefined ? {} : { prompts: { listChanged: offered.prompts.listChanged === true } }),
    ...(offered.completions === undefined ? {} : { completions: {} }),
  };
  const instructions = client.getInstructions();
  const server = new Server(client.getServerVersion() ?? { name: 'system', version: '0' }, {
    capabilities,
    ...(instructions === undefined ? {} : { instructions }),
  });
  for (const [capability, methods] of Object.entries(methodsOf)) {
    if (!Object.hasOwn(capabilities, capability)) continue;
    for (const method of methods)
      server.setRequestHandler(method, (request, context) =>
        ask(client, { method, params: request.params }, context).catch(rethrow(onLost)),
      );
  }
  return server;
}

type Asked = { readonly method: string; readonly params: { readonly [name: string]: unknown } | undefined };

/** Asks the child; what it says of progress goes back under the caller's own token. The result is passed on unread. */
async function ask(client: Client, { method, params }: Asked, { mcpReq }: ServerContext): Promise<never> {
  const { _meta: meta, ...rest } = params ?? {};
  const progressToken = mcpReq._meta?.progressToken;
  const trace = Object.entries((meta as object | undefined) ?? {}).filter(
    ([key]) => key === 'traceparent' || key === 'tracestate' || key === 'baggage',
  );
  const onprogress = (progress: object): void => {
    void mcpReq.notify({ method: 'notifications/progress', params: { ...progress, progressToken } }).catch(() => {});
  };
  const result = await client.request(
    { method, params: { ...rest, ...(trace.length === 0 ? {} : { _meta: Object.fromEntries(trace) }) } },
    asItIs,
    {
      signal: mcpReq.signal,
      timeout: requestMs,
      ...(progressToken === undefined ? {} : { onprogress }),
    },
  );
  return result as never;
}

/** A child that ends in the middle of a call leaves it open what became of the call: not an answer. */
function rethrow(onLost: () => void): (thrown: unknown) => never {
  return (thrown) => {
    if (thrown instanceof SdkError && thrown.code === SdkErrorCode.ConnectionClosed) onLost();
    throw thrown;
  };
}
