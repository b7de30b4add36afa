import * as z from 'zod';
import { AgentId, HumanId, Name, PasskeyId, SystemId } from './id.ts';
import { Passkey } from './passkey.ts';
import { route } from './route.ts';

const redirects = z
  .array(z.string().min(1).max(500))
  .max(20)
  .describe(
    'https addresses, http ones of this computer (for any port), or private-use schemes. To the letter. Empty: people cannot be asked on its behalf.',
  );

export const setRedirects = route({
  name: 'setRedirects',
  method: 'PUT',
  path: '/v1/agents/{agent}/redirects',
  action: 'agent:change',
  summary: 'Say where a browser may be sent with a code for an agent, so that people can be asked to let it work for them.',
  input: z.strictObject({ agent: z.union([AgentId, Name]), redirects }),
  output: z.strictObject({ agent: AgentId, redirects }),
  faults: ['agent.not_found', 'redirect.refused'],
});

export const setSignInDemand = route({
  name: 'setSignInDemand',
  method: 'PUT',
  path: '/v1/systems/{system}/signin',
  action: 'system:demand',
  summary: 'Say how freshly a person must have signed in for calls that are made for them on a system (RFC 9470).',
  input: z.strictObject({
    system: z.union([SystemId, Name]),
    withinSeconds: z.int().min(30).max(2_592_000).nullable().describe('Null: it does not matter.'),
  }),
  output: z.strictObject({ system: Name, withinSeconds: z.int().nullable() }),
  faults: ['system.not_found'],
});

export const listPasskeys = route({
  name: 'listPasskeys',
  method: 'GET',
  path: '/v1/humans/{human}/passkeys',
  action: 'passkey:read',
  summary: 'The passkeys with which a person can sign in, newest first.',
  input: z.strictObject({ human: z.union([HumanId, Name]) }),
  output: z.strictObject({ items: z.array(Passkey) }),
  faults: ['human.not_found'],
});

export const revokePasskey = route({
  name: 'revokePasskey',
  method: 'POST',
  path: '/v1/passkeys/{passkey}/revoke',
  action: 'passkey:revoke',
  summary: 'End a passkey, every session that it opened, and every agreement by it that no token came of yet.',
  input: z.strictObject({ passkey: PasskeyId }),
  output: Passkey,
  faults: ['passkey.not_found'],
});
