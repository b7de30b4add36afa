import type { AgentDefinition } from '../agent-definition.ts';

/** Mail, calendar and files of one person. */
export const workspace: AgentDefinition = {
  purpose: 'Looks after mail, calendar and files of one person',
  systems: [{ name: 'workspace', inside: true }],
  operations: {
    // The address book is the person's own.
    search_contacts_by_name: { labels: ['pii'] },
    search_contacts_by_email: { labels: ['pii'] },
    // "reschedule" is no word that the product knows; an appointment can be put back.
    reschedule_calendar_event: { effect: 'write' },
  },
};
