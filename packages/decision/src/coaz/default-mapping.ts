import { type ExactRecord, isExactRecord } from '@surety/contract/exact-json';
import type { McpMessage } from './mcp-message.ts';

/** The one thing about a message that its default mapping asks about. */
type Target = 'server' | 'tool' | 'resource' | 'prompt' | 'task' | 'reference';

/**
 * What each method is about (COAZ-MCP, default mappings). The binding was written for protocol 2025-11-25; what 2026-07-28 added
 * is ours: `server/discover`, `subscriptions/listen` and `tasks/update`. A retry with `inputResponses` is the same call and is
 * asked about again. A method that is not here is denied.
 */
const targets: Readonly<Record<string, Target>> = {
  initialize: 'server',
  'server/discover': 'server',
  'tools/list': 'server',
  'tools/call': 'tool',
  'resources/list': 'server',
  'resources/templates/list': 'server',
  'resources/read': 'resource',
  'resources/subscribe': 'resource',
  'resources/unsubscribe': 'resource',
  'subscriptions/listen': 'server',
  'prompts/list': 'server',
  'prompts/get': 'prompt',
  'completion/complete': 'reference',
  'logging/setLevel': 'server',
  'tasks/list': 'server',
  'tasks/get': 'task',
  'tasks/result': 'task',
  'tasks/update': 'task',
  'tasks/cancel': 'task',
};

/** Members of `context` beside the agent that the binding names for a method. */
const contexts: Readonly<Record<string, ExactRecord>> = {
  initialize: { protocol_version: '$params.?protocolVersion' },
  'logging/setLevel': { level: '$params.level' },
};

/** Requests that go on without a question: a sign of life, and what expects no answer. */
export function isPassedThrough(method: string): boolean {
  return method === 'ping' || method.startsWith('notifications/');
}

/** The mapping of a method for which its server declares none. Undefined for a method that nobody has thought about. */
export function defaultMapping(message: McpMessage): ExactRecord | undefined {
  const { method, system } = message;
  const target = Object.hasOwn(targets, method) ? targets[method] : undefined;
  if (target === undefined) return undefined;
  const ours = system === undefined ? {} : { task: '$token.?task' };
  const withArguments = system !== undefined && target === 'tool' ? { arguments: '$params.?arguments' } : {};
  return {
    evaluation: {
      subject: { type: 'identity' },
      action: { name: literal(method) },
      resource: resourceOf(target, message),
      context: { agent: '$token.?client_id', ...contexts[method], ...ours, ...withArguments },
    },
  };
}

function resourceOf(target: Target, { params, system }: McpMessage): ExactRecord {
  switch (target) {
    case 'server':
      return { type: 'mcp_server', id: '$token.aud' };
    case 'tool':
      return { type: 'tool', id: system === undefined ? '$params.name' : toolOf(system, params) };
    case 'resource':
      return { type: 'resource', id: '$params.uri' };
    case 'prompt':
      return { type: 'prompt', id: '$params.name' };
    case 'task':
      return { type: 'task', id: '$params.taskId' };
    case 'reference':
      return referenceOf(params);
  }
}

function toolOf(system: string, { name }: ExactRecord): string {
  return typeof name === 'string' ? literal(`${system}.${name}`) : '$params.name';
}

/** `completion/complete` is about what its reference names. */
function referenceOf({ ref }: ExactRecord): ExactRecord {
  const isPrompt = isExactRecord(ref) && ref['type'] === 'ref/prompt';
  return isPrompt ? { type: 'prompt', id: '$params.ref.name' } : { type: 'resource', id: '$params.ref.uri' };
}

function literal(text: string): string {
  return text.startsWith('$') ? `$${text}` : text;
}
