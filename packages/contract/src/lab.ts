import * as z from 'zod';
import { Autonomy, RiskTier } from './agent.ts';
import { RoleDocument } from './authority-routes.ts';
import { Link, Outcome, Reason } from './decision.ts';
import { ActionId, AgentId, HumanId, Instant, Name, PlainText, ProposalId, WorkloadId } from './id.ts';
import { HistoryRules } from './history.ts';
import { MandateDocument, Permission } from './mandate.ts';
import { Effect } from './system.ts';

const people = z.array(Name).max(100);

/**
 * One test beside a policy: a call, who stands behind it, and what has to come out. What is not given does not limit: without a
 * mandate the agent may do everything, without roles the person may stand for everything; so that what is tested is the policy.
 */
export const PolicyTest = z
  .strictObject({
    name: PlainText.min(1).max(200),
    given: z
      .strictObject({
        agent: z.strictObject({ name: Name.optional(), riskTier: RiskTier.optional(), autonomy: Autonomy.optional() }).optional(),
        owner: z.strictObject({ name: Name.optional(), roles: people.optional(), groups: people.optional() }).optional(),
        requester: z
          .strictObject({ name: Name.optional(), roles: people.optional(), groups: people.optional() })
          .optional()
          .describe('Who asked for it; left out, the agent acts on its own trigger.'),
        roles: people.optional().describe('Roles of the change, by name, that the person at the root is heard with.'),
        mandate: z.strictObject({ autonomy: Autonomy.default('act'), permissions: z.array(Permission).max(100) }).optional(),
        at: Instant.optional().describe('When it is. Noon of a Wednesday in UTC, when left out.'),
        trigger: z.enum(['agent', 'schedule', 'event', 'human']).optional(),
        past: z
          .record(z.string().max(100), z.union([z.int().min(0), z.string().regex(/^\d{1,15}(\.\d{1,4})?$/)]))
          .optional()
          .describe('What rules about the past have found, by the id of the rule. Nothing, when left out.'),
        labels: z
          .array(z.string().min(1).max(100))
          .max(100)
          .optional()
          .describe('What the task has read: "customer", "untrusted".'),
        from: z
          .record(z.string().max(200), z.enum(['request', 'directory', 'trusted', 'untrusted', 'nowhere']))
          .optional()
          .describe('Where the values of arguments were met, by JSON pointer.'),
      })
      .default({}),
    call: z.strictObject({
      system: Name,
      operation: z.string().min(1).max(200),
      effect: Effect.default('write'),
      arguments: z.record(z.string(), z.unknown()).default({}),
    }),
    expect: Outcome,
    reason: Reason.optional(),
    policy: z
      .string()
      .max(300)
      .optional()
      .describe('The id of a policy that has to be among those that decided: "no-money-at-night".'),
  })
  .meta({ id: 'PolicyTest' });
export type PolicyTest = z.infer<typeof PolicyTest>;

export const PolicyTests = z.array(PolicyTest).max(2000);

/** What would be other: the organisation's policy, roles, or the mandate of one agent; and the tests that say what is meant. */
export const PolicyChange = z
  .strictObject({
    policy: z
      .strictObject({
        text: z.string().max(500_000),
        rules: HistoryRules.optional().describe('Rules about what happened before. Those in force, when left out.'),
      })
      .optional(),
    roles: z
      .record(Name, RoleDocument)
      .optional()
      .refine((roles) => Object.keys(roles ?? {}).length <= 100, 'at most 100 roles'),
    mandate: MandateDocument.optional(),
    tests: PolicyTests.default([]),
  })
  .refine(
    ({ policy, roles, mandate }) => policy !== undefined || mandate !== undefined || Object.keys(roles ?? {}).length > 0,
    'say what would be other',
  )
  .meta({ id: 'PolicyChange' });
export type PolicyChange = z.infer<typeof PolicyChange>;

/** The versions that a change was written against: of the policy, and of each role that it names (0: there is none yet). */
export const PolicyBase = z
  .strictObject({ policy: z.int().min(0), roles: z.record(Name, z.int().min(0)).default({}) })
  .meta({ id: 'PolicyBase' });
export type PolicyBase = z.infer<typeof PolicyBase>;

/** Something about a text that somebody should look at. `error`: it cannot be published like this. */
export const LintFinding = z
  .strictObject({
    level: z.enum(['error', 'warning']),
    rule: z
      .string()
      .describe(
        '"unreachable", "always-true", "shadowed", "may-error", "unknown-action", "unknown-system", "missing-id", "no-because", "type".',
      ),
    document: z.string().describe('"policy", "role:owner", "role:owner/may".'),
    line: z.int(),
    column: z.int(),
    policy: z.string().describe('The id of the policy; empty when it is about the text.'),
    message: z.string(),
    next: z.string(),
  })
  .meta({ id: 'LintFinding' });
export type LintFinding = z.infer<typeof LintFinding>;

export const TestResult = z
  .strictObject({
    total: z.int(),
    passed: z.int(),
    failures: z.array(z.strictObject({ name: z.string(), expected: z.string(), found: z.string(), because: z.string() })),
  })
  .meta({ id: 'TestResult' });
export type TestResult = z.infer<typeof TestResult>;

