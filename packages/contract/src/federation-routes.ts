import * as z from 'zod';
import {
  AssertionAlg,
  ClaimName,
  IssuerKind,
  IssuerUrl,
  KeyPlace,
  ManifestDigest,
  Match,
  MatchClaims,
  PartnerClient,
  TrustedIssuer,
} from './federation.ts';
import { AgentId, HumanId, IssuerId, MatchId, Name, PartnerClientId } from './id.ts';
import { route } from './route.ts';

const list = <Item extends z.ZodType>(item: Item) => z.strictObject({ items: z.array(item) });
const issuerRef = z.union([IssuerId, Name]);
const agentRef = z.union([AgentId, Name]);

export const addIssuer = route({
  name: 'addIssuer',
  method: 'POST',
  path: '/v1/issuers',
  action: 'issuer:add',
  summary: 'Trust an issuer: a platform whose word about its workloads is taken.',
  input: z.strictObject({
    name: Name,
    kind: IssuerKind,
    issuer: IssuerUrl,
    keys: KeyPlace.default({ from: 'discovery' }),
    algs: z.array(AssertionAlg).min(1).max(10).optional(),
    maxLifetimeSeconds: z.int().min(60).max(86_400).optional(),
    isInternal: z.boolean().default(false),
    receiver: z.union([HumanId, Name]).optional(),
  }),
  output: TrustedIssuer,
  faults: ['name.taken', 'issuer.refused', 'human.not_found', 'human.not_active'],
});
export const listIssuers = route({
  name: 'listIssuers',
  method: 'GET',
  path: '/v1/issuers',
  action: 'issuer:read',
  summary: 'Issuers that are trusted.',
  input: z.strictObject({}),
  output: list(TrustedIssuer),
  faults: [],
});
export const getIssuer = route({
  name: 'getIssuer',
  method: 'GET',
  path: '/v1/issuers/{issuer}',
  action: 'issuer:read',
  summary: 'One issuer, with what it is believed about.',
  input: z.strictObject({ issuer: issuerRef }),
  output: z.strictObject({ issuer: TrustedIssuer, matches: z.array(Match) }),
  faults: ['issuer.not_found'],
});
export const changeIssuer = route({
  name: 'changeIssuer',
  method: 'POST',
  path: '/v1/issuers/{issuer}',
  action: 'issuer:change',
  summary: 'Change where the keys of an issuer are, what it signs with, or who receives its agents. The rest stays as it is.',
  input: z.strictObject({
    issuer: issuerRef,
    keys: KeyPlace.optional(),
    algs: z.array(AssertionAlg).min(1).max(10).optional(),
    maxLifetimeSeconds: z.int().min(60).max(86_400).optional(),
    isInternal: z.boolean().optional(),
    receiver: z.union([HumanId, Name]).optional(),
  }),
  output: TrustedIssuer,
  faults: ['issuer.not_found', 'issuer.refused', 'human.not_found', 'human.not_active'],
});
export const removeIssuer = route({
  name: 'removeIssuer',
  method: 'DELETE',
  path: '/v1/issuers/{issuer}',
  action: 'issuer:remove',
  summary: 'Trust an issuer no more, and end every key it vouched for.',
  input: z.strictObject({ issuer: issuerRef }),
  output: TrustedIssuer,
  faults: ['issuer.not_found'],
});
export const addMatch = route({
  name: 'addMatch',
  method: 'POST',
  path: '/v1/issuers/{issuer}/matches',
  action: 'issuer:match',
  summary: 'Say which agent a workload is, by claims that must be exactly so.',
  input: z.strictObject({
    issuer: issuerRef,
    claims: MatchClaims.default({}),
    below: z.string().min(1).max(500).optional(),
    agent: agentRef,
    manifestClaim: ClaimName.optional(),
  }),
  output: Match,
  faults: ['issuer.not_found', 'issuer.match_refused', 'agent.not_found'],
});
export const removeMatch = route({
  name: 'removeMatch',
  method: 'DELETE',
  path: '/v1/matches/{match}',
  action: 'issuer:match',
  summary: 'Take a workload for this agent no more, and end every key that came by it.',
  input: z.strictObject({ match: MatchId }),
  output: Match,
  faults: ['issuer.not_found'],
});
export const addPartnerClient = route({
  name: 'addPartnerClient',
  method: 'POST',
  path: '/v1/partners',
  action: 'partner:add',
  summary: 'Say what an agent is called by the authorization server of a partner.',
  input: z.strictObject({
    audience: IssuerUrl,
    agent: agentRef,
    clientId: z
      .string()
      .min(1)
      .max(300)
      .regex(/^[\x21-\x7e]+$/),
  }),
  output: PartnerClient,
  faults: ['agent.not_found', 'name.taken'],
});
export const listPartnerClients = route({
  name: 'listPartnerClients',
  method: 'GET',
  path: '/v1/partners',
  action: 'partner:read',
  summary: 'What our agents are called by partners.',
  input: z.strictObject({}),
  output: list(PartnerClient),
  faults: [],
});
export const removePartnerClient = route({
  name: 'removePartnerClient',
  method: 'DELETE',
  path: '/v1/partners/{partner}',
  action: 'partner:remove',
  summary: 'Vouch for an agent at a partner no more.',
  input: z.strictObject({ partner: PartnerClientId }),
  output: PartnerClient,
  faults: ['issuer.not_found'],
});
export const acceptManifest = route({
  name: 'acceptManifest',
  method: 'POST',
  path: '/v1/agents/{agent}/manifest/accept',
  action: 'agent:change',
  summary: 'Accept what instances of an agent say that they are made of; until then they may only read.',
  input: z.strictObject({ agent: agentRef, digest: ManifestDigest }),
  output: z.strictObject({
    agent: AgentId,
    digest: ManifestDigest,
    instances: z.int().describe('How many instances it set free.'),
  }),
  faults: ['agent.not_found'],
});
