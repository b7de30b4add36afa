/** What one request, one answer and one guard may take. Bytes, milliseconds and counts. */
export type GatewayLimits = {
  /** A request's body; past it 413. */
  readonly bodyBytes: number;
  /** How long a body may take to arrive; past it 408. */
  readonly bodyMs: number;
  /** Levels of nesting of a request's body. */
  readonly depth: number;
  /** One message from a system: an answer, or one event of a stream. */
  readonly answerBytes: number;
  /** How long a held call waits on the open connection. Below the 60 s after which MCP clients give up. */
  readonly holdMs: number;
  /** How long a system may take to answer one request. */
  readonly callMs: number;
  /** Requests under way in this guard, held ones with them, and streams that stay open beside them; past it 503. */
  readonly inFlight: number;
  readonly streams: number;
  /** Connections to one system for calls, and for streams that stay open: a stream never takes a call's connection. */
  readonly callConnections: number;
  readonly streamConnections: number;
};

export const defaultLimits: GatewayLimits = {
  bodyBytes: 4 << 20,
  bodyMs: 20_000,
  depth: 64,
  answerBytes: 16 << 20,
  holdMs: 45_000,
  callMs: 600_000,
  inFlight: 2_000,
  streams: 20_000,
  callConnections: 64,
  streamConnections: 10_000,
};
