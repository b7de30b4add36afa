import type { HopGrant } from '@surety/contract/delegation';
import type { AgentId } from '@surety/contract/id';
import type { Task } from '@surety/contract/task';
import { toPermission } from '@surety/decision/compile-hop';
import { dateWords, mandateSentences } from '@surety/decision/mandate-sentences';

/** What a hop granted, in words: each permission, until when, and whether it may be handed on further. */
export function hopSentences({ agent, grant, purpose }: Pick<Task, 'agent' | 'grant' | 'purpose'>): string[] {
  if (grant === null) return [];
  return [...permissionSentences(agent, grant, purpose), furtherWords(grant.depthLeft)];
}

function permissionSentences(agent: Task['agent'], { details, expiresAt }: HopGrant, purpose: string): string[] {
  if (details === null) return [`All that whoever handed it on may pass on; until ${dateWords(expiresAt)}.`];
  const permissions = details.flatMap((one) => toPermission(one) ?? []);
  const sentences = mandateSentences({ agent: agent as AgentId, purpose, autonomy: 'act', expiresAt, permissions });
  return sentences.slice(1, 1 + permissions.length); // what else is said is of a mandate: autonomy, and what it passes on
}

function furtherWords(hops: number): string {
  if (hops === 0) return 'May not be handed on.';
  return `May be handed on ${hops === 1 ? 'once' : `over ${hops} hops`} more.`;
}
