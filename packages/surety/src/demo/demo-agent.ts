import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Surety } from '@surety/sdk/surety';
import { SuretyError } from '@surety/sdk/surety-error';

/** What an agent was told about one call. `action` names it in the log. */
export type Told = {
  readonly said: 'allowed' | 'denied' | 'held' | 'stopped';
  readonly text: string;
  readonly action: string | undefined;
  readonly approval: string | undefined;
  readonly ms: number;
};

/** A demo agent: an official MCP client for each system, and an identity of its own. */
export type DemoAgent = {
  readonly name: string;
  readonly tools: (system: string) => Promise<string[]>;
  readonly call: (system: string, tool: string, args: Record<string, unknown>) => Promise<Told>;
  readonly close: () => Promise<void>;
};

export function demoAgent(name: string, identity: Surety): DemoAgent {
  const clients = new Map<string, Promise<Client>>();
  const clientOf = (system: string) => {
    const known = clients.get(system);
    if (known !== undefined) return known;
    const made = connect(name, identity, system);
    clients.set(system, made);
    made.catch(() => clients.delete(system));
    return made;
  };
  return {
    name,
    tools: async (system) => (await (await clientOf(system)).listTools()).tools.map((tool) => tool.name),
    call: async (system, tool, args) => {
      const from = performance.now();
      try {
        const result = await (await clientOf(system)).callTool({ name: tool, arguments: args });
        return readTold(result, performance.now() - from);
      } catch (thrown) {
        return { said: 'stopped', text: wordsOf(thrown), action: undefined, approval: undefined, ms: performance.now() - from };
      }
    },
    close: async () => {
      for (const client of clients.values()) await (await client).close().catch(() => undefined);
    },
  };
}

async function connect(name: string, identity: Surety, system: string): Promise<Client> {
  const client = new Client({ name, version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(identity.gateway(system)), { fetch: identity.fetch }));
  return client;
}

function readTold(result: Awaited<ReturnType<Client['callTool']>>, ms: number): Told {
  const told = (result.structuredContent ?? {}) as Readonly<Record<string, unknown>>;
  const first = Array.isArray(result.content) ? result.content[0] : undefined;
  const text = first?.type === 'text' ? first.text : '';
  const named = (member: string) => (typeof told[member] === 'string' ? told[member] : undefined);
  const status = result.isError === true ? named('status') : undefined;
  const said = status === 'denied' || status === 'held' ? status : 'allowed';
  return { said, text, action: named('action'), approval: named('approval'), ms };
}

function wordsOf(thrown: unknown): string {
  if (thrown instanceof SuretyError) return `${thrown.title}. ${thrown.next}`;
  return thrown instanceof Error ? thrown.message : 'The call came to nothing.';
}
