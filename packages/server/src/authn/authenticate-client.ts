import { type ParsedClientAssertion, readClientAssertion, verifyClientAssertion } from '@surety/proof/client-assertion';
import { importKeptKey } from '@surety/proof/jwk';
import { verifyJws } from '@surety/proof/jws';
import type { Clock } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import type { CredentialFact } from '#registry/credential-store';
import type { PrincipalFacts } from '#registry/principal-facts';
import { orNotReady, orProofFault } from './proof-fault.ts';

/** What a request says of its client (RFC 7521 §4.2), each parameter at most once. */
export type ClientParameters = {
  readonly clientId: string | undefined;
  readonly assertionType: string | undefined;
  readonly assertion: string | undefined;
};

/** A client whose assertion holds. The caller spends (`clientId`, `jti`) until `expiresAtSeconds`, with what it does. */
export type AuthenticatedClient = {
  /** The id of a principal: in this house, a client is a principal. */
  readonly clientId: string;
  readonly credential: CredentialFact;
  readonly jti: string;
  readonly expiresAtSeconds: number;
  /** Whether the assertion is spent already, or there was none; else the caller spends it. */
  readonly isSpent?: boolean;
  /** The address by which a client that is described by a document calls itself. */
  readonly document?: string;
};

export type ClientHouse = {
  readonly issuer: string;
  readonly facts: Pick<PrincipalFacts, 'credentialsOf'>;
  readonly clock: Clock;
};

/** The one method (RFC 7523 §2.2). */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** How many keys are tried when the assertion does not name one. */
const maxTried = 20;

const principalId = /^(?:agt|wkl|hum)_[0-9a-hjkmnp-tv-z]{26}$/;

/**
 * Authenticates a client by private_key_jwt (RFC 7523 §3 with rfc7523bis: `aud` is exactly our issuer, at most 300 s).
 * The key is the active credential that `kid` names by its thumbprint; without `kid` each active credential is tried,
 * the one with the thumbprint `likely` first. A key that an issuer vouched for counts while that word holds, one that is for
 * consents not at all. Whether the principal is active is the caller's question. Fault `client.unknown`, the same for
 * everything that is wrong; `service.not_ready`.
 */
export async function authenticateClient(
  house: ClientHouse,
  parameters: ClientParameters,
  likely?: string,
): Promise<AuthenticatedClient> {
  if (parameters.assertionType !== assertionType || parameters.assertion === undefined) refuse('there is no client assertion');
  const token = parameters.assertion;
  const parsed = orProofFault(() => readClientAssertion(token));
  if (parameters.clientId !== undefined && parameters.clientId !== parsed.clientId)
    refuse('client_id is not that of the assertion');
  if (!principalId.test(parsed.clientId)) refuse('the client id is not of a principal');
  const credentials = await orNotReady(house.facts.credentialsOf(parsed.clientId));
  const now = house.clock();
  const holding = credentials.filter(
    ({ expiresAt, forConsent }) => forConsent !== true && (expiresAt === undefined || Date.parse(expiresAt) > now),
  );
  const credential = chooseCredential(parsed, holding, likely);
  const expect = { issuer: house.issuer, now };
  const { clientId, jti, expiresAt } = orProofFault(() => verifyClientAssertion(parsed, importKeptKey(credential.jwk), expect));
  return { clientId, credential, jti, expiresAtSeconds: expiresAt };
}

/** The credential to verify with. Without a `kid`, the one whose key made the signature, or any: then it does not verify. */
function chooseCredential(
  parsed: ParsedClientAssertion,
  credentials: readonly CredentialFact[],
  likely: string | undefined,
): CredentialFact {
  const { kid } = parsed;
  const active = credentials.filter(({ state }) => state === 'active');
  if (kid !== undefined) return active.find(({ jkt }) => jkt === kid) ?? refuse('kid names no active credential of the client');
  if (active.length > maxTried) refuse('the client has many keys and the assertion names none');
  const [first, ...others] = active.toSorted((one, other) => Number(other.jkt === likely) - Number(one.jkt === likely));
  if (first === undefined) return refuse('the client has no active credential');
  return others.length === 0 ? first : ([first, ...others].find(({ jwk }) => verifyJws(parsed.jws, importKeptKey(jwk))) ?? first);
}

function refuse(why: string): never {
  throw new Fault('client.unknown', why);
}
