import { readPublicJwk } from '@surety/proof/jwk';
import type { DpopProof } from '@surety/proof/dpop';
import type { AdmittedInstance, Federation } from '#federation/federation';
import { Fault } from '#kernel/fault';
import type { AuthenticatedClient, ClientParameters } from './authenticate-client.ts';
import { orNotReady } from './proof-fault.ts';

/** RFC 7521 with draft-ietf-oauth-spiffe-client-auth: a JWT-SVID authenticates a client. */
export const spiffeAssertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe';

export type InstanceHouse = { readonly federation: Federation };

/** What a request presents in place of a key that is enrolled here. */
export type InstanceParameters = {
  readonly assertion: string;
  readonly clientId: string | undefined;
  /** What the instance says that it is made of. */
  readonly manifest: string | undefined;
  readonly onlySpiffe?: boolean;
};

/** A client that its platform vouched for. */
export type AuthenticatedInstance = { readonly client: AuthenticatedClient; readonly admitted: AdmittedInstance };

/**
 * Authenticates a running instance by its platform's word, which is spent, and makes the key of its proof its own. Faults as
 * `Federation.admit`.
 */
export async function authenticateInstance(
  { federation }: InstanceHouse,
  { assertion, clientId, manifest, onlySpiffe }: InstanceParameters,
  { key, jkt }: DpopProof,
): Promise<AuthenticatedInstance> {
  const jwk = readPublicJwk(key.key.export({ format: 'jwk' }));
  const presented = { assertion, key: { jwk, jkt }, clientId, manifest, onlySpiffe: onlySpiffe ?? false };
  const admitted = await orNotReady(federation.admit(presented));
  const { agent, credential, assertion: verified } = admitted;
  const { spentAs, expiresAtSeconds } = verified;
  return { admitted, client: { clientId: agent, credential, jti: spentAs, expiresAtSeconds, isSpent: true } };
}

/**
 * The same for a client that shows a JWT-SVID beside another grant. What is wrong with it is `client.unknown`, whatever
 * it is.
 */
export async function authenticateSvid(
  house: InstanceHouse,
  parameters: ClientParameters,
  { proof, manifest }: { readonly proof: DpopProof; readonly manifest: string | undefined },
): Promise<AuthenticatedClient> {
  const { assertion, clientId } = parameters;
  if (assertion === undefined) throw new Fault('client.unknown', 'there is no client assertion');
  try {
    return (await authenticateInstance(house, { assertion, clientId, manifest, onlySpiffe: true }, proof)).client;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'assertion.refused') throw new Fault('client.unknown', thrown.detail);
    throw thrown;
  }
}
