import type { IncomingMessage } from 'node:http';
import type { GuardHouse, PeerCertificate } from '@surety/contract/enforcement';
import type { Addresses } from '../front/addresses.ts';
import type { GatewayLimits } from '../limits.ts';
import type { GatewayLog } from '../log.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { CallsUnderWay } from './calls-under-way.ts';
import type { McpSessions } from './mcp-session.ts';
import type { ParameterHeaders } from './parameter-headers.ts';

/** What every request finds in the guard. Nothing here is of record: it can all be lost at any moment. */
export type Guard = {
  readonly house: GuardHouse;
  readonly addresses: Addresses;
  readonly issuer: string;
  readonly limits: GatewayLimits;
  readonly log: GatewayLog;
  readonly upstreams: Upstreams;
  readonly mcpSessions: McpSessions;
  readonly underWay: CallsUnderWay;
  readonly parameterHeaders: ParameterHeaders;
  /** The certificate of a caller's connection, where callers may show one. */
  readonly certificateOf?: ((request: IncomingMessage) => PeerCertificate | undefined) | undefined;
};
