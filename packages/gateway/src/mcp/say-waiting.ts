import { type ExactValue, ExactNumber, writeExactJson } from '@surety/contract/exact-json';
import type { Reply } from './reply.ts';

const everyMs = 5_000;

/** Tells a caller that asked for progress for whom its call waits. */
export type Waiting = { start(name: string): void; stop(): void };

/**
 * Progress messages while a call is held, for callers that gave a progress token (MCP, "Progress"). Progress must
 * grow with every message and the system's own may follow from 0, so ours comes from below: -1, -0.99, …
 */
export function sayWaiting(reply: Reply, progressToken: ExactValue | undefined): Waiting {
  const canTell = typeof progressToken === 'string' || progressToken instanceof ExactNumber;
  let timer: NodeJS.Timeout | undefined;
  return {
    start: (name) => {
      if (!canTell || timer !== undefined) return;
      const token = writeExactJson(progressToken);
      const message = JSON.stringify(`Waiting for ${name}`);
      let said = 0;
      const say = (): void => {
        const progress = (said++ - 100) / 100;
        reply.notice(
          `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":${progress},"message":${message}}}`,
        );
      };
      say();
      timer = setInterval(say, everyMs);
    },
    stop: () => clearInterval(timer),
  };
}
