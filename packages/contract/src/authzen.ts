import * as z from 'zod';
import { ApplicationId, HumanId, Instant, Name, PlainText, WorkloadId } from './id.ts';

/** Words that Cedar's grammar keeps for itself, and the name of what actions are: no entity type can be called so. */
const reservedTypes = ['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has', 'Action', 'Unheld', 'tool', '__cedar'];

/** A type of AuthZEN subjects and resources that is a type of Cedar entities too. `tool` is the house's own. */
export const EntityTypeName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'expected letters, digits and underscores, at most 63, beginning with a letter')
  .refine((name) => !reservedTypes.includes(name), 'this word is taken');

/** A name or id as AuthZEN takes them: any text. */
export const EntityIdText = z.string().min(1).max(300);

const propertyName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^(?!__)[^\p{Cc}]+$/u, 'no control characters, and no "__" at the beginning');
const scalar = z.union([z.string().max(2_000), z.boolean(), z.number()]);

export const EntityProperties = z
  .record(propertyName, z.union([scalar, z.array(scalar).max(500)]))
  .refine((properties) => Object.keys(properties).length <= 50, 'at most 50 properties');

const propertyNames = z.array(propertyName).max(50);

/** What there is of one type, and what a PEP may say about it. */
export const EntityTypeSpec = z
  .strictObject({
    open: z
      .boolean()
      .default(false)
      .describe('Whether there are more of this type than the document lists. Searches find those that it lists.'),
    asserts: propertyNames
      .default([])
      .describe(
        'Properties that a PEP may state in a question; they count before what the document says. Others are not looked at.',
      ),
  })
  .meta({ id: 'EntityTypeSpec' });

export const ApplicationEntity = z
  .strictObject({
    type: EntityTypeName,
    id: EntityIdText,
    properties: EntityProperties.default({}),
    in: z
      .array(z.strictObject({ type: EntityTypeName, id: EntityIdText }))
      .max(20)
      .default([])
      .describe('The groups it belongs to, in the sense of Cedar.'),
  })
  .meta({ id: 'ApplicationEntity' });
export type ApplicationEntity = z.infer<typeof ApplicationEntity>;

/** The most entities of one document. A search looks at each of its type. */
export const maxEntities = 10_000;

/**
 * An application that asks us (AuthZEN 1.0): who of its workloads may ask, about what, by which policies, and what they may
 * say themselves. `types`, `actions`, `policies` and `entities` are a world of its own; `systems` opens ours to its questions.
 */
export const ApplicationDocument = z
  .strictObject({
    description: PlainText.max(500).default(''),
    peps: z
      .array(z.union([WorkloadId, Name]))
      .min(1)
      .max(50)
      .describe('Workloads that may ask; each belongs to one application.'),
    systems: z.array(Name).max(100).default([]).describe('Protected systems whose operations they may ask about.'),
    types: z.record(EntityTypeName, EntityTypeSpec).default({}),
    actions: z.array(z.string().min(1).max(200)).max(200).default([]),
    actionAsserts: propertyNames.default([]).describe('Properties of an action that a PEP may state: `context.action`.'),
    contextAsserts: propertyNames.default([]).describe('Members of the context that a PEP may state: `context.request`.'),
    policies: z.string().max(200_000).default('').describe('Cedar. A permit is needed, any forbid wins.'),
    entities: z.array(ApplicationEntity).max(maxEntities).default([]),
  })
  .meta({ id: 'ApplicationDocument' });
export type ApplicationDocument = z.infer<typeof ApplicationDocument>;

export const Application = z
  .strictObject({
    id: ApplicationId,
    name: Name,
    version: z.int().min(1),
    document: ApplicationDocument,
    documentDigest: z.string(),
    publishedBy: HumanId,
    publishedAt: Instant,
    state: z.enum(['active', 'removed']),
  })
  .meta({ id: 'Application' });
export type Application = z.infer<typeof Application>;

/** Actions that the house policy is asked about before a question is read; no route of the API has them. */
export const accessActions = ['access:evaluate', 'access:request', 'access:search'] as const;

/**
 * Why a question was answered with no, where no decision of the house stands behind it: a closed list, wire contract. About
 * an operation of a protected system the reasons are those of `contract/decision.ts`.
 */
export const accessReasons = {
  permitted: 'A policy of the application permits this',
  'application.forbidden': 'A policy of the application forbids this',
  'application.silent': 'No policy of the application permits this',
  'application.error': 'A policy of the application that applies could not be evaluated, so nothing passes',
  'subject.unknown': 'The subject is not known to the application',
  'resource.unknown': 'The resource is not known to the application',
  'action.unknown': 'The action is not known to the application',
  'system.not_yours': 'The application may not ask about this system',
  'subject.unsupported': 'Nobody acts here: name the agent, or the chain that acts for the person',
  'chain.disagrees': 'The chain that was stated is not the one the house has stored for this task',
  'question.malformed': 'The question is malformed',
  'approval.unverifiable': 'The approval that was presented is not one for exactly this question',
  'approval.alone': 'An approval counts in a question asked by itself',
  'obligation.unsupported': 'The obligation cannot be fulfilled by who asks',
} as const;
export type AccessReason = keyof typeof accessReasons;
