import type { Match } from '@surety/contract/federation';
import type { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { record } from '#ledger/record';
import { lockCredential } from '#registry/credential-store';
import { revokeCredentialRecorded } from '#registry/revoke-credential';
import { listInstancesOfMatch } from './instance-store.ts';
import { saveMatch } from './match-store.ts';

export type Changes = Parameters<typeof announce>[1];

/** Ends a match that is locked, and every key that came by it, inside a transaction that does more. */
export async function endMatch(
  tx: Tx,
  clock: Clock,
  { match, actor }: { readonly match: Match; readonly actor: string },
): Promise<{ readonly changes: Changes; readonly ended: number }> {
  const changes: Changes[number][] = [];
  let ended = 0;
  for (const id of await listInstancesOfMatch(tx, match.id)) {
    const credential = await lockCredential(tx, id);
    if (credential.state !== 'active') continue;
    changes.push(...(await revokeCredentialRecorded(tx, clock, { credential, actor })));
    ended++;
  }
  await saveMatch(tx, { ...match, state: 'removed' });
  await record(tx, clock, {
    type: 'issuer.unmatched',
    actor,
    about: match.issuer,
    data: { match: match.id, agent: match.agent, credentialsEnded: ended },
  });
  return { changes, ended };
}
