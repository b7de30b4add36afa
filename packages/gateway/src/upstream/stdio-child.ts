import type { SystemCredential } from '@surety/contract/enforcement';
import type { Upstream } from '@surety/contract/system';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

export type StdioAddress = Extract<Upstream, { kind: 'mcp-stdio' }>;

const maxMessageBytes = 20 << 20;
const startMs = 15_000;

/**
 * Starts a child process that speaks MCP on its standard streams, and shakes hands with it. No shell; of our environment
 * it gets the few variables that any program needs (the SDK's list) and its own credential. Its standard error is
 * dropped: it may hold anything. Closing the client ends the child, at last with SIGKILL.
 */
export async function startStdioChild(
  { command, args, cwd }: StdioAddress,
  credential: SystemCredential | undefined,
): Promise<Client> {
  const transport = new StdioClientTransport({
    command,
    args,
    ...(cwd === undefined ? {} : { cwd }),
    env: credential?.place.kind === 'environment' ? { [credential.place.name]: credential.reveal() } : {},
    stderr: 'ignore',
    maxBufferSize: maxMessageBytes,
  });
  const client = new Client({ name: 'surety', version: '1' }, { capabilities: {} });
  try {
    await client.connect(transport, { timeout: startMs });
    return client;
  } catch (thrown) {
    await client.close();
    throw thrown;
  }
}
