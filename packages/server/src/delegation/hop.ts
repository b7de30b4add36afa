import { createHash } from 'node:crypto';
import { type AgentAction, defaultHops, type HopGrant } from '@surety/contract/delegation';
import { canonicalJson, fromPlain } from '@surety/contract/exact-json';
import type { Task } from '@surety/contract/task';

/**
 * What is cut off, for good and by number, when an agent gets a mandate in place of one that is over: all that it had handed on
 * by then. And when a delegation token is given back: all that came of it.
 */
export const handedOnKey = (agentOrToken: string): string => `handed_on:${agentOrToken}`;

/** What is asked for when work is handed on. Everything that is left out is as above. */
export type HopRequest = {
  readonly details: readonly AgentAction[] | null;
  readonly depth: number | undefined;
  readonly expiresAt: string;
};

/**
 * How many hops may hang below the agent of a task: what was granted to it, and what its mandate says, the smaller. Nothing
 * was granted to whoever works on its own trigger; there the mandate alone counts.
 */
export function hopsBelow(task: Pick<Task, 'grant'> | undefined, maxDepth: number | undefined): number {
  return Math.min(task?.grant?.depthLeft ?? Infinity, maxDepth ?? defaultHops);
}

/** The grant of a hop below `hops` that are left (see {@link hopsBelow}). It takes one, and never leaves more than is asked. */
export function grantHop({ details, depth, expiresAt }: HopRequest, hops: number, scope: string): HopGrant {
  return {
    details: details === null ? null : [...details],
    scope,
    audiences: null,
    depthLeft: Math.max(0, Math.min(depth ?? hops, hops - 1)),
    expiresAt,
  };
}

/** SHA-256, base64url, of the canonical form of what a hop is narrowed to; null when to nothing. */
export function detailsDigest(details: readonly AgentAction[] | null): string | null {
  if (details === null) return null;
  return createHash('sha256')
    .update(canonicalJson(fromPlain(details)))
    .digest('base64url');
}
