import type { TrustedIssuer } from '@surety/contract/federation';
import { announce } from '#change/announce';
import { record } from '#ledger/record';
import { type Changes, endMatch } from './end-match.ts';
import type { FederationHouse } from './federation-house.ts';
import { lockIssuer, saveIssuer } from './issuer-store.ts';
import { listMatches, lockMatch } from './match-store.ts';

/**
 * Trusts an issuer no more: its matches end, and with them every key that it vouched for and every token bound to one.
 * Doing it again changes nothing. Fault `issuer.not_found`.
 */
export async function removeIssuer(
  house: Pick<FederationHouse, 'db' | 'clock'>,
  actor: string,
  { issuer: ref }: { readonly issuer: string },
): Promise<TrustedIssuer> {
  return house.db.transaction(async (tx) => {
    const before = await lockIssuer(tx, ref);
    if (before.state === 'removed') return before;
    const changes: Changes[number][] = [{ what: 'changed', key: before.id }];
    let credentialsEnded = 0;
    for (const { id } of await listMatches(tx, before.id)) {
      const end = await endMatch(tx, house.clock, { match: await lockMatch(tx, id), actor });
      changes.push(...end.changes);
      credentialsEnded += end.ended;
    }
    const after: TrustedIssuer = { ...before, state: 'removed' };
    await saveIssuer(tx, after);
    const data = { name: after.name, credentialsEnded };
    await record(tx, house.clock, { type: 'issuer.removed', actor, about: after.id, data });
    await announce(tx, changes);
    return after;
  });
}
