import * as z from 'zod';
import { AgentId, Name } from './id.ts';
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
