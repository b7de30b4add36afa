import * as z from 'zod';
import { Link, Reason } from './decision.ts';

const text = z.string().max(1000);
const digest = z.string().max(100);

/** What every decided call says of itself. Values of arguments are never here: they are sealed beside the entry. */
const decided = {
  agent: text,
  answerable: text,
  credential: text,
  system: text,
  operation: text,
  effect: text,
  callDigest: digest,
  reason: Reason,
  link: Link,
  policies: z.array(text),
  mandate: text.nullable(),
  mandateVersion: z.int().nullable(),
  policyVersion: z.int(),
  change: z.int().describe('Number of the newest change this was decided on.'),
  /** SHA-256 of the sealed inputs kept beside the entry. */
  inputs: digest,
};

/**
 * Every fact the ledger can hold, by type. `about` of each event is the id named in its comment; `actor` is the
 * principal who acted. Wire contract: pinned, exported, never reused.
 */
export const events = {
  /** about the first administrator */
  'server.claimed': z.strictObject({ jkt: digest }),
  /** about the human */
  'human.added': z.strictObject({ roles: z.array(text), groups: z.array(text) }),
  'human.changed': z.strictObject({ roles: z.array(text), groups: z.array(text), state: text }),
  /** about the workload */
  'workload.registered': z.strictObject({ owner: text, state: text }),
  'workload.moved': z.strictObject({ from: text, to: text, reason: text }),
  /** about the agent */
  'agent.registered': z.strictObject({ owner: text, deputies: z.array(text), riskTier: text, autonomy: text, manifestDigest: digest }),
  'agent.changed': z.strictObject({ owner: text, deputies: z.array(text), riskTier: text, autonomy: text, manifestDigest: digest }),
  'agent.moved': z.strictObject({ from: text, to: text, reason: text }),
  /** about the principal */
  'enrolment.opened': z.strictObject({ enrolment: text, expiresAt: text }),
  'credential.enrolled': z.strictObject({ credential: text, jkt: digest }),
  'credential.revoked': z.strictObject({ credential: text }),
  /** about the mandate */
  'mandate.given': z.strictObject({ agent: text, version: z.int(), documentDigest: digest }),
  'mandate.ended': z.strictObject({ agent: text, version: z.int() }),
  /** about the role or policy name */
  'role.set': z.strictObject({ documentDigest: digest }),
  'policy.published': z.strictObject({ version: z.int(), documentDigest: digest }),
  /** about the system */
  'system.added': z.strictObject({ name: text, upstream: text, operations: z.int(), credentialPlace: text.nullable() }),
  /** The operations were read again: how many there are, and how many came, changed and went. */
  'system.refreshed': z.strictObject({ operations: z.int(), added: z.int(), changed: z.int(), gone: z.int() }),
  'system.removed': z.strictObject({ name: text }),
  'operation.classified': z.strictObject({ operation: text, effect: text }),
  /** about the task */
  'task.opened': z.strictObject({ agent: text, answerable: text, trigger: text, expiresAt: text }),
  /** What the hop to a task granted: by whom, to whom, how far. `details` is the digest of what it was narrowed to. */
  'hop.granted': z.strictObject({ parent: text.nullable(), from: text, to: text, depth: z.int(), depthLeft: z.int(), details: digest.nullable(), offer: text.nullable(), expiresAt: text }),
  'task.ended': z.strictObject({ agent: text }),
  /** about the principal */
  'delegation.offered': z.strictObject({ tokenId: text, to: text, task: text.nullable(), depth: z.int(), details: digest.nullable(), expiresAt: text }),
  /** `jkt` is the key the token is bound to; `credential` the instance that asked for it. */
  'token.issued': z.strictObject({ tokenId: text, credential: text, task: text.nullable(), audience: text, jkt: digest, expiresAt: text }),
  'token.revoked': z.strictObject({ tokenId: text }),
  /** about the action */
  /** `point` is the enforcement point that carries it: if that is gone and no outcome stands here, the outcome is unknown. */
  'call.intended': z.strictObject({ ...decided, approval: text.nullable(), point: text }),
  'call.denied': z.strictObject(decided),
  'call.held': z.strictObject({ ...decided, approval: text }),
  'call.completed': z.strictObject({ resultDigest: digest.nullable(), resultBytes: z.int().nullable(), milliseconds: z.number() }),
  'call.failed': z.strictObject({ problem: text, milliseconds: z.number() }),
  'call.cut': z.strictObject({ problem: text, milliseconds: z.number() }),
  /** about the approval */
  'approval.approved': z.strictObject({ action: text, requester: text.optional(), questionDigest: digest, signature: z.string().max(4000), validUntil: text }),
  'approval.refused': z.strictObject({ action: text, requester: text.optional(), questionDigest: digest, signature: z.string().max(4000) }),
  'approval.expired': z.strictObject({ action: text }),
  /** about the agent */
  'stop.ordered': z.strictObject({ stop: text, reason: text, tasksEnded: z.int(), tokensEnded: z.int() }),
  'stop.lifted': z.strictObject({ stop: text }),
  /** about the key id */
  'key.made': z.strictObject({ purpose: text, jkt: digest }),
  'key.retired': z.strictObject({ purpose: text }),
  /** about the issuer */
  'issuer.trusted': z.strictObject({ name: text, kind: text, issuer: text, algs: z.array(text), keysFrom: text }),
  'issuer.removed': z.strictObject({ name: text, credentialsEnded: z.int() }),
  'issuer.matched': z.strictObject({ match: text, agent: text, claims: z.array(text), below: text.nullable() }),
  'issuer.unmatched': z.strictObject({ match: text, agent: text, credentialsEnded: z.int() }),
  /** about the agent: `actors` is the chain of a partner, root first, as `iss|sub`; `assertion` is the digest of what was presented. */
  'instance.admitted': z.strictObject({
    issuer: text, subject: text, match: text, credential: text, actors: z.array(text), assertion: digest,
    manifestDigest: text.nullable(), isAttested: z.boolean(),
  }),
  /** A copy said what it is made of. */
  'instance.described': z.strictObject({ credential: text, manifestDigest: text, isAccepted: z.boolean() }),
  /** A finding: a key that belongs to one instance was presented for another. */
  'instance.key_reused': z.strictObject({ issuer: text, subject: text, credential: text, jkt: digest }),
  'agent.noticed': z.strictObject({ issuer: text, subject: text, receiver: text }),
  'manifest.accepted': z.strictObject({ manifestDigest: text, instances: z.int() }),
  'partner.introduced': z.strictObject({ partner: text, audience: text, clientId: text }),
  'partner.removed': z.strictObject({ partner: text, audience: text }),
  /** An ID-JAG left for a partner. `actors` as above, ours. */
  'assertion.issued': z.strictObject({
    assertionId: text, audience: text, clientId: text, subject: text, actors: z.array(text), task: text.nullable(), jkt: digest, expiresAt: text,
  }),
  /** about the human */
  'passkey.registered': z.strictObject({ passkey: text, by: z.enum(['code', 'session']) }),
  'passkey.revoked': z.strictObject({ passkey: text, sessions: z.int() }),
  /** about the session; `actor` is the human, or who revoked its passkey */
  'session.opened': z.strictObject({ passkey: text, expiresAt: text }),
  'session.ended': z.strictObject({ passkey: text }),
  /** about the agent */
  'agent.redirects_set': z.strictObject({ redirects: z.array(text) }),
  /** about the agent; `actor` is the human who agreed, or refused */
  'consent.given': z.strictObject({ session: text, passkey: text, audience: text, task: text, details: digest.nullable() }),
  'consent.refused': z.strictObject({ session: text, passkey: text, audience: text }),
  /** A finding, about the agent: a code or refresh token came a second time, so everything that came of it has ended. */
  'grant.reused': z.strictObject({ kind: z.enum(['code', 'refresh']), task: text }),
  /** about the action of the API that was asked for */
  'api.denied': z.strictObject({ reason: text }),
} as const satisfies Record<string, z.ZodType>;

export type EventType = keyof typeof events;
export type EventBody<Type extends EventType> = z.input<(typeof events)[Type]>;
