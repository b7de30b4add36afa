import * as z from 'zod';
import { AgentId, HumanId, Instant, IssuerId, MatchId, Name, PartnerClientId } from './id.ts';

/**
 * What stands behind an issuer. `kubernetes`, `github`, `gitlab` and `cloud` vouch for workloads by their own claims;
 * `spiffe` is a trust domain; `workload-grant` is an agent platform that names its agents (WAG); `id-jag` is the
 * authorization server of a partner; `client-document` is a host whose documents describe clients (CIMD).
 */
export const IssuerKind = z.enum([
  'kubernetes',
  'github',
  'gitlab',
  'cloud',
  'spiffe',
  'workload-grant',
  'id-jag',
  'client-document',
]);
export type IssuerKind = z.infer<typeof IssuerKind>;

/**
 * Asymmetric signature algorithms (RFC 7518 §3.1, RFC 8037). What an issuer may sign with is chosen among these, for
 * each issuer.
 */
export const AssertionAlg = z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']);
export type AssertionAlg = z.infer<typeof AssertionAlg>;

const address = z.url({ protocol: /^https?$/ }).max(500);

/** Where the keys of an issuer come from. A SPIFFE bundle is a JWKS whose keys say `use: jwt-svid`. */
export const KeyPlace = z
  .discriminatedUnion('from', [
    z.strictObject({ from: z.literal('discovery') }),
    z.strictObject({ from: z.literal('jwks'), url: address }),
    z.strictObject({ from: z.literal('bundle'), url: address }),
    z.strictObject({ from: z.literal('pinned'), keys: z.array(z.record(z.string(), z.unknown())).min(1).max(50) }),
  ])
  .meta({ id: 'KeyPlace' });
export type KeyPlace = z.infer<typeof KeyPlace>;

/** An issuer as it is in `iss`, compared character by character; of a SPIFFE trust domain `spiffe://<trust domain>`. */
export const IssuerUrl = z
  .string()
  .max(300)
  .regex(
    /^(?:https?:\/\/[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a~]+|spiffe:\/\/[a-z0-9._-]+)$/,
    'expected an address, or spiffe://<trust domain>',
  );

export const TrustedIssuer = z
  .strictObject({
    id: IssuerId,
    name: Name,
    kind: IssuerKind,
    issuer: IssuerUrl,
    keys: KeyPlace,
    algs: z.array(AssertionAlg).min(1),
    maxLifetimeSeconds: z.int().describe('How long an assertion of this issuer may live.'),
    isInternal: z.boolean().describe('Whether its keys may be fetched from a private address.'),
    receiver: HumanId.nullable().describe('Who answers at first for agents that this issuer names and nobody has seen before.'),
    state: z.enum(['active', 'removed']),
    createdAt: Instant,
  })
  .meta({ id: 'TrustedIssuer' });
export type TrustedIssuer = z.infer<typeof TrustedIssuer>;

/** A claim by its name, or by JSON pointer where it is nested; `=` never comes into it. */
const claimName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\x21-\x3c\x3e-\x7e]+$/, 'expected the name of a claim, or a JSON pointer to it');
const claimValue = z.string().min(1).max(500);

/** The claims that an assertion must carry, each exactly so. */
export const MatchClaims = z
  .record(claimName, claimValue)
  .refine((claims) => Object.keys(claims).length <= 10, 'at most 10 claims');

export const Match = z
  .strictObject({
    id: MatchId,
    issuer: IssuerId,
    claims: MatchClaims,
    below: z.string().max(500).nullable().describe('SPIFFE only: every id below this path.'),
    agent: AgentId,
    manifestClaim: z.string().nullable().describe('The claim in which the issuer attests what the instance is made of.'),
    state: z.enum(['active', 'removed']),
    createdAt: Instant,
  })
  .meta({ id: 'Match' });
export type Match = z.infer<typeof Match>;

/** What one of our agents is called by the authorization server of a partner, where it may go with an ID-JAG of ours. */
export const PartnerClient = z
  .strictObject({
    id: PartnerClientId,
    audience: IssuerUrl,
    agent: AgentId,
    clientId: z.string().min(1).max(300),
    state: z.enum(['active', 'removed']),
    createdAt: Instant,
  })
  .meta({ id: 'PartnerClient' });
export type PartnerClient = z.infer<typeof PartnerClient>;

/** A digest that says what an instance is made of, in whatever spelling its issuer uses. Compared, never read. */
export const ManifestDigest = z.string().regex(/^[\x21-\x7e]{16,200}$/, 'expected a digest');
export { claimName as ClaimName, claimValue as ClaimValue };
