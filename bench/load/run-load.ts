import { quantile } from '../harness/samples.ts';
import type { HttpAnswer } from './read-answer.ts';
import { type HttpConnection, openConnection } from './http-connection.ts';

export type LoadOptions = {
  readonly port: number;
  /** Requests under way at a time, each on a connection of its own. */
  readonly connections: number;
  /** Made before; each is sent once. */
  readonly requests: readonly Buffer[];
  /** No request is begun after this. */
  readonly seconds: number;
  /** Throws when an answer is not what was asked for: then nothing was measured. */
  readonly check: (answer: HttpAnswer) => void;
};

/** What a closed loop met: every connection sends its next request when the answer to the last is whole. */
export type LoadFigures = { readonly answered: number; readonly seconds: number; readonly p50Ms: number; readonly p99Ms: number };

export async function runLoad({ port, connections, requests, seconds, check }: LoadOptions): Promise<LoadFigures> {
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(port)));
  const took: number[] = [];
  let next = 0;
  const since = performance.now();
  const untilMs = since + seconds * 1_000;
  const drive = async (connection: HttpConnection): Promise<void> => {
    for (;;) {
      const request = requests[next++];
      const began = performance.now();
      if (request === undefined || began >= untilMs) return;
      const answer = await connection.send(request);
      took.push(performance.now() - began);
      check(answer);
    }
  };
  try {
    await Promise.all(open.map(drive));
  } finally {
    for (const connection of open) connection.close();
  }
  return {
    answered: took.length,
    seconds: (performance.now() - since) / 1_000,
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
  };
}
