import type { Task } from '@surety/contract/task';
import { readChain } from '#authn/read-chain';
import { taskFor } from '#delegation/mint-task';
import { isOpen } from '#delegation/task';
import { Fault } from '#kernel/fault';
import { malformed, parameter } from '../form.ts';
import type { Granted, LiveStanding } from '../issue-token.ts';
import { issueToken, type TokenResponse } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';
import { findResource } from '../resource-indicator.ts';
import type { GrantRequest } from './grant.ts';
import { offerDelegation } from './offer-delegation.ts';

/** The one scope there is: what a token opens is decided for each call. */
const callScope = 'call';

/**
 * A token for the client itself (RFC 6749 §4.4): one resource (RFC 8707), bound to the key of the proof. An agent or workload
 * works under a task: the open one it names in `task`, or one that is opened with the token and for which its owner answers. A
 * token for our issuer itself is one to be handed on: see `offerDelegation`.
 */
export async function clientCredentials(room: IssuanceRoom, request: GrantRequest): Promise<TokenResponse> {
  const scope = parameter(request.form, 'scope') ?? callScope;
  if (scope !== callScope) throw new Fault('scope.invalid');
  return issueToken(room, request, async (standing) => {
    const resource = await findResource(room, request.form.get('resource') ?? []);
    if (!resource.kinds.includes(standing.principal.kind)) throw new Fault('resource.unknown', 'not for this kind of principal');
    const work = await findTask(room, request, standing);
    if (resource.audience !== room.issuer) {
      if (request.form.has('may_act')) malformed('/may_act', 'only a token for the issuer is handed on');
      return { resource, scope, ...work };
    }
    return { resource, scope, ...work, ...(await offerDelegation(room, request, standing, work)) };
  });
}

async function findTask(
  room: IssuanceRoom,
  { form, client }: GrantRequest,
  { principal }: LiveStanding,
): Promise<Pick<Granted, 'task' | 'isNew' | 'links'>> {
  const named = parameter(form, 'task');
  if (principal.kind === 'human')
    return named === undefined ? { task: undefined, isNew: false } : malformed('/task', 'a person works under no task');
  const now = room.clock();
  if (named === undefined) {
    const instance = client.credential.id;
    return { task: taskFor(principal.one, { now, seconds: room.taskSeconds, instance }), isNew: true };
  }
  const task: Task | undefined = await room.authority.task(named);
  if (task?.agent !== client.clientId || !isOpen(task, now))
    throw new Fault('grant.refused', 'the task is not an open one of this agent');
  const chain = await readChain(room, named);
  if (!chain.live) throw new Fault('grant.refused', chain.why);
  return { task, isNew: false, links: chain.links };
}
