/** MCP, "Requests": a string or an integer, never null. */
export type JsonRpcId = string | number;

export type JsonRpcError = { readonly code: number; readonly message: string; readonly data?: object };

/** The text of an error (JSON-RPC 2.0 §5.1). `id` is null only when the request's could not be read. */
export function jsonRpcError(id: JsonRpcId | null, error: JsonRpcError): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${JSON.stringify(error)}}`;
}

/** The text of an answer. */
export function jsonRpcResult(id: JsonRpcId, result: object): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result)}}`;
}
