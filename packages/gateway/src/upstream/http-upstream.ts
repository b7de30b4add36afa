import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import type { Exchange, SystemAnswerSink, SystemUpstream } from './upstream.ts';

/** How many connections to one system: for calls, and for streams that stay open. */
export type ConnectionLimits = { readonly callConnections: number; readonly streamConnections: number };

/**
 * A system behind Streamable HTTP. Bounded pools, no redirects, no retries: a request goes out at most once, and what
 * became of one that was cut is not known.
 */
export function openHttpUpstream(url: string, limits: ConnectionLimits): SystemUpstream {
  const { origin, pathname, search } = new URL(url);
  const options = { pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 10_000 } };
  const calls = new Pool(origin, { ...options, connections: limits.callConnections });
  const streams = new Pool(origin, { ...options, connections: limits.streamConnections });
  return {
    send: (request, sink) => {
      const handler = new AnswerHandler(sink);
      const { method, headers, body } = request;
      (request.isStream ? streams : calls).dispatch({ path: pathname + search, method, headers, body: body ?? null }, handler);
      return handler;
    },
    close: async () => {
      await Promise.all([calls.destroy(), streams.destroy()]);
    },
  };
}

class AnswerHandler implements Dispatcher.DispatchHandler, Exchange {
  private readonly sink: SystemAnswerSink;
  private controller: Dispatcher.DispatchController | undefined;
  private isAborted = false;
  private isOver = false;

  constructor(sink: SystemAnswerSink) {
    this.sink = sink;
  }

  abort(): void {
    if (this.isAborted || this.isOver) return;
    this.isAborted = true;
    this.over(this.controller !== undefined);
    this.controller?.abort(new Error('The request was cut.'));
  }

  resume(): void {
    this.controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.isAborted) return controller.abort(new Error('The request was cut.'));
    this.controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200 && !this.isOver) this.sink.head(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.isOver && !this.sink.chunk(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.sink.end();
  }

  onResponseError(): void {
    this.over(this.controller !== undefined);
  }

  private over(sent: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.sink.fail(sent);
  }
}
