import type { IncomingMessage } from 'node:http';
import { Fault } from './fault.ts';

/**
 * The body of a request, at most `maxBytes` of it. What is longer is not read on: the fault `request.too_large`, and whoever
 * answers closes the connection. Rejects with the fault `request.malformed` when the client went away before the end.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return reject(new Fault('request.too_large'));
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (): void => {
      request.off('data', take).off('end', finish).off('close', giveUp).off('error', giveUp);
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= maxBytes) return;
      end();
      request.pause();
      reject(new Fault('request.too_large'));
    };
    const finish = (): void => {
      end();
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes));
    };
    const giveUp = (): void => {
      end();
      reject(new Fault('request.malformed', 'the client went away'));
    };
    request.on('data', take).on('end', finish).on('close', giveUp).on('error', giveUp);
  });
}
