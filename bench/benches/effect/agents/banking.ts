import type { AgentDefinition } from '../agent-definition.ts';

/** Pays bills, keeps standing orders and looks things up in one person's account. */
export const banking: AgentDefinition = {
  purpose: 'Looks after the bank account of one person',
  systems: [{ name: 'bank', inside: true }],
  operations: {
    send_money: { effect: 'money' },
    schedule_transaction: { effect: 'money' },
    // It can change to whom a standing order goes. What it gives back is what it was given.
    update_scheduled_transaction: { effect: 'money', labels: ['financial'] },
    // Standing orders are written by the account's owner alone; subjects of transactions are not.
    get_scheduled_transactions: { labels: ['financial'] },
  },
};
