/** An HTTP answer as it came. Header names are in small letters; of one that came twice the last stands. */
export type HttpAnswer = { readonly status: number; readonly headers: ReadonlyMap<string, string>; readonly body: Buffer };

/** Reads answers off a connection on which one request is under way at a time (RFC 9112): a length, or chunks. */
export class AnswerReader {
  #held: Buffer = Buffer.alloc(0);

  /** Takes what arrived. The answer, once it is whole; undefined until then. Throws on what is no HTTP/1.1 answer. */
  take(bytes: Buffer): HttpAnswer | undefined {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const end = this.#held.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [first = '', ...lines] = this.#held.toString('latin1', 0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? Number.NaN);
    if (!Number.isInteger(status)) throw new Error('no HTTP/1.1 answer');
    const headers = new Map(lines.map(split));
    const body = headers.get('transfer-encoding') === 'chunked' ? this.#chunks(end + 4) : this.#whole(end + 4, headers);
    return body === undefined ? undefined : { status, headers, body };
  }

  #whole(start: number, headers: ReadonlyMap<string, string>): Buffer | undefined {
    const length = Number(headers.get('content-length') ?? Number.NaN);
    if (!Number.isInteger(length)) throw new Error('an answer without a length');
    if (this.#held.length < start + length) return undefined;
    return this.#finish(this.#held.subarray(start, start + length), start + length);
  }

  #chunks(start: number): Buffer | undefined {
    const parts: Buffer[] = [];
    for (let at = start; ;) {
      const line = this.#held.indexOf('\r\n', at);
      if (line < 0) return undefined;
      const length = Number.parseInt(this.#held.toString('latin1', at, line), 16);
      if (Number.isNaN(length)) throw new Error('a chunk without a length');
      const next = line + 2 + length + 2;
      if (this.#held.length < next) return undefined;
      if (length === 0) return this.#finish(Buffer.concat(parts), next);
      parts.push(this.#held.subarray(line + 2, line + 2 + length));
      at = next;
    }
  }

  #finish(body: Buffer, end: number): Buffer {
    this.#held = this.#held.subarray(end);
    return body;
  }
}

function split(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
