import { acceptManifest } from '@surety/contract/federation-routes';
import {
  changeAgent,
  getAgent,
  listAgents,
  moveAgent,
  openRegistration,
  registerAgent,
  revokeCredential,
} from '@surety/contract/registry-routes';
import { setRedirects } from '@surety/contract/signin-routes';
import { acceptRisk, askFirst } from '../ask-first.ts';
import { change, read } from '../change.ts';
import { usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { enrolAgent } from './enrol-agent.ts';
import { peopleNames } from './names.ts';
import { definedOnly, readChoice, readCount, readNames } from './read-given.ts';
import { agentShape, credentialShape } from './shapes.ts';
import { startCommand, stopCommand } from './stop.ts';

const riskTiers = ['low', 'medium', 'high', 'critical'] as const;
const autonomies = ['observe', 'propose', 'act_within_limits', 'act'] as const;
const states = ['draft', 'active', 'suspended', 'retired'] as const;

const described = [
  { flags: '--called <name>', about: 'the name that people see' },
  { flags: '--purpose <text>', about: 'what it is for' },
  { flags: '--owner <person>', about: 'who answers for it' },
  { flags: '--deputy <person>', about: 'who is asked to take over, in this order', repeat: true },
  { flags: '--risk <tier>', about: riskTiers.join(', ') },
  { flags: '--autonomy <level>', about: autonomies.join(', ') },
  { flags: '--model <name>', about: 'the model it runs on' },
] as const;

export const agentCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Agents, and who answers for them',
    options: [{ flags: '--state <state>', about: states.join(', ') }],
    run: async (cli, given) => {
      const state = readChoice(given, 'state', states);
      const [{ items }, names] = await Promise.all([read(cli, listAgents, definedOnly({ state })), peopleNames(cli)]);
      await cli.print.list(items, agentShape(names, cli.io.now()), 'There are no agents. Register one with "surety agent new".');
    },
  },
  { usage: 'show <agent>', summary: 'One agent, its keys, and who answers for it', run: showAgent },
  {
    usage: 'new <name>',
    summary: 'Register an agent. It starts as a draft',
    changes: true,
    options: described,
    run: async (cli, given) => {
      const [name = ''] = given.args;
      const purpose = given.text('purpose') ?? need('--purpose "what it is for"');
      const owner = given.text('owner') ?? (await cli.session()).principal;
      const more = describedIn(given);
      const agent = await change(cli, registerAgent, { displayName: name, ...more, name, purpose, owner });
      if (agent !== undefined)
        await printAgent(cli, agent, [`Next: surety agent start ${name}, surety agent enrol ${name}, surety mandate new`]);
    },
  },
  {
    usage: 'set <agent>',
    summary: 'Change what is named, and nothing else',
    changes: true,
    options: described,
    run: async (cli, given) => {
      const more = describedIn(given);
      if (Object.keys(more).length === 0) throw usage('It is not said what to change.', 'Name it, as in --purpose "…".');
      const agent = await change(cli, changeAgent, { agent: given.args[0] ?? '', ...more });
      if (agent !== undefined) await printAgent(cli, agent);
    },
  },
  {
    usage: 'assign <agent> <person>',
    summary: 'Make another person answer for an agent',
    changes: true,
    options: [{ flags: '--deputy <person>', about: 'who is asked to take over, in this order', repeat: true }],
    run: async (cli, given) => {
      const [agentName = '', owner = ''] = given.args;
      const deputies = readNames(given, 'deputy');
      const agent = await change(cli, changeAgent, definedOnly({ agent: agentName, owner, deputies }));
      const next = [
        'What it was given while another person answered for it has ended. Next: surety mandate new, surety agent show for its keys',
      ];
      if (agent !== undefined) await printAgent(cli, agent, next);
    },
  },
  enrolAgent,
  {
    usage: 'revoke <key>',
    summary: 'End a key of an agent or a person, and every token that is bound to it',
    changes: true,
    run: async (cli, { args }) => {
      const [credential = ''] = args;
      await askFirst(cli, `End the key ${credential}?`);
      const ended = await change(cli, revokeCredential, { credential: credential as never });
      if (ended !== undefined) await cli.print.one(ended, credentialShape);
    },
  },
  {
    usage: 'accept-manifest <agent> <digest>',
    summary: 'Accept what its copies say that they are made of; until then these may only read',
    changes: true,
    run: async (cli, { args }) => {
      const [agent = '', digest = ''] = args;
      const done = await change(cli, acceptManifest, { agent, digest });
      if (done !== undefined) await cli.print.result(done, [`accepted; copies that may act now: ${done.instances}`], agent);
    },
  },
  {
    usage: 'redirect <agent> [address...]',
    summary:
      'Say where a browser may be sent with a code for an agent, so that people can be asked to let it work for them. None: nobody can',
    changes: true,
    run: async (cli, { args: [agent = '', ...redirects] }) => {
      const set = await change(cli, setRedirects, { agent, redirects });
      if (set !== undefined)
        await cli.print.result(set, [set.redirects.length === 0 ? 'nowhere' : set.redirects.join('\n')], agent);
    },
  },
  {
    usage: 'registration-token <owner>',
    summary: 'Make a token with which one client registers itself, as a draft that this person answers for (RFC 7591)',
    changes: true,
    options: [{ flags: '--seconds <count>', about: 'how long it is good; an hour when left out' }],
    run: async (cli, given) => {
      const [owner = ''] = given.args;
      const made = await change(cli, openRegistration, { owner, ...definedOnly({ seconds: readCount(given, 'seconds') }) });
      if (made !== undefined)
        await cli.print.result(
          made,
          [`${made.token}`, `good once, until ${made.expiresAt}; nobody can see it again`],
          made.token,
        );
    },
  },
  { ...startCommand, usage: 'start <agent>' },
  { ...stopCommand, usage: 'stop <agent>' },
  {
    usage: 'retire <agent>',
    summary: 'End an agent for good',
    changes: true,
    options: [{ flags: '--reason <text>', about: 'kept in the log' }],
    run: async (cli, given) => {
      const [name = ''] = given.args;
      await acceptRisk(cli, 'retire', { what: `The agent ${name} is retired: it never works again.`, name });
      const agent = await change(cli, moveAgent, {
        agent: name,
        to: 'retired',
        reason: given.text('reason') ?? 'retired from the command line',
      });
      if (agent !== undefined) await printAgent(cli, agent);
    },
  },
];

