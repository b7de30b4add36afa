import type { IncomingMessage, ServerResponse } from 'node:http';
import { Rejection } from '../mcp/rejection.ts';

/**
 * Reads a request's body whole. Throws a `Rejection` of 413 past `bodyBytes`, before reading when the length is
 * announced, and of 408 past `bodyMs`, whatever trickles in meanwhile. Rejects when the connection breaks.
 */
export function readBody(
  request: IncomingMessage,
  limits: { readonly bodyBytes: number; readonly bodyMs: number },
): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limits.bodyBytes) return Promise.reject(tooLarge(limits.bodyBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(
      () => fail(new Rejection(408, 'invalid_request', 'The body took too long to arrive.')),
      limits.bodyMs,
    );
    const isOver = (): void => {
      clearTimeout(timer);
      request.off('data', take).off('end', finish).off('error', fail).off('close', leave);
    };
    const fail = (error: Error): void => {
      isOver();
      reject(error);
    };
    const leave = (): void => fail(new Error('The connection was closed.'));
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > limits.bodyBytes) return fail(tooLarge(limits.bodyBytes));
      chunks.push(chunk);
    };
    const finish = (): void => {
      isOver();
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    };
    request.on('data', take).on('end', finish).on('error', fail).on('close', leave);
  });
}

function tooLarge(bodyBytes: number): Rejection {
  return new Rejection(413, 'invalid_request', `The body is larger than ${bodyBytes} bytes. Send less in one request.`);
}

/** How much of a refused body is still taken in, and for how long, so that the caller gets to read the refusal. */
const drainBytes = 32 << 20;
const drainMs = 2_000;

/**
 * After an answer that came before the body was read: takes in the rest, and closes the connection when that goes on too
 * long. Not by `Connection: close`: Node then drops the connection at once, and the caller never reads the answer.
 */
export function drainAfterAnswer(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  response.once('finish', () => {
    let bytes = 0;
    const timer = setTimeout(() => request.destroy(), drainMs);
    request.once('close', () => clearTimeout(timer));
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > drainBytes) request.destroy();
    });
  });
}
