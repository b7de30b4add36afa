import type { Match } from '@surety/contract/federation';
import { announce } from '#change/announce';
import { endMatch } from './end-match.ts';
import type { FederationHouse } from './federation-house.ts';
import { lockMatch } from './match-store.ts';

/** Ends a match and every key that came by it. Doing it again changes nothing. Fault `issuer.not_found`. */
export async function removeMatch(
  house: Pick<FederationHouse, 'db' | 'clock'>,
  actor: string,
  { match: id }: { readonly match: string },
): Promise<Match> {
  return house.db.transaction(async (tx) => {
    const match = await lockMatch(tx, id);
    if (match.state === 'removed') return match;
    const { changes } = await endMatch(tx, house.clock, { match, actor });
    await announce(tx, [{ what: 'changed', key: match.issuer }, ...changes]);
    return { ...match, state: 'removed' };
  });
}
