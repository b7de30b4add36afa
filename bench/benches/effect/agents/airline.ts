import type { AgentDefinition } from '../agent-definition.ts';

/** Answers customers of an airline: looks up, books, changes and cancels reservations. */
export const airline: AgentDefinition = {
  purpose: 'Answers customers of an airline',
  systems: [{ name: 'airline', inside: true }],
  operations: {
    book_reservation: { effect: 'money' },
    cancel_reservation: { effect: 'destructive' },
    update_reservation_flights: { effect: 'money' },
    update_reservation_baggages: { effect: 'money' },
    update_reservation_passengers: { effect: 'write' },
    send_certificate: { effect: 'money' },
    transfer_to_human_agents: { effect: 'write' },
    // Neither looks at anything nor changes anything.
    think: { effect: 'read' },
    calculate: { effect: 'read' },
  },
};
