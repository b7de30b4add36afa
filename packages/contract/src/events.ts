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

/** What is done with a call beyond sending it; a clamp as `/limit 100`. */
const obliged = z.strictObject({ mask: z.array(text), clamp: z.array(text), notify: z.array(text), record: z.boolean() });

/** `releasedDigest`: of what was passed on, where something was masked; `payload`: of what came back, sealed beside the entry. */
const released = { releasedDigest: digest.optional(), payload: digest.optional() };

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
  /** about who answers for the agent that comes of it; then about that agent */
  'registration.opened': z.strictObject({ registration: text, expiresAt: text }),
  'registration.used': z.strictObject({ registration: text, credentials: z.array(text), redirects: z.array(text) }),
  'credential.enrolled': z.strictObject({ credential: text, jkt: digest }),
  'credential.revoked': z.strictObject({ credential: text }),
  /** about the mandate */
  'mandate.given': z.strictObject({ agent: text, version: z.int(), documentDigest: digest }),
  'mandate.ended': z.strictObject({ agent: text, version: z.int() }),
  /** about the role or policy name */
  'role.set': z.strictObject({ documentDigest: digest }),
  'policy.published': z.strictObject({ version: z.int(), documentDigest: digest }),
  /** about `policy`: a version in force for some agents first, an end of that, and a return to what an earlier version said. */
  'policy.staged': z.strictObject({ version: z.int(), documentDigest: digest, proposal: text, agents: z.int(), groups: z.array(text), percent: z.number() }),
  'policy.unstaged': z.strictObject({ version: z.int(), proposal: text }),
  'policy.rolled_back': z.strictObject({ from: z.int(), to: z.int(), version: z.int() }),
  /** about the workload */
  'policy.deployer_named': z.strictObject({}),
  'policy.deployer_removed': z.strictObject({}),
  /** about the proposal */
  'proposal.made': z.strictObject({ digest, documents: z.array(text), answerable: text }),
  'proposal.moved': z.strictObject({ from: text, to: text, version: z.int().nullable() }),
  'proposal.confirmed': z.strictObject({ digest, cut: z.int(), allowed: z.int() }),
  /** about the system */
  'system.added': z.strictObject({ name: text, upstream: text, operations: z.int(), credentialPlace: text.nullable() }),
  /** The operations were read again: how many there are, and how many came, changed and went. */
  'system.refreshed': z.strictObject({ operations: z.int(), added: z.int(), changed: z.int(), gone: z.int() }),
  'system.removed': z.strictObject({ name: text }),
  'operation.classified': z.strictObject({ operation: text, effect: text }),
  /** What a person said comes out of a system or one of its operations; `operation` is null for all of it. */
  'system.labelled': z.strictObject({ operation: text.nullable(), labels: z.array(text), fields: z.array(text), guards: z.array(text) }),
  /** about the directory `destinations`; the value is known by its digest */
  'destination.added': z.strictObject({ kind: text, valueDigest: digest, approval: text.nullable(), revision: z.int() }),
  'destination.removed': z.strictObject({ kind: text, valueDigest: digest, revision: z.int() }),
  /** null: how freshly people signed in does not matter */
  'system.sign_in_demanded': z.strictObject({ withinSeconds: z.int().nullable() }),
  /** about the task at the top of a tree: which label came, with which result; and which a person took away. */
  'task.labelled': z.strictObject({ labels: z.array(text), system: text, operation: text, action: text }),
  'task.declassified': z.strictObject({ label: text, reason: text, values: z.int(), trees: z.array(text) }),
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
  'call.intended': z.strictObject({ ...decided, approval: text.nullable(), point: text, obligations: obliged.optional(), sentDigest: digest.optional() }),
  /** A person is to be told of a call, as a permission or policy obliges. Stands beside the intent. */
  'call.noticed': z.strictObject({ agent: text, answerable: text, system: text, operation: text, because: z.array(text) }),
  'call.denied': z.strictObject(decided),
  'call.held': z.strictObject({ ...decided, approval: text }),
  'call.completed': z.strictObject({ resultDigest: digest.nullable(), resultBytes: z.int().nullable(), milliseconds: z.number(), ...released }),
  'call.failed': z.strictObject({ problem: text, milliseconds: z.number(), ...released }),
  'call.cut': z.strictObject({ problem: text, milliseconds: z.number() }),
  /** about the action: a person said that it did nothing, so that no limit counts it any more. */
  'action.released': z.strictObject({ agent: text, reason: text }),
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
  'issuer.changed': z.strictObject({ algs: z.array(text), keysFrom: text, maxLifetimeSeconds: z.int(), isInternal: z.boolean(), receiver: text.nullable() }),
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
  'session.ended': z.strictObject({ passkey: text, why: z.enum(['idle', 'expired', 'cut_off']).optional() }),
  /** about the agent */
  'agent.redirects_set': z.strictObject({ redirects: z.array(text) }),
  /** about the agent; `actor` is the human who agreed, or refused */
  'consent.given': z.strictObject({ session: text, passkey: text, audience: text, task: text, details: digest.nullable() }),
  'consent.refused': z.strictObject({ session: text, passkey: text, audience: text }),
  /** A finding, about the agent: a code or refresh token came a second time, so everything that came of it has ended. */
  'grant.reused': z.strictObject({ kind: z.enum(['code', 'refresh']), task: text }),
  /** about the application */
  'application.published': z.strictObject({ name: text, version: z.int(), documentDigest: digest, peps: z.array(text), systems: z.array(text), entities: z.int() }),
  'application.removed': z.strictObject({ name: text, version: z.int() }),
  /** about the application; the actor is the workload that asked. What was asked and answered is sealed beside the entry. */
  'access.evaluated': z.strictObject({
    version: z.int(), questions: z.int(), permitted: z.int(), reasons: z.array(text), approval: text.nullable(), evaluation: text, change: z.int(), inputs: digest,
  }),
  'access.searched': z.strictObject({ version: z.int(), kind: z.enum(['subject', 'resource', 'action']), results: z.int(), evaluation: text, change: z.int(), inputs: digest }),
  /** about the action; the actor is the workload that asked for it */
  'access.requested': z.strictObject({ application: text, request: text, approval: text, evaluation: text }),
  /** A finding, about `engine`: the official Cedar decided a call otherwise than ours. What it was decided on is sealed beside it. */
  'engine.differed': z.strictObject({ agent: text, callDigest: digest, system: text, operation: text, ours: text, official: text, policyVersion: z.int(), inputs: digest }),
  /** about the action of the API that was asked for */
  'api.denied': z.strictObject({ reason: text }),
} as const satisfies Record<string, z.ZodType>;

export type EventType = keyof typeof events;
export type EventBody<Type extends EventType> = z.input<(typeof events)[Type]>;
