import { randomUUID } from 'node:crypto';
import type { AuthenticatedCaller, PeerCertificate, RequestHead } from '@surety/contract/enforcement';
import {
  type AccessTokenClaims,
  createAccessTokenVerifier,
  type SubjectProfile,
  type VerifiedAccessToken,
} from '@surety/proof/access-token';
import { readAuthorization } from '@surety/proof/authorization-header';
import { type DpopProof, verifyDpopProof } from '@surety/proof/dpop';
import { createNonceSource } from '@surety/proof/nonce';
import type { Feed } from '#change/feed';
import type { Clock } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import type { KeyRing } from '#keys/key-ring';
import { kindOf, type PrincipalKind } from '#registry/principal';
import { orNotReady, orProofFault } from './proof-fault.ts';
import type { ChainHouse } from './read-chain.ts';
import type { StandingFacts } from './read-standing.ts';
import { readTokenStanding, type TokenStanding } from './read-token-standing.ts';

export type AuthenticatorOptions = {
  readonly issuer: string;
  readonly keyRing: Pick<KeyRing, 'keyByKid' | 'nonceSecret'>;
  readonly feed: Pick<Feed, 'isFresh'> & ChainHouse['feed'];
  readonly facts: StandingFacts;
  readonly authority: ChainHouse['authority'];
  readonly clock: Clock;
  /** What resources demand of the sign-in of whoever is behind a call; nothing, when left out. */
  readonly demands?: SignInDemand | undefined;
};

/** Within how many seconds a person must have signed in for calls that are made for them; null where it does not matter. */
export type SignInDemand = { withinSecondsFor(audience: string): Promise<number | null> };

export type Authenticator = {
  /**
   * Who sent a request (RFC 9449 §7, at a resource server that demands its nonce), and that all it stands for is live
   * now. Spends nothing: whoever acts on the request spends its `proofId` in the commit of what it does. Faults
   * `token.missing`, `token.invalid`, `token.not_bound`, `token.ended`, `token.signin_insufficient`, `dpop.proof_invalid`,
   * `dpop.nonce_required`, `service.not_ready`.
   */
  authenticate(head: RequestHead): Promise<AuthenticatedCaller>;
  /** The nonce to hand out now in `DPoP-Nonce` (RFC 9449 §8). */
  nonce(): string;
};

/** Verified tokens that are kept, so that a signature is checked once for each token. */
const maxTokens = 20_000;

const kinds: Readonly<Record<SubjectProfile, PrincipalKind>> = { ai_agent: 'agent', service: 'workload', user: 'human' };

/** The door of every resource of this deployment: our API and, through the guards, the protected systems. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { issuer, keyRing, feed, clock } = options;
  const tokens = createAccessTokenVerifier({ issuer, keyByKid: (kid) => keyRing.keyByKid(kid), maxEntries: maxTokens });
  const nonces = createNonceSource(keyRing.nonceSecret);
  return {
    nonce: () => nonces.issue(clock()),
    authenticate: async (head) => {
      if (!feed.isFresh()) throw new Fault('service.not_ready', 'the change feed is stale');
      const now = clock();
      const { claims, proof } = orProofFault(() => {
        const bound = readBoundToken(head);
        if (bound !== undefined) return byCertificate(tokens.verify(bound.token, { audience: head.audience, now }), bound, now);
        const token = readAuthorization(head.authorization);
        const verified = tokens.verify(token, { audience: head.audience, now });
        const { jkt } = verified.claims.cnf;
        if (jkt === undefined) throw new Fault('token.invalid', 'the token is bound to a certificate');
        return {
          claims: verified.claims,
          proof: verifyDpopProof({
            headerValues: head.dpop,
            method: head.method,
            url: head.url,
            now,
            accessTokenHash: verified.hash,
            boundTo: jkt,
            nonce: { required: true, nonces },
          }),
        };
      });
      const standing = await orNotReady(readTokenStanding(options, claims));
      if (!standing.live) throw new Fault('token.ended', standing.why);
      if (standing.principal.kind !== kinds[claims.act?.sub_profile ?? claims.sub_profile])
        throw new Fault('token.invalid', 'the token names another kind of principal');
      if (claims.act !== undefined) await checkSignIn(options, claims, now);
      return callerOf(claims, proof, standing);
    },
  };
}

type BoundToken = { readonly token: string; readonly certificate: PeerCertificate };

/** A token that comes as Bearer over a connection whose client showed a certificate (RFC 8705 §3): it has to be bound to that. */
function readBoundToken({ authorization, certificate }: RequestHead): BoundToken | undefined {
  const token = /^Bearer +([A-Za-z0-9._-]+)$/i.exec(authorization ?? '')?.[1];
  return certificate === undefined || token === undefined ? undefined : { token, certificate };
}

/** The connection proves the key anew with every request, so each is its own: there is no proof that could come twice. */
function byCertificate({ claims }: VerifiedAccessToken, { certificate }: BoundToken, now: number) {
  if (claims.cnf['x5t#S256'] !== certificate.x5t)
    throw new Fault('token.not_bound', 'not bound to the certificate of the connection');
  return { claims, proof: { jkt: certificate.jkt, jti: randomUUID(), iat: Math.floor(now / 1_000) } };
}

/**
 * A person is behind the call, and the resource wants them to have signed in lately (RFC 9470 §3): as the root of the chain
 * has it, whoever acts below. Who came without signing in, by a key of their own, has not. Fault `token.signin_insufficient`.
 */
async function checkSignIn({ demands }: AuthenticatorOptions, claims: AccessTokenClaims, now: number): Promise<void> {
  if (demands === undefined || kindOf(claims.sub) !== 'human') return;
  const within = await orNotReady(demands.withinSecondsFor(claims.aud));
  if (within === null || (claims.auth_time ?? Number.NEGATIVE_INFINITY) + within >= now / 1_000) return;
  const challenge = { acr_values: 'phr', max_age: within };
  throw new Fault('token.signin_insufficient', 'the sign-in is too old for this system', { challenge });
}

/** Who acts is the client, whoever the token is about (RFC 8693 §4.1). */
function callerOf(
  claims: AccessTokenClaims,
  proof: Pick<DpopProof, 'jkt' | 'jti' | 'iat'>,
  { above }: TokenStanding,
): AuthenticatedCaller {
  return {
    principal: claims.client_id,
    kind: kinds[claims.act?.sub_profile ?? claims.sub_profile],
    ...(above === undefined ? {} : { above }),
    credential: claims.instance ?? '',
    jkt: proof.jkt,
    task: claims.task,
    tokenId: claims.jti,
    issuedAtSeconds: claims.iat,
    expiresAtSeconds: claims.exp,
    proofId: proof.jti,
    proofIssuedAtSeconds: proof.iat,
  };
}