/** Whether an agent can be permitted an operation: never, with suitable arguments and hours, or whatever the arguments are. */
export const Reach = z.enum(['no', 'depends', 'yes']);
export type Reach = z.infer<typeof Reach>;

const pairChange = z.strictObject({
  agent: AgentId,
  agentName: z.string(),
  system: z.string(),
  operation: z.string(),
  effect: Effect,
  asks: z.enum(['agent', 'owner']).describe('By itself, or when the person who answers for it asks.'),
  before: Reach,
  after: Reach,
});
/** The systems there are and what can be called on them, as a folder keeps them. */
export const KnownSystems = z.array(
  z.strictObject({ name: Name, operations: z.array(z.strictObject({ name: z.string(), effect: Effect })) }),
);
export type KnownSystems = z.infer<typeof KnownSystems>;

export const PairChange = pairChange.meta({ id: 'PairChange' });
export type PairChange = z.infer<typeof pairChange>;

/** Recorded calls of one agent that would fall otherwise, and how. */
export const FlipGroup = z
  .strictObject({
    agent: z.string(),
    agentName: z.string(),
    system: z.string(),
    operation: z.string(),
    before: Outcome,
    after: Outcome,
    calls: z.int(),
    reasonBefore: Reason,
    reasonAfter: Reason,
    linkAfter: Link,
    policiesAfter: z.array(z.string()),
    examples: z.array(ActionId).describe('At most three, the newest first.'),
    from: Instant,
    until: Instant,
  })
  .meta({ id: 'FlipGroup' });
export type FlipGroup = z.infer<typeof FlipGroup>;

export const PolicyEffect = z
  .strictObject({
    at: Instant,
    base: PolicyBase,
    pairs: z.strictObject({
      agents: z.int(),
      operations: z.int(),
      looked: z.int().describe('Pairs of a live agent and an operation that were looked at, once for each way of asking.'),
      complete: z.boolean(),
      gains: z.int(),
      losses: z.int(),
      changes: z.array(pairChange).describe('At most 500; losses first.'),
    }),
    replay: z.strictObject({
      since: Instant,
      until: Instant,
      decisions: z.int().describe('Recorded decisions that were made again.'),
      complete: z.boolean().describe('Whether everything that was recorded since after was looked at; the newest first.'),
      notReplayable: z
        .int()
        .describe('Whose record or documents are gone or cannot be read, or which a new rule would have to count anew.'),
      milliseconds: z.int(),
      allowed: z.int().describe('Calls that went out.'),
      cut: z.int().describe('Of these, how many would no longer go by themselves.'),
      cutUntested: z.int().describe('Of these, how many are of an operation that no test says this of.'),
      flipped: z.int(),
      flips: z.array(FlipGroup).describe('At most 200; the most calls first.'),
    }),
    tests: TestResult,
    lint: z.array(LintFinding),
    needsSecond: z.boolean().describe('Whether a second person has to say yes before it can be enforced.'),
    why: z.string().describe('Why a second person is needed; empty when none is.'),
  })
  .meta({ id: 'PolicyEffect' });
export type PolicyEffect = z.infer<typeof PolicyEffect>;

export const ProposalState = z.enum(['draft', 'shadow', 'staged', 'enforced', 'rolled_back', 'withdrawn']);
export type ProposalState = z.infer<typeof ProposalState>;

/**
 * For whom a version is in force first: agents by name, those whose owner is in a group, and a share of all by hash of the id.
 */
export const StageScope = z
  .strictObject({
    agents: z.array(AgentId).max(1000).default([]),
    groups: people.default([]),
    percent: z.number().min(0).max(100).default(0),
  })
  .refine(({ agents, groups, percent }) => agents.length + groups.length > 0 || percent > 0, 'say for whom')
  .meta({ id: 'StageScope' });
export type StageScope = z.infer<typeof StageScope>;

/** What a proposal in shadow would have decided beside what was. */
export const ShadowReport = z
  .strictObject({
    decisions: z.int(),
    differing: z.int(),
    skipped: z.int().describe('Not looked at, because there was more than could be looked at beside the work.'),
    differences: z.array(
      z.strictObject({
        agent: z.string(),
        agentName: z.string(),
        system: z.string(),
        operation: z.string(),
        before: Outcome,
        after: Outcome,
        reasonBefore: Reason,
        reasonAfter: Reason,
        decisions: z.int(),
        firstAt: Instant,
        lastAt: Instant,
      }),
    ),
  })
  .meta({ id: 'ShadowReport' });
export type ShadowReport = z.infer<typeof ShadowReport>;

export const Proposal = z
  .strictObject({
    id: ProposalId,
    title: PlainText.min(1).max(200),
    change: PolicyChange,
    base: PolicyBase,
    digest: z.string().describe('SHA-256 of the change and its base: what a second person says yes to.'),
    state: ProposalState,
    proposedBy: z.union([HumanId, WorkloadId]),
    answerable: HumanId.describe('Who proposed it, or who answers for the workload that did.'),
    confirmedBy: HumanId.nullable(),
    version: z.int().nullable().describe('The version of the policy that it became.'),
    stage: StageScope.nullable(),
    effect: PolicyEffect.nullable().describe('As it was last worked out.'),
    createdAt: Instant,
    movedAt: Instant,
  })
  .meta({ id: 'Proposal' });
export type Proposal = z.infer<typeof Proposal>;
