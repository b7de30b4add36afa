import type { ExactRecord } from '@surety/contract/exact-json';

/** One JSON-RPC request of an MCP client, as a guard has it before it goes on. */
export type McpMessage = {
  readonly method: string;
  readonly params: ExactRecord;
  /** The claims of the access token, verified. */
  readonly token: ExactRecord;
  /** The resource identifier (RFC 8707) of the MCP server that is called. */
  readonly server: string;
  /** Of the tool that is called, as `tools/list` had it; its `x-authzen-mapping` comes before the default. */
  readonly inputSchema?: ExactRecord | undefined;
  /** The claim that says whose request it is. Default `sub`. */
  readonly subjectClaim?: string;
  /** Our name for the server: then a tool is asked about as `<system>.<tool>`, with its arguments and its task. */
  readonly system?: string;
};
