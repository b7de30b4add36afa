import { orNotReady } from '#authn/proof-fault';
import { readChain } from '#authn/read-chain';
import { Fault } from '#kernel/fault';
import { spendKey } from '#ledger/commit-queue';
import { authenticationClaims } from '#signin/authentication-claims';
import { parameter, requiredParameter } from '../form.ts';
import { openRefresh } from '../interactive/refresh-token.ts';
import { issueToken, type TokenResponse } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';
import { findResource } from '../resource-indicator.ts';
import { checkEnrolledKey, issueOnce, newRefresh, withRefresh } from './family.ts';
import type { GrantRequest } from './grant.ts';

/**
 * The next token of a task that a person asked for, and the next refresh token (RFC 6749 §6): for the same client, by
 * the same key (RFC 9449 §5), each good once. One that comes again ends the task and all that hangs below it (RFC 9700
 * §4.14.2). It never outlives the task. Faults `grant.refused`, `dpop.proof_invalid`, `resource.unknown`, `scope.invalid`.
 */
export async function refreshToken(room: IssuanceRoom, request: GrantRequest): Promise<TokenResponse> {
  const { form, client, proof } = request;
  const refresh = openRefresh(room.interactive.sealer, requiredParameter(form, 'refresh_token'));
  if (refresh?.agent !== client.clientId) return refuse('the refresh token is none of this client');
  if (refresh.jkt !== proof.jkt) return refuse('the refresh token is bound to another key');
  if ((parameter(form, 'scope') ?? 'call') !== 'call') throw new Fault('scope.invalid');
  const { resource, task: id, authTime } = refresh;
  if ((form.get('resource') ?? [resource]).some((asked) => asked !== resource))
    throw new Fault('resource.unknown', 'it was agreed to for another system');
  await checkEnrolledKey(room, request);
  const spend = { key: spendKey('refresh', refresh.jti), expiresAtMs: refresh.expiresAtMs + 60_000 };
  return issueOnce(room, { spend, family: id, kind: 'refresh', client: client.clientId }, async () => {
    const response = await issueToken(room, request, async () => {
      const chain = await orNotReady(readChain(room, id));
      if (!chain.live) return refuse(chain.why);
      return {
        resource: await findResource(room, [resource]),
        scope: 'call',
        task: chain.tasks.at(-1),
        isNew: false,
        links: chain.links,
        spends: [spend],
        ...(authTime === undefined ? {} : { signedIn: authenticationClaims(authTime) }),
      };
    });
    const task = { id, agent: refresh.agent, expiresAt: new Date(refresh.expiresAtMs).toISOString() };
    return withRefresh(response, room, newRefresh(task, { jkt: proof.jkt, resource, authTime }));
  });
}

function refuse(why: string): never {
  throw new Fault('grant.refused', why);
}
