import { ExactNumber, type ExactRecord, type ExactValue, isExactRecord } from '@surety/contract/exact-json';

/** MCP 2026-07-28, "Request headers": visible ASCII as it stands, anything else as base64 of UTF-8. */
export function headerValue(text: string): string {
  const asItStands = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/.test(text) && !text.startsWith('=?base64?');
  return asItStands ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

/** How deep properties are looked for that a header mirrors. */
const maxDepth = 8;

/** The headers that mirror arguments which the schema of the tool marks with `x-mcp-header` (MCP 2026-07-28). */
export function parameterHeaders(schema: ExactRecord | undefined, args: ExactRecord): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const visit = (node: ExactValue | undefined, value: ExactValue | undefined, depth: number): void => {
    const properties = isExactRecord(node) ? node['properties'] : undefined;
    if (!isExactRecord(properties) || depth === 0) return;
    for (const [name, property] of Object.entries(properties)) {
      const member = isExactRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
      const header = isExactRecord(property) ? property['x-mcp-header'] : undefined;
      const text = mirrorText(member);
      if (typeof header === 'string' && /^[\w-]{1,64}$/.test(header) && text !== undefined)
        headers[`mcp-param-${header.toLowerCase()}`] = headerValue(text);
      visit(property, member, depth - 1);
    }
  };
  visit(schema, args, maxDepth);
  return headers;
}

function mirrorText(value: ExactValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return value instanceof ExactNumber ? value.text : undefined;
}
