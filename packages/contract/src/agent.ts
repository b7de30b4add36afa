import * as z from 'zod';
import { AgentId, CredentialId, DisplayName, HumanId, Instant, Name, PlainText, WorkloadId } from './id.ts';

/** The life of an agent or workload. The moves between the states are a table in `registry/lifecycle.ts`. */
export const PrincipalState = z.enum(['draft', 'active', 'suspended', 'retired']);
export type PrincipalState = z.infer<typeof PrincipalState>;

export const RiskTier = z.enum(['low', 'medium', 'high', 'critical']);
export type RiskTier = z.infer<typeof RiskTier>;

/**
 * How far an agent may go by itself. `observe`: reads only. `propose`: every change is held for a person.
 * `act_within_limits`: acts where its mandate permits it; what is money, destructive, external or unknown is held unless a
 * condition on its arguments or a limit of the mandate bounds it. `act`: acts where its mandate permits it. Where a mandate says
 * to ask a person, every level asks. An agent has a level of its own: `observe` and `propose` there hold under any mandate; the
 * other two leave it to the mandate.
 */
export const Autonomy = z.enum(['observe', 'propose', 'act_within_limits', 'act']);
export type Autonomy = z.infer<typeof Autonomy>;

/** What the agent is made of; its identity is bound to it. */
export const Manifest = z
  .strictObject({
    model: PlainText.max(200).optional(),
    promptDigest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .optional(),
    codeDigest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .optional(),
    tools: z.array(PlainText.max(200)).max(500).optional(),
  })
  .meta({ id: 'Manifest' });
export type Manifest = z.infer<typeof Manifest>;

const answeredFor = {
  owner: HumanId.describe('Answers for it: exactly one living person, never empty.'),
  deputies: z.array(HumanId).max(10).describe('Who is asked to take over, in this order, when the owner leaves.'),
};

export const Agent = z
  .strictObject({
    id: AgentId,
    name: Name,
    displayName: DisplayName,
    purpose: PlainText.min(1).max(500),
    ...answeredFor,
    riskTier: RiskTier,
    autonomy: Autonomy,
    manifest: Manifest,
    state: PrincipalState,
    revision: z.int().positive(),
    createdAt: Instant,
  })
  .meta({ id: 'Agent' });
export type Agent = z.infer<typeof Agent>;

export const Workload = z
  .strictObject({
    id: WorkloadId,
    name: Name,
    displayName: DisplayName,
    ...answeredFor,
    state: PrincipalState,
    revision: z.int().positive(),
    createdAt: Instant,
  })
  .meta({ id: 'Workload' });
export type Workload = z.infer<typeof Workload>;

export const CredentialState = z.enum(['active', 'revoked']);

/** A public key that a principal proves itself with. The private half never reaches the server. */
export const Credential = z
  .strictObject({
    id: CredentialId,
    principal: z.string(),
    jkt: z.string().describe('RFC 7638 SHA-256 thumbprint of the key.'),
    label: z.string().max(120),
    state: CredentialState,
    createdAt: Instant,
  })
  .meta({ id: 'Credential' });
export type Credential = z.infer<typeof Credential>;
