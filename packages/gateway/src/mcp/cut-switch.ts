/** Why a request under way was cut. */
export type CutWord = 'client_gone' | 'stopped' | 'token_expired' | 'upstream_timeout' | 'shut_down' | 'not_committed';

/** Ends one request under way, once, for the first reason that comes. */
export class CutSwitch {
  word: CutWord | undefined;
  private controller: AbortController | undefined;
  private listener: ((word: CutWord) => void) | undefined;

  /** Fires when it is cut. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.word !== undefined) this.controller.abort();
    return this.controller.signal;
  }

  cut(word: CutWord): void {
    if (this.word !== undefined) return;
    this.word = word;
    this.listener?.(word);
    this.controller?.abort();
  }

  /** Tells `listener` when it is cut, or at once if it is already. There is one listener at a time. */
  whenCut(listener: ((word: CutWord) => void) | undefined): void {
    this.listener = listener;
    if (this.word !== undefined) listener?.(this.word);
  }
}
