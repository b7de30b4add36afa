import type { IncomingHttpHeaders } from 'node:http';
import { type ExactRecord, type ExactValue, isExactRecord } from '@surety/contract/exact-json';
import { decodeHeaderValue } from './header-value.ts';
import type { Era } from './method-table.ts';
import type { Message } from './read-message.ts';
import { Rejection } from './rejection.ts';

export const statelessVersion = '2026-07-28';
const sessionVersions: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26'];

export const versionKey = 'io.modelcontextprotocol/protocolVersion';
export const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/** Which protocol a message speaks. `version` is undefined for the oldest callers, which do not say. */
export type Spoken = { readonly era: Era; readonly version: string | undefined };

/**
 * Finds the protocol version of a posted message and compares every header that mirrors the body with the body
 * (MCP 2026-07-28, Streamable HTTP, "Request headers"): a policy must not see another request than the system.
 * Throws `Rejection` of 400: -32020 on a mismatch, -32022 for a version unknown here, -32602 without the envelope.
 */
export function checkVersion(headers: IncomingHttpHeaders, message: Message): Spoken {
  const header = headerText(headers, 'mcp-protocol-version');
  const meta = message.kind === 'response' ? undefined : message.params['_meta'];
  const claim = isExactRecord(meta) ? meta[versionKey] : undefined;
  if (claim !== undefined) checkClaim(claim, header);
  const version = typeof claim === 'string' ? claim : header;
  if (version === undefined) return { era: 'session', version };
  if (claim === undefined && sessionVersions.includes(version)) return { era: 'session', version };
  if (version !== statelessVersion) throw unknownVersion(version);
  if (message.kind === 'response')
    throw new Rejection(400, 'invalid_request', `Responses are not posted in ${statelessVersion}.`);
  if (message.kind === 'request') checkEnvelope(meta, claim);
  checkMirrors(headers, message);
  return { era: 'stateless', version };
}

/** The version of a request without a body: the stream and the end of a session, which 2026-07-28 does not have. */
export function checkSessionVersion(headers: IncomingHttpHeaders): Spoken {
  const version = headerText(headers, 'mcp-protocol-version');
  if (version === statelessVersion) throw new Rejection(405, 'invalid_request', `${statelessVersion} has POST only.`);
  if (version !== undefined && !sessionVersions.includes(version)) throw unknownVersion(version);
  return { era: 'session', version };
}

function checkClaim(claim: ExactValue, header: string | undefined): void {
  if (typeof claim !== 'string') throw new Rejection(400, 'invalid_params', `"_meta" has a malformed "${versionKey}".`);
  if (header !== claim) throw mismatch('MCP-Protocol-Version', header);
}

function checkEnvelope(meta: ExactValue | undefined, claim: ExactValue | undefined): void {
  const missing = [
    ...(claim === undefined ? [versionKey] : []),
    ...(isExactRecord(meta) && isExactRecord(meta[capabilitiesKey]) ? [] : [capabilitiesKey]),
  ];
  if (missing.length > 0)
    throw new Rejection(400, 'invalid_params', `"params._meta" lacks ${missing.map((key) => `"${key}"`).join(' and ')}.`, {
      missing,
    });
}

function checkMirrors(headers: IncomingHttpHeaders, message: Exclude<Message, { kind: 'response' }>): void {
  const method = headerText(headers, 'mcp-method');
  if (method !== message.method && (method !== undefined || message.kind === 'request')) throw mismatch('Mcp-Method', method);
  const name = nameOf(message.method, message.params);
  const header = headerText(headers, 'mcp-name');
  if (name !== undefined && (header === undefined || decodeHeaderValue(header) !== name)) throw mismatch('Mcp-Name', header);
}

/** The member of the body that `Mcp-Name` mirrors, where there is one. */
export function nameOf(method: string, params: ExactRecord): string | undefined {
  const name =
    method === 'resources/read'
      ? params['uri']
      : method === 'tools/call' || method === 'prompts/get'
        ? params['name']
        : undefined;
  return typeof name === 'string' ? name : undefined;
}

function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value.trim() : undefined;
}

export function mismatch(header: string, value: string | undefined): Rejection {
  return new Rejection(
    400,
    'header_mismatch',
    `The header ${header} ${value === undefined ? 'is missing' : 'does not say what the body says'}.`,
  );
}

function unknownVersion(requested: string): Rejection {
  const members = { supported: [statelessVersion], requested: requested.slice(0, 64) };
  return new Rejection(400, 'unsupported_version', 'This protocol version is not spoken here.', members);
}
