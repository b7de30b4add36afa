import { randomUUID } from 'node:crypto';
import { readPublicJwk } from '@surety/proof/jwk';
import type { DpopProof } from '@surety/proof/dpop';
import type { Clock } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { spiffeIdOf } from '#federation/verify-svid';
import type { PrincipalFacts } from '#registry/principal-facts';
import type { AuthenticatedClient, ClientParameters } from './authenticate-client.ts';
import type { InstanceHouse } from './authenticate-instance.ts';
import type { ClientCertificate } from './client-certificate.ts';
import { orNotReady } from './proof-fault.ts';

export type CertificateHouse = InstanceHouse & {
  readonly facts: Pick<PrincipalFacts, 'credentialsOf'>;
  readonly clock: Clock;
};

/**
 * Authenticates a client by the certificate of its connection (RFC 8705 §2). `client_id` of a principal: the key of the
 * certificate is an enrolled one of it (§2.2, whoever signed the certificate). Else an X.509-SVID: its one SPIFFE id is
 * matched to an agent, and who vouches for it is the bundle of its trust domain (§2.1.2, `tls_client_auth_san_uri`). Fault
 * `client.unknown` for everything that is wrong, and those of `Federation.admitSvid`.
 */
export async function authenticateCertificate(
  house: CertificateHouse,
  { clientId }: ClientParameters,
  certificate: ClientCertificate,
  { proof, manifest }: { readonly proof: DpopProof; readonly manifest: string | undefined },
): Promise<AuthenticatedClient> {
  checkDates(certificate, house.clock());
  const spent = { jti: '', expiresAtSeconds: 0, isSpent: true };
  if (clientId !== undefined && /^(?:agt|wkl)_/.test(clientId))
    return { clientId, credential: await enrolledKey(house, clientId, certificate), ...spent };
  const id = spiffeIdOf(certificate.leaf);
  if (id === undefined || (clientId !== undefined && clientId !== id.id)) refuse('the certificate is of no client that is named');
  const key = { jwk: readPublicJwk(proof.key.key.export({ format: 'jwk' })), jkt: proof.jkt };
  const { agent, credential } = await orNotReady(house.federation.admitSvid({ id, certificate, key, manifest }));
  return { clientId: agent, credential, ...spent };
}

/** What stands for a DPoP proof where the connection itself proves the key: it is good for this one request. */
export function proofByCertificate({ jkt, x5t, key }: ClientCertificate, now: number): DpopProof {
  return { jkt, key, jti: randomUUID(), iat: Math.floor(now / 1_000), x5t };
}

function checkDates({ leaf }: ClientCertificate, now: number): void {
  if (Date.parse(leaf.validFrom) > now || Date.parse(leaf.validTo) <= now) refuse('the certificate is not valid now');
}

async function enrolledKey({ facts, clock }: CertificateHouse, clientId: string, { jkt }: ClientCertificate) {
  const credentials = await orNotReady(facts.credentialsOf(clientId));
  const now = clock();
  const found = credentials.find(
    ({ jkt: own, state, expiresAt, forConsent }) =>
      own === jkt && state === 'active' && forConsent !== true && (expiresAt === undefined || Date.parse(expiresAt) > now),
  );
  return found ?? refuse('the key of the certificate is not an enrolled one of the client');
}

function refuse(why: string): never {
  throw new Fault('client.unknown', why);
}
