import * as z from 'zod';
import { Condition, Link, Reason } from './decision.ts';
import { ActionId, ApprovalId, HumanId, Instant, PrincipalId, TaskId } from './id.ts';

/** What became of an action, in the five words of the console. `unknown`: intended, and no outcome was recorded. */
export const ActionState = z.enum(['allowed', 'denied', 'held', 'failed', 'cut', 'unknown', 'running']);
export type ActionState = z.infer<typeof ActionState>;

/** One call by one agent, as the ledger tells it. */
export const Action = z
  .strictObject({
    id: ActionId,
    at: Instant,
    agent: PrincipalId.describe('Who called: an agent, or a workload that tried.'),
    agentName: z.string(),
    answerable: HumanId,
    answerableName: z.string().describe('Who answered for it at the time.'),
    task: TaskId,
    system: z.string(),
    operation: z.string(),
    effect: z.string(),
    summary: z.string().describe('The arguments in short, for those who may see them.'),
    state: ActionState,
    reason: Reason,
    link: Link,
    because: z.string(),
    milliseconds: z.number().nullable(),
    approval: ApprovalId.nullable(),
    entry: z.int().nullable().describe('Index of its first entry in the log, once sequenced.'),
  })
  .meta({ id: 'Action' });
export type Action = z.infer<typeof Action>;

/** What would have been enough, and who can do it. */
export const Remedy = z
  .strictObject({
    text: z.string().describe('"a mandate in which /amount may be up to 420"'),
    by: z.array(z.strictObject({ name: z.string(), role: z.string() })).describe('In whose power it is: people of now.'),
  })
  .meta({ id: 'Remedy' });
export type Remedy = z.infer<typeof Remedy>;

/** One line of the intersection (ARCHITECTURE.md), judged by itself, whatever the others say. */
export const ExplanationLine = z
  .strictObject({
    link: Link,
    title: z.string().describe('What is asked here: "the mandate of agent refund-desk".'),
    verdict: z
      .enum(['permits', 'denies', 'holds', 'not_reached'])
      .describe('`not_reached`: something before it is missing, so there was nothing to ask about.'),
    reason: Reason.nullable().describe('Why it denies or holds.'),
    decided: z.boolean().describe('Whether the call fell as it did because of this line.'),
    text: z.string().describe('The rule in words.'),
    policies: z.array(z.string()),
    conditions: z.array(Condition),
    remedies: z.array(Remedy).describe('The smallest changes with which this line would have let it pass.'),
  })
  .meta({ id: 'ExplanationLine' });
export type ExplanationLine = z.infer<typeof ExplanationLine>;

/** Why: every line with the rule in words, the values found, what would have allowed it, and in whose power that is. */
export const Explanation = z
  .strictObject({
    action: Action,
    lines: z.array(ExplanationLine),
    forModel: z.string().max(400).describe('What the model that asked is told.'),
    conditions: z.array(Condition),
    policies: z.array(z.string()),
    mandateVersion: z.int().nullable(),
    recomputed: z
      .enum(['same', 'different', 'not_possible'])
      .describe('Whether the decision, computed again from the kept inputs, falls the same way.'),
    next: z.string(),
  })
  .meta({ id: 'Explanation' });
export type Explanation = z.infer<typeof Explanation>;

export const ChainStep = z.strictObject({ text: z.string(), at: Instant.nullable() });

/** Who answered for it: a sentence with a name, the chain, and where the proof is. */
export const Responsibility = z
  .strictObject({
    action: Action,
    sentence: z.string(),
    chain: z.array(ChainStep),
    entry: z.int().nullable(),
    checkpoint: z.string().nullable().describe('The signed checkpoint that covers the entry.'),
  })
  .meta({ id: 'Responsibility' });
export type Responsibility = z.infer<typeof Responsibility>;
