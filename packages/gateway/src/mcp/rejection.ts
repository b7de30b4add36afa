import { type JsonRpcId, jsonRpcError } from './json-rpc.ts';

/** JSON-RPC 2.0 §5.1 and MCP 2026-07-28; -32000 to -32019 are ours to give. */
const codes = {
  parse_error: -32_700,
  invalid_request: -32_600,
  method_not_found: -32_601,
  invalid_params: -32_602,
  internal: -32_603,
  header_mismatch: -32_020,
  unsupported_version: -32_022,
  denied: -32_001,
  session_gone: -32_003,
  unavailable: -32_004,
} as const;

/** A message that is refused before anything is decided. The text goes to the caller and quotes no value. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  readonly status: number;
  readonly code: keyof typeof codes;
  readonly members: object | undefined;

  constructor(status: number, code: keyof typeof codes, message: string, members?: object) {
    super(message);
    this.status = status;
    this.code = code;
    this.members = members;
  }

  /** The JSON-RPC error that says so. */
  text(id: JsonRpcId | null): string {
    return jsonRpcError(id, {
      code: codes[this.code],
      message: this.message,
      ...(this.members === undefined ? {} : { data: this.members }),
    });
  }
}
