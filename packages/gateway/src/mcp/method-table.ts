/**
 * What becomes of a message, once its caller is authenticated:
 *
 * - `decide`  a call that takes effect: gathered, decided, held, committed, forwarded, recorded
 * - `list`    admitted, relayed; only the operations this caller could be permitted to call come back
 * - `offer`   admitted, relayed; what this guard does not offer is taken out of the capabilities both ways
 * - `pass`    admitted, relayed as it is
 * - `stream`  admitted, relayed for as long as caller, token and system are live
 * - `cancel`  ends the caller's own call under way; relayed when it belongs to a session of the caller's
 * - `answer`  says something about a question of the system: admitted, and relayed when it belongs to a session of the
 *             caller's; without one the system could take it for somebody else's
 */
export type Treatment = 'decide' | 'list' | 'offer' | 'pass' | 'stream' | 'cancel' | 'answer';

/** `session`: 2025-11-25 and before. `stateless`: 2026-07-28. */
export type Era = 'session' | 'stateless';

const both = ['session', 'stateless'] as const;
const session = ['session'] as const;
const stateless = ['stateless'] as const;

/** Every method that is let through, and how. What is not here is not offered by this guard, whatever it is. */
const methods: Readonly<Record<string, readonly [Treatment, readonly Era[]]>> = {
  'tools/call': ['decide', both],
  'tools/list': ['list', both],

  initialize: ['offer', session],
  'server/discover': ['offer', stateless],

  'resources/list': ['pass', both],
  'resources/templates/list': ['pass', both],
  'resources/read': ['decide', both],
  'resources/subscribe': ['decide', session],
  'resources/unsubscribe': ['decide', session],
  'prompts/list': ['pass', both],
  'prompts/get': ['decide', both],
  'completion/complete': ['decide', both],
  'logging/setLevel': ['pass', session],
  ping: ['pass', session],

  'subscriptions/listen': ['stream', stateless],

  'notifications/initialized': ['pass', session],
  'notifications/progress': ['answer', session],
  'notifications/roots/list_changed': ['pass', session],
  'notifications/cancelled': ['cancel', both],

  // tasks/*: not offered. A task outlives its call, and its result would be released outside of it.
};

/** How a method is treated in an era, or undefined when it is not let through. */
export function treatmentOf(method: string, era: Era): Treatment | undefined {
  const row = Object.hasOwn(methods, method) ? methods[method] : undefined;
  return row?.[1].includes(era) === true ? row[0] : undefined;
}
