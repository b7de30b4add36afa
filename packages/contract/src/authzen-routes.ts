import * as z from 'zod';
import { Application, ApplicationDocument } from './authzen.ts';
import { ApplicationId, Name } from './id.ts';
import { route } from './route.ts';

const applicationRef = z.union([ApplicationId, Name]);

export const publishApplication = route({
  name: 'publishApplication',
  method: 'PUT',
  path: '/v1/applications/{application}',
  action: 'application:publish',
  summary: 'Say who may ask for decisions (AuthZEN), about what, by which policies, and what they may state.',
  input: z.strictObject({ application: Name, document: ApplicationDocument }),
  output: Application,
  faults: ['application.invalid', 'application.pep_taken', 'workload.not_found'],
});
export const listApplications = route({
  name: 'listApplications',
  method: 'GET',
  path: '/v1/applications',
  action: 'application:read',
  summary: 'Applications that may ask for decisions, without their entities.',
  input: z.strictObject({}),
  output: z.strictObject({ items: z.array(Application) }),
  faults: [],
});
export const getApplication = route({
  name: 'getApplication',
  method: 'GET',
  path: '/v1/applications/{application}',
  action: 'application:read',
  summary: 'One application, as it is in force.',
  input: z.strictObject({ application: applicationRef }),
  output: Application,
  faults: ['application.not_found'],
});
export const removeApplication = route({
  name: 'removeApplication',
  method: 'DELETE',
  path: '/v1/applications/{application}',
  action: 'application:remove',
  summary: 'Answer an application no more.',
  input: z.strictObject({ application: applicationRef }),
  output: Application,
  faults: ['application.not_found'],
});
