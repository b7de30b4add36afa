import type { AuthenticatedCaller, RequestHead } from '@surety/contract/enforcement';
import { type AccessTokenClaims, createAccessTokenVerifier, type SubjectProfile } from '@surety/proof/access-token';
import { readAuthorization } from '@surety/proof/authorization-header';
import { type DpopProof, verifyDpopProof } from '@surety/proof/dpop';
import { createNonceSource } from '@surety/proof/nonce';
import type { Feed } from '#change/feed';
import type { Clock } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import type { KeyRing } from '#keys/key-ring';
import type { PrincipalKind } from '#registry/principal';
import { orNotReady, orProofFault } from './proof-fault.ts';
import type { ChainHouse } from './read-chain.ts';
import type { StandingFacts } from './read-standing.ts';
import { readTokenStanding, type TokenStanding } from './read-token-standing.ts';

export type AuthenticatorOptions = {
  readonly issuer: string;
  readonly keyRing: Pick<KeyRing, 'keyByKid' | 'nonceSecret'>;
  readonly feed: Pick<Feed, 'isFresh' | 'cutoffOf'>;
  readonly facts: StandingFacts;
  readonly authority: ChainHouse['authority'];
  readonly clock: Clock;
};

export type Authenticator = {
  /**
   * Who sent a request (RFC 9449 §7, at a resource server that demands its nonce), and that all it stands for is live
   * now. Spends nothing: whoever acts on the request spends its `proofId` in the commit of what it does. Faults
   * `token.missing`, `token.invalid`, `token.not_bound`, `token.ended`, `dpop.proof_invalid`, `dpop.nonce_required`,
   * `service.not_ready`.
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
        const token = readAuthorization(head.authorization);
        const verified = tokens.verify(token, { audience: head.audience, now });
        return {
          claims: verified.claims,
          proof: verifyDpopProof({
            headerValues: head.dpop,
            method: head.method,
            url: head.url,
            now,
            accessTokenHash: verified.hash,
            boundTo: verified.claims.cnf.jkt,
            nonce: { required: true, nonces },
          }),
        };
      });
      const standing = await orNotReady(readTokenStanding(options, claims));
      if (!standing.live) throw new Fault('token.ended', standing.why);
      if (standing.principal.kind !== kinds[claims.act?.sub_profile ?? claims.sub_profile])
        throw new Fault('token.invalid', 'the token names another kind of principal');
      return callerOf(claims, proof, standing);
    },
  };
}

/** Who acts is the client, whoever the token is about (RFC 8693 §4.1). */
function callerOf(claims: AccessTokenClaims, proof: DpopProof, { above }: TokenStanding): AuthenticatedCaller {
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
