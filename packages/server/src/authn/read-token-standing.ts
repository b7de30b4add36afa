import type { LinkAbove } from '@surety/contract/enforcement';
import type { AccessTokenClaims } from '@surety/proof/access-token';
import { namesChain } from './chain-claims.ts';
import { type ChainHouse, type ChainStanding, type LiveLink, readChain } from './read-chain.ts';
import { isCutSince, newestCutoff, readStanding, type Standing } from './read-standing.ts';

/** The standing of a token, with what lies above its client when it acts for another. */
export type TokenStanding = Standing & { readonly above?: readonly LinkAbove[] };

/**
 * Whether everything an access token stands for is live now: its client (`readStanding`), the whole chain above when it acts
 * for another, as the tree of tasks has it and never as the token says, its own task, which must be there and open, and no
 * cut-off of any of it, of its task or of the token itself. A cut-off of a token, task or credential is final; one of a
 * principal or owner ends what was issued before it: by the number of the change, and by the clock as well. Cut-offs are
 * read last, so that none that came while the facts were read is missed.
 */
export async function readTokenStanding(house: ChainHouse, claims: AccessTokenClaims): Promise<TokenStanding> {
  const { client_id: client, instance = '', task } = claims;
  const standing = await readStanding(house.facts, client, instance);
  if (!standing.live) return standing;
  const chain = await readWork(house, claims);
  if (chain?.live === false) return chain;
  const isOver = [claims.jti, instance, task].some((key) => key !== undefined && house.feed.cutoffOf(key) !== undefined);
  if (isOver || isCutOff(house.feed, claims, [standing, ...(chain?.links ?? [])]))
    return { live: false, why: 'what it stands for was cut off' };
  return chain === undefined ? standing : { ...standing, above: chain.above };
}

/**
 * The chain of a token that acts for another, which must be the one that it names. Of any other only that its task is there and
 * open: without the row of its task a token is worth nothing, wherever it came from.
 */
async function readWork(house: ChainHouse, claims: AccessTokenClaims): Promise<ChainStanding | undefined> {
  const { client_id: client, task = '' } = claims;
  if (claims.act === undefined && claims.sub === client) {
    const isOpen = claims.task === undefined || (await isOpenTaskOf(house, task, client));
    return isOpen ? undefined : { live: false, why: 'its task is not an open one of its client' };
  }
  const chain = await readChain(house, task);
  return !chain.live || namesChain(claims, chain.tasks)
    ? chain
    : { live: false, why: 'the token names another chain than the one that is stored' };
}

type Link = Pick<LiveLink, 'principal' | 'owner'>;

/** Whether anybody that a token stands for was cut off since it was issued. */
function isCutOff(feed: ChainHouse['feed'], { iat, change }: AccessTokenClaims, links: readonly Link[]): boolean {
  if (change !== undefined && links.some((link) => isCutSince(feed, link, change))) return true;
  return iat * 1_000 <= Math.max(...links.map((link) => newestCutoff(feed, link)));
}

async function isOpenTaskOf({ authority, clock }: ChainHouse, id: string, client: string): Promise<boolean> {
  const task = (await authority.chain(id))?.at(-1);
  return task?.agent === client && task.state === 'open' && Date.parse(task.expiresAt) > clock();
}
