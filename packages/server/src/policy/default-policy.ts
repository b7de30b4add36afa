import type { RoleDocument } from '@surety/contract/authority-routes';
import { builtInRoles } from '@surety/contract/human';

/** The organisation's policy of a new house: a starting point that an administrator publishes anew. */
export const defaultOrganisationPolicy = `
// The organisation's policy (Cedar). Every call by an agent needs a permit here, and any forbid wins.
//
// This is the starting point: it permits the calls of agents in general, so that their mandates decide. An agent without
// a mandate can do nothing all the same. Narrow it where the organisation wants a rule that no mandate can step over:
//
//   @id("no-money-at-night")
//   forbid (principal is Agent, action in Action::"money", resource)
//   unless { context.facts.hours["08:00-18:00 Europe/Berlin mon,tue,wed,thu,fri"] };

@id("organisation.start")
permit (principal is Agent, action, resource);
`.trim();

const everything = `
// Holders may answer for every call of an agent. Narrow this to what people in this role may really stand for; it takes
// effect at once, for every agent that they answer for.

@id("role.everything")
permit (principal is Agent, action, resource);
`.trim();

const everythingAsked = `
// Holders may ask agents for everything, within what the agent's own mandate permits. Narrow this to what people in this role
// may do themselves; it takes effect at once, for every task that they asked for.

@id("role.everything-asked")
permit (principal is Agent, action, resource);
`.trim();

const nothing = `
// Holders of this role alone may answer for nothing that an agent does.
`.trim();

/**
 * The roles of a new house: what their holders may answer for, and ask agents to do. What they may do in the API is the house
 * policy.
 */
export const defaultRoles: Readonly<Record<(typeof builtInRoles)[number], RoleDocument>> = {
  administrator: { answersFor: everything, may: everythingAsked, description: 'Runs the house: may do everything in the API.' },
  security: {
    answersFor: nothing,
    description: 'Stops and starts agents, ends what is dangerous, sets policy, reads everything.',
  },
  owner: {
    answersFor: everything,
    may: everythingAsked,
    description: 'Answers for agents: gives them mandates, changes, suspends and stops their own.',
  },
  approver: { answersFor: nothing, description: 'Answers the requests of agents that wait for a person.' },
  developer: { answersFor: nothing, description: 'Registers agents and workloads, and enrols keys for those they answer for.' },
  auditor: { answersFor: nothing, description: 'Reads everything, the ledger too, and changes nothing.' },
};
