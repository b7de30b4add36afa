import * as z from 'zod';
import { Destination, DestinationKind, FieldLabels, Guards, Label, Labels, TaskFlow } from './flow.ts';
import { Name, PlainText, SystemId, TaskId } from './id.ts';
import { route } from './route.ts';
import { System } from './system.ts';

const systemRef = z.union([SystemId, Name]);
const destination = z.strictObject({ kind: DestinationKind, value: z.string().min(1).max(2000) });

export const labelSystem = route({
  name: 'labelSystem',
  method: 'POST',
  path: '/v1/systems/{system}/labels',
  action: 'system:change',
  summary: 'Say what is known of everything that comes from a system.',
  input: z.strictObject({ system: systemRef, labels: Labels }),
  output: System,
  faults: ['system.not_found'],
});
export const labelOperation = route({
  name: 'labelOperation',
  method: 'POST',
  path: '/v1/systems/{system}/operations/label',
  action: 'system:change',
  summary:
    'Say what is known of what comes back from an operation, of single fields of it, and which arguments say where something goes. What is left out stays.',
  input: z.strictObject({
    system: systemRef,
    operation: z.string().min(1).max(200),
    labels: Labels.optional(),
    fields: FieldLabels.optional(),
    guards: Guards.optional(),
  }),
  output: System,
  faults: ['system.not_found'],
});
export const listDestinations = route({
  name: 'listDestinations',
  method: 'GET',
  path: '/v1/destinations',
  action: 'destination:read',
  summary: 'The directory of known destinations.',
  input: z.strictObject({
    kind: DestinationKind.optional(),
    limit: z.coerce.number().int().min(1).max(1000).default(200),
    after: z.string().max(2000).optional().describe('Go on after this value.'),
  }),
  output: z.strictObject({ items: z.array(Destination) }),
  faults: [],
});
export const addDestination = route({
  name: 'addDestination',
  method: 'POST',
  path: '/v1/destinations',
  action: 'destination:change',
  summary: 'Know a destination from now on.',
  input: destination,
  output: Destination,
  faults: [],
});
export const removeDestination = route({
  name: 'removeDestination',
  method: 'POST',
  path: '/v1/destinations/remove',
  action: 'destination:change',
  summary: 'Know a destination no longer.',
  input: destination,
  output: Destination,
  faults: ['destination.not_found'],
});
export const getTaskFlow = route({
  name: 'getTaskFlow',
  method: 'GET',
  path: '/v1/tasks/{task}/flow',
  action: 'task:read',
  summary: 'What the tree of a task has seen so far.',
  input: z.strictObject({ task: TaskId }),
  output: TaskFlow,
  faults: ['task.not_found'],
});
export const declassifyTask = route({
  name: 'declassifyTask',
  method: 'POST',
  path: '/v1/tasks/{task}/declassify',
  action: 'task:declassify',
  summary: 'Take a label off the tree of a task and what it has seen so far. A person says why.',
  input: z.strictObject({ task: TaskId, label: Label, reason: PlainText.min(1).max(500) }),
  output: TaskFlow,
  faults: ['task.not_found', 'label.not_found'],
});
