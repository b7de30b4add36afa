import type { Agent, Workload } from '@surety/contract/agent';
import type { Human } from '@surety/contract/human';
import { type IdKind, idPrefixes } from '@surety/contract/id';

/** Anyone the registry knows, with its kind. */
export type Principal =
  | { readonly kind: 'human'; readonly one: Human }
  | { readonly kind: 'workload'; readonly one: Workload }
  | { readonly kind: 'agent'; readonly one: Agent };

export type PrincipalKind = Principal['kind'];

const kinds: readonly PrincipalKind[] = ['human', 'workload', 'agent'];

/** The kind that the prefix of an id says; undefined for a name or an id of something else. */
export function kindOf(id: string): PrincipalKind | undefined {
  return kinds.find((kind) => isIdOf(id, kind));
}

function isIdOf(id: string, kind: IdKind): boolean {
  return id.startsWith(`${idPrefixes[kind]}_`);
}
