import type { IncomingMessage } from 'node:http';

/**
 * Every value of a header field, as it was sent and in its order; none is joined or dropped. `name` in small letters.
 * `request.headers` keeps only the first `authorization` and joins others, and a second one must be seen to be refused.
 */
export function headerValues({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const field = rawHeaders[at] ?? '';
    if (field.length === name.length && field.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? '');
  }
  return values;
}
