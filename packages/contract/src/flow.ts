import * as z from 'zod';
import { ActionId, Instant, TaskId } from './id.ts';

/**
 * The label of whatever an outsider can write. Rules of the house look at it, and at `secret`, which is for what must reach no
 * place that nobody named; every other label is the organisation's own to ask about.
 */
export const untrustedLabel = 'untrusted';

/** Labels that our own rules give: how far something may go, what it is about, who could have written it. */
export const houseLabels = [
  'public',
  'internal',
  'confidential',
  'secret',
  'pii',
  'customer',
  'financial',
  untrustedLabel,
] as const;

/** What is known of information: one of {@link houseLabels}, or a name of the organisation's own. */
export const Label = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,39}$/, 'use lower-case letters, digits, dot, hyphen and underscore, at most 40');
export const Labels = z.array(Label).max(20);

const pointer = z
  .string()
  .max(300)
  .regex(/^(?:\/[^/]*)*$/, 'a JSON pointer (RFC 6901)');

/** What an argument decides: where something goes, who may do something from then on, or what is changed or removed. */
export const GuardOf = z.enum(['destination', 'authority', 'target']);

export const Guard = z.strictObject({
  pointer: pointer.describe('Of the argument; what is below it is meant with it.'),
  of: GuardOf,
});
export type Guard = z.infer<typeof Guard>;
export const Guards = z.array(Guard).max(100);

/** Labels of single fields of a result. A star stands for any member of a list or object: `/orders/*\/iban`. */
export const FieldLabels = z.record(pointer, Labels).refine((fields) => Object.keys(fields).length <= 100, 'at most 100 fields');
export type FieldLabels = z.infer<typeof FieldLabels>;

/** Who said it: our rule on names, descriptions and schemas, or a person. */
export const LabelledBy = z.enum(['heuristic', 'person']);

/** What comes out of an operation and where it can lead to. */
export const OperationFlow = z.strictObject({
  labels: Labels.describe('Of whatever comes back from it, beside those of its system.'),
  fields: FieldLabels,
  guards: Guards.describe('Arguments that say where something goes, who may have it, or what is touched.'),
  by: LabelledBy,
});
export type OperationFlow = z.infer<typeof OperationFlow>;

/** What comes out of a system, whatever is called there. */
export const SystemFlow = z.strictObject({ labels: Labels, by: LabelledBy });
export type SystemFlow = z.infer<typeof SystemFlow>;

/** Kinds of destination that the organisation knows. */
export const DestinationKind = z.enum(['email', 'url', 'host', 'iban', 'account', 'phone', 'id', 'name']);
export type DestinationKind = z.infer<typeof DestinationKind>;

/** A place that information or money may go to without surprise: of the organisation's own directory. */
export const Destination = z
  .strictObject({
    kind: DestinationKind,
    value: z.string().describe('Written one way only: lower case, without spaces, whichever its kind has.'),
    from: z.enum(['person', 'approval']).describe('Added by a person, or by a yes whose signer said so.'),
    addedBy: z.string(),
    addedByName: z.string(),
    addedAt: Instant,
    approval: z.string().nullable(),
    revision: z.int().positive(),
  })
  .meta({ id: 'Destination' });
export type Destination = z.infer<typeof Destination>;

/** A label that a task tree has gathered, and the result that brought it first. */
export const TaskLabel = z
  .strictObject({
    name: z.string(),
    system: z.string(),
    operation: z.string(),
    action: z.union([ActionId, z.literal('')]).describe('Empty for what came outside of a call.'),
    at: Instant,
    tree: TaskId.describe('The tree that has it: this one, or an earlier one of the same instance.'),
  })
  .meta({ id: 'TaskLabel' });
export type TaskLabel = z.infer<typeof TaskLabel>;

export const TaskFlow = z
  .strictObject({
    root: TaskId,
    labels: z.array(TaskLabel),
    values: z.int().describe('How many values of results are followed. Only keyed fingerprints of them are kept.'),
    from: z.array(TaskId).describe('Earlier trees of the same instance that it goes on from.'),
  })
  .meta({ id: 'TaskFlow' });
export type TaskFlow = z.infer<typeof TaskFlow>;
