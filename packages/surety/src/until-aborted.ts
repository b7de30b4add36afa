/** Resolves when a signal is aborted: Ctrl-C or SIGTERM, as the command line has them. Keeps the process alive until then. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const awake = setInterval(() => {}, 3_600_000);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(awake);
        resolve();
      },
      { once: true },
    );
  });
}
