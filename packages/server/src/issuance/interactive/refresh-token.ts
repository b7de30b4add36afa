import * as z from 'zod';
import { AgentId, TaskId } from '@surety/contract/id';
import type { Sealer } from '#keys/seal';

/** What a refresh token stands for. It is one of a family: the task. `expiresAt` in ms since the epoch. */
const Refresh = z.strictObject({
  jti: z.string().min(20).max(60),
  task: TaskId,
  agent: AgentId,
  jkt: z.string().length(43),
  resource: z.string().max(500),
  expiresAtMs: z.int(),
  /** When the person signed in, in seconds since the epoch: the same for the whole family (RFC 9068 §2.2.1). */
  authTime: z.int().optional(),
});
export type Refresh = z.infer<typeof Refresh>;

const place = 'refresh_token|1';

/**
 * A refresh token: what it stands for, sealed, so that nothing is stored for one that is never used and every node reads
 * it. It is good once: that it was used is what is kept.
 */
export function sealRefresh(sealer: Sealer, refresh: Refresh): string {
  return `srt_${Buffer.from(sealer.seal(place, Buffer.from(JSON.stringify(refresh)))).toString('base64url')}`;
}

/** What a presented refresh token stands for; undefined when it is none of ours. */
export function openRefresh(sealer: Sealer, token: string): Refresh | undefined {
  if (!/^srt_[A-Za-z0-9_-]{40,2000}$/.test(token)) return undefined;
  try {
    const opened = sealer.open(place, Buffer.from(token.slice(4), 'base64url'));
    return Refresh.safeParse(JSON.parse(Buffer.from(opened).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
