import { setTimeout as sleep } from 'node:timers/promises';
import { errorFields, type Log } from '#kernel/log';

/** One thing that is done again and again. Every node does it; each is written so that two at once do no harm. */
export type Job = {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<unknown>;
  /** Not at the start, but first after `everyMs`. */
  readonly waits?: boolean;
};

/**
 * Runs each job now and then every `everyMs` after it ended. One that fails is tried again at its next turn, and its
 * failure logged. Closing waits for those that are running.
 */
export function runJobs(jobs: readonly Job[], log: Log): { close(): Promise<void> } {
  const ending = new AbortController();
  const loops = jobs.map((job) => repeat(job, log, ending.signal));
  return {
    close: async () => {
      ending.abort();
      await Promise.all(loops);
    },
  };
}

async function repeat(job: Job, log: Log, ending: AbortSignal): Promise<void> {
  if (job.waits === true) await rest(job, ending);
  while (!ending.aborted) {
    await job.run().catch((thrown: unknown) => {
      if (!ending.aborted) log.warn({ ...errorFields(thrown), job: job.name }, 'a job failed and will run again');
    });
    await rest(job, ending);
  }
}

async function rest({ everyMs }: Job, ending: AbortSignal): Promise<void> {
  await sleep(everyMs, undefined, { signal: ending, ref: false }).catch(() => undefined);
}
