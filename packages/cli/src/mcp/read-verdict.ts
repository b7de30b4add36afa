import {
  ExactNumber,
  type ExactRecord,
  type ExactValue,
  isExactList,
  isExactRecord,
  writeExactJson,
} from '@surety/contract/exact-json';
import type { McpAnswer } from './ask-system.ts';

/** What became of a call, as the guard told it. */
export type Verdict = {
  readonly state: 'allowed' | 'failed' | 'denied' | 'held' | 'stopped';
  /** The text of the tool, or of the refusal. */
  readonly text: string;
  readonly action: string | undefined;
  readonly request: string | undefined;
  readonly reason: string | undefined;
  readonly expiresAt: string | undefined;
};

/**
 * Tells a refusal by the guard from an error of the tool. The guard answers with `isError` and `structuredContent.status`,
 * or with its JSON-RPC error. Nothing but the lack of an error is taken for a success.
 */
export function readVerdict({ kind, value }: McpAnswer): Verdict {
  const said = kind === 'result' ? value['structuredContent'] : value['data'];
  const isError = kind === 'error' || value['isError'] === true;
  const marks = isExactRecord(said) ? said : undefined;
  const base = {
    text: kind === 'error' ? textOf(value['message']) : contentOf(value),
    action: find(marks, 'action'),
    request: find(marks, 'approval'),
    reason: find(marks, 'reason'),
    expiresAt: find(marks, 'expiresAt'),
  };
  if (!isError) return { ...base, state: 'allowed' };
  const status = find(marks, 'status');
  if (status === 'held') return { ...base, state: 'held' };
  if (status === 'stopped' || base.reason === 'agent.not_active') return { ...base, state: 'stopped' };
  return { ...base, state: status === 'denied' || isCode(value['code'], '-32001') ? 'denied' : 'failed' };
}

function isCode(value: ExactValue | undefined, code: string): boolean {
  return value instanceof ExactNumber && value.canonical === code;
}

function find(record: ExactRecord | undefined, name: string): string | undefined {
  const value = record?.[name];
  return typeof value === 'string' ? value : undefined;
}

function textOf(value: ExactValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The text blocks of a result; other blocks by their kind. */
function contentOf({ content, structuredContent }: ExactRecord): string {
  const blocks = isExactList(content) ? content : [];
  const lines = blocks.map((block) =>
    isExactRecord(block) ? (typeof block['text'] === 'string' ? block['text'] : `[${textOf(block['type'])}]`) : '',
  );
  return lines.length === 0 && structuredContent !== undefined ? writeExactJson(structuredContent) : lines.join('\n');
}
