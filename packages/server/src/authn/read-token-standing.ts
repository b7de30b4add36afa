import type { LinkAbove } from '@surety/contract/enforcement';
import type { AccessTokenClaims } from '@surety/proof/access-token';
import { namesChain } from './chain-claims.ts';
import { type ChainHouse, readChain } from './read-chain.ts';
import { newestCutoff, readStanding, type Standing } from './read-standing.ts';

/** The standing of a token, with what lies above its client when it acts for another. */
export type TokenStanding = Standing & { readonly above?: readonly LinkAbove[] };

/**
 * Whether everything an access token stands for is live now: its client (`readStanding`), the whole chain above when it acts
 * for another, as the tree of tasks has it and never as the token says, and no cut-off of any of it, of its task or of the
 * token itself. A cut-off of a token, task or credential is final; one of a principal or owner ends what was issued at or
 * before it. Cut-offs are read last, so that none that came while the facts were read is missed.
 */
export async function readTokenStanding(house: ChainHouse, claims: AccessTokenClaims): Promise<TokenStanding> {
  const { client_id: client, instance = '', task, jti } = claims;
  const standing = await readStanding(house.facts, client, instance);
  if (!standing.live) return standing;
  const actsForAnother = claims.act !== undefined || claims.sub !== client;
  const chain = actsForAnother ? await readChain(house, task ?? '') : undefined;
  if (chain !== undefined && !chain.live) return chain;
  if (chain !== undefined && !namesChain(claims, chain.tasks))
    return { live: false, why: 'the token names another chain than the one that is stored' };
  const { feed } = house;
  const isOver = [jti, instance, task].some((key) => key !== undefined && feed.cutoffOf(key) !== undefined);
  const newest = Math.max(newestCutoff(feed, standing), ...(chain?.links ?? []).map((link) => newestCutoff(feed, link)));
  if (isOver || claims.iat * 1_000 <= newest) return { live: false, why: 'what it stands for was cut off' };
  return chain === undefined ? standing : { ...standing, above: chain.above };
}
