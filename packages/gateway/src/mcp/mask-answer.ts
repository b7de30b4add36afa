import {
  type ExactRecord,
  type ExactValue,
  isExactList,
  isExactRecord,
  readExactJson,
  writeExactJson,
} from '@surety/contract/exact-json';
import { maskedText, maskValue } from '@surety/decision/obligations/mask-value';

/** As large as what is read of a system at all (`read-envelope.ts`). */
const limits = { depth: 512, nodes: 1_000_000 } as const;

/**
 * The answer of a system without the fields that must not leave. Rebuilt from what was read: only members that are known
 * stay, a text that is not JSON is masked whole, and so are pictures, sounds and files, because a field cannot be found in
 * them. Beside structured content no other text of the system passes: it would say the same. Undefined when the answer is
 * of a kind in which nothing can be masked; then nothing of it may be passed on.
 */
export function maskAnswer(text: string, pointers: readonly string[]): string | undefined {
  const message = parse(text);
  if (!isExactRecord(message)) return undefined;
  const { jsonrpc = '2.0', id = null, result, error } = message;
  if (isExactRecord(error)) {
    const { code = null } = error;
    return writeExactJson({ jsonrpc, id, error: { code, message: 'The system answered with an error, which is masked.' } });
  }
  const masked = isExactRecord(result) ? maskResult(result, pointers) : undefined;
  return masked && writeExactJson({ jsonrpc, id, result: masked });
}

function parse(text: string): ExactValue | undefined {
  try {
    return readExactJson(text, limits);
  } catch {
    return undefined;
  }
}

/** Members that say how an answer is to be taken, and nothing of what it is about. */
function frameOf({ resultType, isError }: ExactRecord): ExactRecord {
  return {
    ...(typeof resultType === 'string' ? { resultType } : {}),
    ...(typeof isError === 'boolean' ? { isError } : {}),
  };
}

function maskResult(result: ExactRecord, pointers: readonly string[]): ExactRecord | undefined {
  const { resultType, structuredContent, content, contents, messages, ...others } = result;
  // A question of the system is no result yet, and may quote anything.
  if (resultType !== undefined && resultType !== 'complete') return undefined;
  const frame = frameOf(result);
  if (structuredContent !== undefined) {
    const masked = maskValue(structuredContent, pointers);
    return { ...frame, structuredContent: masked, content: [textBlock(writeExactJson(masked))] };
  }
  if (isExactList(content)) return { ...frame, content: content.map((block) => maskBlock(block, pointers)) };
  if (isExactList(contents)) return { ...frame, contents: contents.map((one) => maskContents(one, pointers)) };
  if (isExactList(messages)) return { ...frame, messages: messages.map((one) => maskMessage(one, pointers)) };
  const { _meta, isError: _framed, ...rest } = others;
  const masked = maskValue(rest, pointers);
  return isExactRecord(masked) ? { ...frame, ...masked } : undefined;
}

function textBlock(text: string): ExactRecord {
  return { type: 'text', text };
}

function maskBlock(block: ExactValue, pointers: readonly string[]): ExactRecord {
  if (!isExactRecord(block) || block['type'] !== 'text') return textBlock(maskedText);
  return textBlock(maskText(block['text'], pointers));
}

/** One part of a resource. Its address was asked for, so it stays. */
function maskContents(part: ExactValue, pointers: readonly string[]): ExactRecord {
  if (!isExactRecord(part)) return { uri: '', text: maskedText };
  const { uri = '', mimeType, text } = part;
  return { uri, ...(mimeType === undefined ? {} : { mimeType }), text: maskText(text, pointers) };
}

function maskMessage(message: ExactValue, pointers: readonly string[]): ExactRecord {
  const { role = 'user', content = null } = isExactRecord(message) ? message : {};
  return { role, content: maskBlock(content, pointers) };
}

/** JSON in a text, masked and written anew; any other text whole. */
function maskText(text: ExactValue | undefined, pointers: readonly string[]): string {
  const value = typeof text === 'string' ? parse(text) : undefined;
  return value === undefined ? maskedText : writeExactJson(maskValue(value, pointers));
}
