import type { Agent, Workload } from '@surety/contract/agent';
import type { Human } from '@surety/contract/human';
import { idPrefixes } from '@surety/contract/id';

/** Anyone the registry knows, with its kind. */
export type Principal =
  | { readonly kind: 'human'; readonly one: Human }
  | { readonly kind: 'workload'; readonly one: Workload }
  | { readonly kind: 'agent'; readonly one: Agent };

export type PrincipalKind = Principal['kind'];

const kinds: readonly PrincipalKind[] = ['agent', 'human', 'workload'];

const prefixes = kinds.map((kind) => [`${idPrefixes[kind]}_`, kind] as const);

/** The kind that the prefix of an id says; undefined for a name or an id of something else. */
export function kindOf(id: string): PrincipalKind | undefined {
  for (const [prefix, kind] of prefixes) if (id.startsWith(prefix)) return kind;
  return undefined;
}
