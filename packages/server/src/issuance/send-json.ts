import type { ServerResponse } from 'node:http';
import { type FaultCode, faults } from '@surety/contract/faults';
import type { Fault } from '#kernel/fault';

/** Header fields of every answer that may hold a token (RFC 6749 §5.1). */
const noStore = { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** Sends a JSON document whole. What was already read of the request does not matter any more. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { ...noStore, ...headers, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** An OAuth error. `code` and `request_id` are ours, as RFC 6749 §5.2 lets a server add: the stable fault, and where to look. */
export type OAuthError = {
  readonly error: string;
  readonly error_description: string;
  readonly code: FaultCode;
  readonly request_id: string;
};

/** What a fault is called at an OAuth endpoint (RFC 6749 §5.2, RFC 9449 §5, RFC 8707 §2). */
export function oauthErrorOf(fault: Fault, requestId: string): { readonly status: number; readonly body: OAuthError } {
  const spec = faults[fault.code];
  const error = 'oauth' in spec ? spec.oauth : 'invalid_request';
  const issues = (fault.issues ?? []).map(({ path, message }) => `${path}: ${message}`).join('; ');
  const description = describe(issues === '' ? spec.title : `${spec.title} (${issues})`);
  return { status: spec.status, body: { error, error_description: description, code: fault.code, request_id: requestId } };
}

/** RFC 6749 §5.2: printable ASCII without quotes and backslash. */
function describe(text: string): string {
  return text.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?');
}
