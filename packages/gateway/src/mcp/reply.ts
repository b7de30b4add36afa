import type { IncomingMessage, ServerResponse } from 'node:http';
import { sseEvent } from './sse-reader.ts';

/** The answer to one posted message: JSON, or a stream when something must be said before the answer. */
export type Reply = {
  /** Whether the caller left before the answer was out. */
  isGone(): boolean;
  /** Told when the caller leaves, or at once if it has left. */
  onGone(listener: () => void): void;
  /** Says something before the answer. Whether more can be taken at once; else wait for `onDrain`. */
  notice(text: string): boolean;
  onDrain(listener: () => void): void;
  /** Holds back what is said before the answer, until the function that comes back is called. */
  holdBack(): () => void;
  /** The answer. `headers` go with it unless the stream has begun. */
  finish(text: string, status?: number, headers?: Readonly<Record<string, string>>): void;
  /** An answer without a message. */
  finishEmpty(status: number, headers?: Readonly<Record<string, string>>): void;
  /** Ends the stream where it is. Whether it had begun; if not, nothing has been said yet. */
  stop(): boolean;
  /** Opens the stream now, so that the caller knows that it stands. */
  open(): void;
};

const keepAliveMs = 15_000;

/** What every answer of the guard says: it is one caller's, and no page may read or guess at it. */
export const privateHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** A reply that streams only for callers that accept a stream; what cannot be said to the others is left out. */
export function createReply(request: IncomingMessage, response: ServerResponse): Reply {
  const leaving: (() => void)[] = [];
  const drained: (() => void)[] = [];
  let isGone = false;
  let held: string[] | undefined;
  const takesEvents = (request.headers.accept ?? '').includes('text/event-stream');
  let keepAlive: NodeJS.Timeout | undefined;
  response.once('close', () => {
    clearInterval(keepAlive);
    if (response.writableFinished) return;
    isGone = true;
    for (const listener of leaving) listener();
  });
  const open = (): void => {
    if (response.headersSent || !takesEvents) return;
    response.writeHead(200, { ...privateHeaders, 'content-type': 'text/event-stream' });
    response.flushHeaders();
    keepAlive = setInterval(() => response.write(':\n\n'), keepAliveMs);
  };
  const notice = (text: string): boolean => {
    open();
    return !response.headersSent || response.writableEnded || response.write(sseEvent(text));
  };
  return {
    isGone: () => isGone,
    onGone: (listener) => void (isGone ? listener() : leaving.push(listener)),
    open,
    notice: (text) => {
      if (held === undefined) return notice(text);
      held.push(text);
      return false;
    },
    onDrain: (listener) => {
      response.on('drain', listener);
      drained.push(listener);
    },
    holdBack: () => {
      held = [];
      return () => {
        for (const text of held ?? []) notice(text);
        held = undefined;
        for (const listener of drained) listener();
      };
    },
    finish: (text, status = 200, headers = {}) => {
      if (response.writableEnded) return;
      if (response.headersSent) return void response.end(sseEvent(text));
      response.writeHead(status, {
        ...privateHeaders,
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      });
      response.end(text); // as text it goes out in one write with the head
    },
    finishEmpty: (status, headers = {}) => {
      if (response.writableEnded) return;
      if (!response.headersSent)
        response.writeHead(status, { ...privateHeaders, ...headers, ...(status === 204 ? {} : { 'content-length': 0 }) });
      response.end();
    },
    stop: () => {
      if (response.headersSent) response.end();
      return response.headersSent;
    },
  };
}
