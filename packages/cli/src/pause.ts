import { setTimeout } from 'node:timers/promises';

/** Waits; Ctrl-C ends the wait, and the command with it. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal });
}
