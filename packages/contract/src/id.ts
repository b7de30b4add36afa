import * as z from 'zod';

/**
 * Identifiers: a readable prefix, then 26 characters of lower-case Crockford base 32 that sort by time
 * (128 bits, the layout of a ULID). The prefix says the kind, so a log line explains itself.
 */
const body = '[0-9a-hjkmnp-tv-z]{26}';

function idOf<Brand extends string>(prefix: string) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_${body}$`), `expected an id of the form ${prefix}_…`)
    .brand<Brand>();
}

export const HumanId = idOf<'HumanId'>('hum');
export type HumanId = z.infer<typeof HumanId>;

export const WorkloadId = idOf<'WorkloadId'>('wkl');
export type WorkloadId = z.infer<typeof WorkloadId>;

export const AgentId = idOf<'AgentId'>('agt');
export type AgentId = z.infer<typeof AgentId>;

/** A key of a principal. For an agent it stands for one instance: two instances never share a key. */
export const CredentialId = idOf<'CredentialId'>('crd');
export type CredentialId = z.infer<typeof CredentialId>;

export const MandateId = idOf<'MandateId'>('man');
export type MandateId = z.infer<typeof MandateId>;

export const TaskId = idOf<'TaskId'>('tsk');
export type TaskId = z.infer<typeof TaskId>;

export const SystemId = idOf<'SystemId'>('sys');
export type SystemId = z.infer<typeof SystemId>;

/** One call that an agent asked for, whatever became of it. */
export const ActionId = idOf<'ActionId'>('act');
export type ActionId = z.infer<typeof ActionId>;

export const ApprovalId = idOf<'ApprovalId'>('apr');
export type ApprovalId = z.infer<typeof ApprovalId>;

export const StopId = idOf<'StopId'>('stp');
export type StopId = z.infer<typeof StopId>;

export const IssuerId = idOf<'IssuerId'>('iss');
export type IssuerId = z.infer<typeof IssuerId>;

/** A rule by which one issuer's word about a workload makes it an instance of one agent. */
export const MatchId = idOf<'MatchId'>('mat');
export type MatchId = z.infer<typeof MatchId>;

export const PartnerClientId = idOf<'PartnerClientId'>('ptn');
export type PartnerClientId = z.infer<typeof PartnerClientId>;

export const PasskeyId = idOf<'PasskeyId'>('pky');
export type PasskeyId = z.infer<typeof PasskeyId>;

/** A change of policy that is not, or not yet, in force. */
export const ProposalId = idOf<'ProposalId'>('ppl');
export type ProposalId = z.infer<typeof ProposalId>;

/** Whoever asks for decisions over AuthZEN belongs to one. */
export const ApplicationId = idOf<'ApplicationId'>('app');
export type ApplicationId = z.infer<typeof ApplicationId>;

export const EventId = idOf<'EventId'>('evt');
export type EventId = z.infer<typeof EventId>;

export const PrincipalId = z.union([HumanId, WorkloadId, AgentId]);
export type PrincipalId = z.infer<typeof PrincipalId>;

/** Prefixes of every id that the house makes, by what they name. */
export const idPrefixes = {
  human: 'hum',
  workload: 'wkl',
  agent: 'agt',
  credential: 'crd',
  mandate: 'man',
  task: 'tsk',
  system: 'sys',
  action: 'act',
  approval: 'apr',
  stop: 'stp',
  event: 'evt',
  token: 'tok',
  request: 'req',
  point: 'pnt',
  enrolment: 'enr',
  registration: 'rgt',
  issuer: 'iss',
  match: 'mat',
  partnerClient: 'ptn',
  passkey: 'pky',
  proposal: 'ppl',
  session: 'ses',
  application: 'app',
  accessRequest: 'arq',
  evaluation: 'eva',
} as const;

export type IdKind = keyof typeof idPrefixes;

/** A short machine name that people type: `refund-bot`, `payments`. */
export const Name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens, at most 63, starting with a letter or digit');

/** A name shown to people. No control, bidi or zero-width characters: what is shown is what was meant. */
export const DisplayName = z
  .string()
  .min(1)
  .max(120)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, 'control and invisible characters are not allowed');

// oxlint-disable-next-line no-control-regex -- control characters are what this refuses
const plainText = /^[^\p{Cf}\u0000-\u0009\u000b-\u001f\u007f-\u009f]*$/u;

/** Free text shown to people: line breaks are allowed, control and invisible characters are not. */
export const PlainText = z.string().regex(plainText, 'control and invisible characters are not allowed');

/** An instant, RFC 3339 in UTC. */
export const Instant = z.iso.datetime({ offset: false });
