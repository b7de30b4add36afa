import { randomBytes, randomUUID } from 'node:crypto';
import {
  CLIENT_CAPABILITIES_META_KEY,
  createMcpHandler,
  createRequestStateCodec,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  McpServer,
  type McpHttpHandler,
  MissingRequiredClientCapabilityError,
  originValidationResponse,
  type ServerNotifier,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { type Served, serveFetch } from '@surety/gateway/testing/serve-fetch';
import { addAskingTools } from './fixture/asking-tools.ts';
import { addPlainTools, needsSampling } from './fixture/plain-tools.ts';
import { addPrompts, addResources } from './fixture/prompts-and-resources.ts';
import { addRoundTripTools, type RoundState } from './fixture/round-trip-tools.ts';

const silent: ServerNotifier = {
  toolsChanged: () => {},
  promptsChanged: () => {},
  resourcesChanged: () => {},
  resourceUpdated: () => {},
};

/**
 * An MCP server made with the official SDK that has everything the conformance suite asks for by name: stateless for
 * 2026-07-28, with sessions for 2025-11-25.
 */
export async function openFixtureServer(): Promise<Served> {
  const stateless = createMcpHandler(() => statelessServer(stateless.notify), { legacy: 'reject' });
  const sessions = createSessions();
  const served = await serveFetch(async (request) => {
    const foreign =
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins());
    if (foreign !== undefined) return foreign;
    if (await isLegacyRequest(request)) return sessions.answer(request);
    return (await lackingCapability(request.clone())) ?? stateless.fetch(request);
  });
  return {
    url: `${served.url}/mcp`,
    close: async () => {
      await Promise.all([stateless.close(), sessions.close()]);
      await served.close();
    },
  };
}

/**
 * The SDK turns what a tool throws into a result, and a missing capability is an error of the protocol (-32021, with
 * HTTP status 400): so the one tool that needs a capability is looked at before it is called.
 */
async function lackingCapability(request: Request): Promise<Response | undefined> {
  const { id, method, params } = (await request.json().catch(() => ({}))) as {
    id?: unknown;
    method?: string;
    params?: { name?: string; _meta?: Record<string, unknown> };
  };
  const capabilities = params?._meta?.[CLIENT_CAPABILITIES_META_KEY];
  const isLacking =
    method === 'tools/call' &&
    params?.name === needsSampling &&
    typeof capabilities === 'object' &&
    capabilities !== null &&
    !('sampling' in capabilities);
  if (!isLacking) return undefined;
  const { code, message, data } = new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
  return Response.json({ jsonrpc: '2.0', id, error: { code, message, data } }, { status: 400 });
}

const info = { name: 'fixture', version: '1' };
const lists = { tools: { listChanged: true }, prompts: { listChanged: true } };
const key = randomBytes(32);
const stateCodec = () => createRequestStateCodec<RoundState>({ key });

/** Has the tools of the older protocol too, though they cannot ask here: who looks at the catalogue sees one system. */
function statelessServer(notify: McpHttpHandler['notify']): McpServer {
  const state = stateCodec();
  const server = new McpServer(info, { capabilities: { ...lists, logging: {} }, requestState: { verify: state.verify } });
  addPlainTools(server, notify);
  addAskingTools(server);
  addRoundTripTools(server, state);
  addPrompts(server);
  addResources(server);
  return server;
}

function sessionServer(): McpServer {
  const server = new McpServer(info, { capabilities: { ...lists, resources: { subscribe: true }, logging: {} } });
  const notify = {
    ...silent,
    toolsChanged: () => server.sendToolListChanged(),
    promptsChanged: () => server.sendPromptListChanged(),
  };
  addPlainTools(server, notify);
  addAskingTools(server);
  addPrompts(server);
  addResources(server);
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
  return server;
}

type Sessions = { answer(request: Request): Promise<Response>; close(): Promise<void> };

/** Sessions of 2025-11-25, each a server of its own. */
function createSessions(): Sessions {
  const open = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const begin = async (): Promise<WebStandardStreamableHTTPServerTransport> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void open.set(id, transport),
      onsessionclosed: (id) => void open.delete(id),
    });
    await sessionServer().connect(transport);
    return transport;
  };
  return {
    answer: async (request) => {
      const id = request.headers.get('mcp-session-id');
      const transport = id === null ? await begin() : open.get(id);
      return (
        transport?.handleRequest(request) ??
        Response.json({ jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'Session not found' } }, { status: 404 })
      );
    },
    close: async () => {
      await Promise.all([...open.values()].map((transport) => transport.close()));
    },
  };
}