async function showAgent(cli: Cli, { args }: Given): Promise<void> {
  const { agent, owner, credentials } = await read(cli, getAgent, { agent: args[0] ?? '' });
  if (!cli.print.forPeople)
    return cli.print.one({ ...agent, answersForIt: owner, credentials }, { columns: [], name: () => agent.name });
  const names = await peopleNames(cli);
  await cli.print.one(
    agent,
    agentShape(
      (id) => (id === owner.id ? `${owner.displayName}${owner.title === '' ? '' : ` (${owner.title})`}` : names(id)),
      cli.io.now(),
    ),
  );
  await cli.print.list(credentials, credentialShape, `It has no keys: surety agent enrol ${agent.name}`);
}

async function printAgent(
  cli: Cli,
  agent: Parameters<ReturnType<typeof agentShape>['name']>[0],
  after: readonly string[] = [],
): Promise<void> {
  await cli.print.one(agent, agentShape(await peopleNames(cli), cli.io.now()), after);
}

/** What is said of an agent, as far as it was typed. */
function describedIn(given: Given) {
  const model = given.text('model');
  return definedOnly({
    displayName: given.text('called'),
    purpose: given.text('purpose'),
    owner: given.text('owner'),
    deputies: readNames(given, 'deputy'),
    riskTier: readChoice(given, 'risk', riskTiers),
    autonomy: readChoice(given, 'autonomy', autonomies),
    manifest: model === undefined ? undefined : { model },
  });
}

function need(what: string): never {
  throw usage('It is not said what the agent is for.', `Add ${what}.`);
}
