import type { RootCommand } from './command.ts';

/** Every command of the command line itself, in the order of the help. */
export const commandTable: readonly RootCommand[] = [
  {
    name: 'status',
    summary: 'what runs, and whether it is well',
    group: 'Start',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'claim',
    summary: 'take ownership of a new server',
    group: 'Start',
    load: async () => (await import('./commands/claim.ts')).claimCommand,
  },
  {
    name: 'whoami',
    summary: 'who you are at the server',
    group: 'Start',
    load: async () => (await import('./commands/status.ts')).whoamiCommand,
  },
  {
    name: 'context',
    summary: 'servers, and who you are there',
    group: 'Start',
    load: async () => (await import('./commands/context.ts')).contextCommands,
  },

  {
    name: 'agent',
    summary: 'agents, and who answers for them',
    group: 'Identity',
    load: async () => (await import('./commands/agent.ts')).agentCommands,
  },
  {
    name: 'person',
    summary: 'people',
    group: 'Identity',
    load: async () => (await import('./commands/person.ts')).personCommands,
  },
  {
    name: 'workload',
    summary: 'workloads',
    group: 'Identity',
    load: async () => (await import('./commands/workload.ts')).workloadCommands,
  },
  {
    name: 'issuer',
    summary: 'platforms whose word about their workloads is taken',
    group: 'Identity',
    load: async () => (await import('./commands/issuer.ts')).issuerCommands,
  },
  {
    name: 'partner',
    summary: 'what agents are called by partners',
    group: 'Identity',
    load: async () => (await import('./commands/issuer.ts')).partnerCommands,
  },

  {
    name: 'mandate',
    summary: 'what agents may do',
    group: 'Authority',
    load: async () => (await import('./commands/mandate.ts')).mandateCommands,
  },
  {
    name: 'system',
    summary: 'what is protected',
    group: 'Authority',
    load: async () => (await import('./commands/system.ts')).systemCommands,
  },
  {
    name: 'destination',
    summary: 'places that information and money may go to',
    group: 'Authority',
    load: async () => (await import('./commands/destination.ts')).destinationCommands,
  },
  {
    name: 'role',
    summary: 'what people may answer for',
    group: 'Authority',
    load: async () => (await import('./commands/role.ts')).roleCommands,
  },
  {
    name: 'policy',
    summary: "the organisation's policy",
    group: 'Authority',
    load: async () => (await import('./commands/policy.ts')).policyCommands,
  },
  {
    name: 'application',
    summary: 'applications that ask for decisions (AuthZEN)',
    group: 'Authority',
    load: async () => (await import('./commands/application.ts')).applicationCommands,
  },
  {
    name: 'key',
    summary: 'the keys that the house signs with',
    group: 'Authority',
    load: async () => (await import('./commands/key.ts')).keyCommands,
  },
  {
    name: 'stop',
    summary: 'stop an agent and everything below it, now',
    group: 'Authority',
    load: async () => (await import('./commands/stop.ts')).stopCommand,
  },
  {
    name: 'start',
    summary: 'let an agent start, or start again',
    group: 'Authority',
    load: async () => (await import('./commands/stop.ts')).startCommand,
  },

  {
    name: 'call',
    summary: 'one guarded call, explained',
    group: 'Calls',
    load: async () => (await import('./commands/call.ts')).callCommand,
  },
  {
    name: 'request',
    summary: 'calls that wait for a person',
    group: 'Calls',
    load: async () => (await import('./commands/request.ts')).requestCommands,
  },
  {
    name: 'bridge',
    summary: 'loopback relay that adds token and proof',
    group: 'Calls',
    load: async () => (await import('./commands/bridge.ts')).bridgeCommand,
  },
  {
    name: 'connect',
    summary: 'configuration of a client that you use',
    group: 'Calls',
    load: async () => (await import('./commands/connect.ts')).connectCommand,
  },
  {
    name: 'task',
    summary: 'units of work, and who hands them on to whom',
    group: 'Calls',
    load: async () => (await import('./commands/task.ts')).taskCommands,
  },
  {
    name: 'session',
    summary: 'instances of agents that are at work',
    group: 'Calls',
    load: async () => (await import('./commands/session.ts')).sessionCommands,
  },

  {
    name: 'activity',
    summary: 'what agents did',
    group: 'Proof',
    load: async () => (await import('./commands/activity.ts')).activityCommands,
  },
  {
    name: 'why',
    summary: 'why it was allowed, denied or held',
    group: 'Proof',
    load: async () => (await import('./commands/activity.ts')).whyCommand,
  },
  {
    name: 'who',
    summary: 'who answered for it at the time',
    group: 'Proof',
    load: async () => (await import('./commands/activity.ts')).whoCommand,
  },
  {
    name: 'log',
    summary: 'the audit log: check it without trusting the server',
    group: 'Proof',
    load: async () => (await import('./commands/log.ts')).logCommands,
  },

  {
    name: 'api',
    summary: 'raw call of the API, with the same key',
    group: 'Other',
    load: async () => (await import('./commands/api.ts')).apiCommand,
  },
  {
    name: 'completion',
    summary: 'completion for your shell',
    group: 'Other',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
];
