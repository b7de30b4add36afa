import type { AccessTokenClaims } from '@surety/proof/access-token';
import { orNotReady } from '#authn/proof-fault';
import { announce } from '#change/announce';
import { recordEnded } from '#delegation/end-task';
import { handedOnKey } from '#delegation/hop';
import { endTasksOfOffer } from '#delegation/task-store';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { admitClient } from './admit-client.ts';
import { createEndpoint, type RawHandler } from './endpoint.ts';
import { requiredParameter } from './form.ts';
import { revokeFamily } from './grants/family.ts';
import { openRefresh } from './interactive/refresh-token.ts';
import type { IssuanceRoom } from './issuance-room.ts';

/**
 * Token revocation (RFC 7009). A client ends its own access tokens, everywhere, and with a refresh token all that came of
 * the same consent (§2.1). What is no token of ours, or over already, is as good as revoked (§2.2). A live token of another
 * client is refused (§2.1), and nothing happens to it.
 */
export function revocationEndpoint(room: IssuanceRoom): RawHandler {
  return createEndpoint(room, async (form, request) => {
    const token = requiredParameter(form, 'token');
    const client = await admitClient(room, form, request);
    const refresh = openRefresh(room.interactive.sealer, token);
    if (refresh !== undefined) {
      if (refresh.agent !== client.id) throw new Fault('access.denied', 'the refresh token was issued to another client');
      await revokeFamily(room, refresh);
      return 'empty';
    }
    const claims = room.readToken(token);
    if (claims === undefined || room.feed.cutoffOf(claims.jti) !== undefined) return 'empty';
    if (claims.client_id !== client.id) throw new Fault('access.denied', 'the token was issued to another client');
    await orNotReady(revokeToken(room, claims));
    return 'empty';
  });
}

/**
 * Ends one access token, and of one that was handed on also the work that came of it, or comes of an exchange that is being
 * committed right now: recorded, and announced, in one transaction.
 */
async function revokeToken({ db, clock, feed }: IssuanceRoom, claims: AccessTokenClaims): Promise<void> {
  const { client_id: client, jti, task } = claims;
  const change = await db.transaction(async (tx) => {
    await record(tx, clock, { type: 'token.revoked', actor: client, about: client, task, data: { tokenId: jti } });
    const isOffer = claims.may_act !== undefined;
    const ended = isOffer ? await endTasksOfOffer(tx, jti) : [];
    const handedOn = isOffer ? [{ what: 'cutoff' as const, key: handedOnKey(jti) }] : [];
    return announce(tx, [{ what: 'cutoff', key: jti }, ...handedOn, ...(await recordEnded(tx, clock, { ended, actor: client }))]);
  });
  await feed.waitFor(change, 1_000);
}
