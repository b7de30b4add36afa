import { serve } from '@hono/node-server';
import { createMcpHandler, type McpServer } from '@modelcontextprotocol/server';

/**
 * Serves an MCP server on a free loopback port and prints `listening <port>`. Ends when its standard input ends, so that
 * it does not outlive the demo. `admit` answers a request that may not come in, or undefined.
 */
export function serveHttp(
  makeServer: () => McpServer,
  admit: (request: Request) => Response | undefined = () => undefined,
): void {
  const handler = createMcpHandler(makeServer);
  const fetch = (request: Request) => admit(request) ?? handler.fetch(request);
  serve({ fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => process.stdout.write(`listening ${port}\n`));
  process.stdin.on('end', () => process.exit(0)).resume();
}

/** A tool's answer: the same facts as text for a model and as structured content. */
export function facts(content: Record<string, unknown>) {
  return { content: [{ type: 'text' as const, text: JSON.stringify(content) }], structuredContent: content };
}

/** A tool's "no", for a model to read. */
export function problem(text: string) {
  return { isError: true, content: [{ type: 'text' as const, text }] };
}
