import * as z from 'zod';
import { HopGrant, maxHops } from './delegation.ts';
import { AgentId, CredentialId, HumanId, Instant, PlainText, TaskId, WorkloadId } from './id.ts';

export const TaskState = z.enum(['open', 'ended']);

/** The server-minted unit of work: who asked, for what, until when. A token is always for one task. */
export const Task = z
  .strictObject({
    id: TaskId,
    agent: z.union([AgentId, WorkloadId]).describe('Who works on it: an agent, or a workload.'),
    requester: z
      .union([HumanId, AgentId, WorkloadId])
      .describe('Who asked. The agent itself when it acts on its own trigger; then its owner answers.'),
    answerable: HumanId.describe('The human at the root of the task.'),
    trigger: z.enum(['agent', 'schedule', 'event', 'human']),
    purpose: PlainText.max(500),
    parent: TaskId.nullable(),
    root: TaskId.describe('The task at the top of its tree; its own id at the top.'),
    depth: z.int().min(0).max(maxHops).describe('How many hops lie above it.'),
    grant: HopGrant.nullable().describe(
      'What was granted by whoever handed it on: the agent above, or the person who asked. Null when nobody did.',
    ),
    instance: CredentialId.nullable().describe('The key of the instance that opened it.'),
    asked: z
      .array(z.string().max(100))
      .max(600)
      .describe('Keyed fingerprints of what the requester stated: values, names, words.'),
    state: TaskState,
    expiresAt: Instant,
    createdAt: Instant,
  })
  .meta({ id: 'Task' });
export type Task = z.infer<typeof Task>;

/** A task as people look at it: with names, what was handed on in words, and how much was done under it so far. */
export const TaskView = z
  .strictObject({
    ...Task.shape,
    agentName: z.string(),
    requesterName: z.string(),
    answerableName: z.string(),
    handedOn: z.array(z.string()).describe('What the hop to it granted, in sentences. Empty when nobody handed it on.'),
    calls: z.int().describe('Calls that went out under it so far.'),
  })
  .meta({ id: 'TaskView' });
export type TaskView = z.infer<typeof TaskView>;
