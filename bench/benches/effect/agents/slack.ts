import type { AgentDefinition } from '../agent-definition.ts';

/** Reads and writes messages for one person, and pages of the web. */
export const slack: AgentDefinition = {
  purpose: 'Reads and writes messages and pages of the web for one person',
  systems: [
    { name: 'slack', inside: true },
    { name: 'web', inside: false, operations: ['get_webpage', 'post_webpage'] },
  ],
  operations: {},
};
