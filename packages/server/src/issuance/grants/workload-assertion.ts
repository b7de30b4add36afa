import { authenticateInstance } from '#authn/authenticate-instance';
import { Fault } from '#kernel/fault';
import { parameter, requiredParameter } from '../form.ts';
import type { TokenResponse } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';
import { manifestParameter } from '../manifest-parameter.ts';
import { findResource } from '../resource-indicator.ts';
import { clientCredentials } from './client-credentials.ts';
import type { ProvenRequest } from './grant.ts';

/** `client_id` is ours (RFC 6749 §5.1 lets a server add): who the copy is here, for its further requests. */
export type ArrivedResponse = TokenResponse & { readonly client_id: string };

/**
 * A token for a workload that comes with its platform's word (RFC 7523 §2.1; WAG, MCP workload identity federation,
 * ID-JAG): the assertion is the authentication, and the key of the proof becomes that copy's own. What the token is for
 * is then as for any client. A second way to authenticate beside the assertion is refused (RFC 6749 §2.3).
 */
export async function workloadAssertion(room: IssuanceRoom, { form, proof }: ProvenRequest): Promise<ArrivedResponse> {
  if (['client_assertion', 'client_assertion_type', 'client_secret'].some((name) => form.has(name)))
    throw new Fault('client.unknown', 'the assertion is the authentication, and another is shown beside it');
  const assertion = requiredParameter(form, 'assertion');
  const manifest = manifestParameter(form);
  await findResource(room, form.get('resource') ?? []);
  const { client } = await authenticateInstance(room, { assertion, clientId: parameter(form, 'client_id'), manifest }, proof);
  return { ...(await clientCredentials(room, { form, client, proof })), client_id: client.clientId };
}
