import type { IncomingHttpHeaders } from 'node:http';

/** One request to a system, as HTTP carries MCP. `headers` are all that goes out beside what HTTP itself needs. */
export type SystemRequest = {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Whether the answer is a stream that stays open: it must not take a connection that calls need. */
  readonly isStream: boolean;
};

/** Takes what a system answers, as it comes. After `end` or `fail` nothing more comes. */
export type SystemAnswerSink = {
  head(status: number, headers: IncomingHttpHeaders): void;
  /** Whether more may come at once; after false, `resume` asks for more. */
  chunk(bytes: Buffer): boolean;
  end(): void;
  /** No answer, or not all of it. `sent`: whether the request may have reached the system. */
  fail(sent: boolean): void;
};

/** A request under way. */
export type Exchange = { abort(): void; resume(): void };

/** A connection to one system, whatever carries it. Never sends a request twice. */
export type SystemUpstream = {
  send(request: SystemRequest, sink: SystemAnswerSink): Exchange;
  close(): Promise<void>;
};
