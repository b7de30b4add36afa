import type { Feed } from '#change/feed';

/** News of one question, noticed from the moment it is watched: an answer that comes while the question is read is not missed. */
export type AnswerWatch = {
  /** Resolves when there was news since the last wait, `ms` passed, or `signal` fired, whichever is first. */
  wait(limit: { readonly ms: number; readonly signal: AbortSignal }): Promise<void>;
  end(): void;
};

/** Watches a question. The answer itself is read from the database by the caller: the feed only says that there is one. */
export function watchAnswer(feed: Pick<Feed, 'onChange'>, approval: string): AnswerWatch {
  let isNews = false;
  let wake = (): void => {};
  const end = feed.onChange((change) => {
    if (change.what !== 'answered' || change.key !== approval) return;
    isNews = true;
    wake();
  });
  return {
    end,
    wait: async ({ ms, signal }) => {
      if (!isNews && !signal.aborted && ms > 0) await untilWoken((resolve) => (wake = resolve), ms, signal);
      isNews = false;
    },
  };
}

function untilWoken(take: (resolve: () => void) => void, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over, { once: true });
    take(over);
  });
}
