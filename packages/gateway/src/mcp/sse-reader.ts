import { StringDecoder } from 'node:string_decoder';

/**
 * Reads a server-sent event stream (WHATWG HTML §9.2) into the text of its events. Names, ids and retry times are left
 * out: what came through a guard is not resumed past it. `isTooLarge` is set, and nothing more read, once one event
 * passes `maxBytes` UTF-16 code units.
 */
export class SseReader {
  isTooLarge = false;
  private readonly decoder = new StringDecoder('utf8');
  private readonly maxLength: number;
  private readonly onEvent: (text: string) => void;
  private pending: string[] = [];
  private pendingLength = 0;
  private lines: string[] = [];
  private length = 0;
  private afterCarriageReturn = false;

  constructor(maxLength: number, onEvent: (text: string) => void) {
    this.maxLength = maxLength;
    this.onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    if (this.isTooLarge) return;
    const text = this.decoder.write(chunk);
    let from = this.afterCarriageReturn && text.startsWith('\n') ? 1 : 0;
    if (text.length > 0) this.afterCarriageReturn = text.endsWith('\r');
    const breaks = /\r\n|\r|\n/g;
    breaks.lastIndex = from;
    for (let found = breaks.exec(text); found !== null && !this.isTooLarge; found = breaks.exec(text)) {
      this.line(this.pending.join('') + text.slice(from, found.index));
      this.pending = [];
      this.pendingLength = 0;
      from = breaks.lastIndex;
    }
    if (from >= text.length) return;
    this.pending.push(text.slice(from));
    this.pendingLength += text.length - from;
    if (this.pendingLength + this.length > this.maxLength) this.isTooLarge = true;
  }

  private line(line: string): void {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    if (field !== 'data') return;
    const value = colon === -1 ? '' : line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1);
    this.length += value.length;
    if (this.length > this.maxLength) this.isTooLarge = true;
    else this.lines.push(value);
  }

  private dispatch(): void {
    const text = this.lines.join('\n');
    this.lines = [];
    this.length = 0;
    if (text !== '') this.onEvent(text);
  }
}

/** One event that carries a message. Line breaks inside the text become lines of data. */
export function sseEvent(text: string): string {
  return `event: message\ndata: ${/[\r\n]/.test(text) ? text.split(/\r\n|\r|\n/).join('\ndata: ') : text}\n\n`;
}
