import { Document, visit } from 'yaml';
import { hasUnsafe, safeJson } from './safe-text.ts';

/** A value as YAML. Text that could play tricks on a terminal stands in double quotes, escaped: the same value. */
export function toYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && hasUnsafe(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return safeJson(document.toString({ lineWidth: 0 }));
}
