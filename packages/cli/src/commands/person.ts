import { addHuman, changeHuman, getHuman, listHumans, openEnrolment } from '@surety/contract/registry-routes';
import { listPasskeys, revokePasskey } from '@surety/contract/signin-routes';
import { askFirst } from '../ask-first.ts';
import { change, read } from '../change.ts';
import { usage } from '../cli-error.ts';
import type { CommandSpec } from '../command.ts';
import { definedOnly, readChoice, readNames } from './read-given.ts';
import { agentShape, passkeyShape, personShape } from './shapes.ts';

const states = ['active', 'suspended', 'left'] as const;
const roles = {
  flags: '--role <name>',
  about: 'a role: see "surety role ls", or one of the built-in ones',
  repeat: true,
} as const;
const groups = { flags: '--group <name>', about: 'a group of people', repeat: true } as const;

export const personCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'People',
    run: async (cli) => {
      const { items } = await read(cli, listHumans, {});
      await cli.print.list(items, personShape);
    },
  },
  {
    usage: 'show <person>',
    summary: 'One person, and what they answer for',
    run: async (cli, { args }) => {
      const { human, answersFor, deputyOf } = await read(cli, getHuman, { human: args[0] ?? '' });
      if (!cli.print.forPeople) return cli.print.one({ ...human, answersFor, deputyOf }, { columns: [], name: () => human.name });
      await cli.print.one(human, personShape);
      const shape = agentShape((id) => (id === human.id ? human.displayName : id), cli.io.now());
      await cli.print.list(answersFor, shape, 'Answers for no agent.');
      if (deputyOf.length > 0) cli.print.note(`Deputy of: ${deputyOf.map(({ name }) => name).join(', ')}`);
    },
  },
  {
    usage: 'add <name>',
    summary: 'Add a person',
    changes: true,
    options: [
      { flags: '--called <name>', about: 'the name that people see' },
      { flags: '--title <text>', about: 'what this person does' },
      roles,
      groups,
    ],
    run: async (cli, given) => {
      const [name = ''] = given.args;
      const more = definedOnly({
        title: given.text('title'),
        roles: readNames(given, 'role'),
        groups: readNames(given, 'group'),
      });
      const human = await change(cli, addHuman, { name, displayName: given.text('called') ?? name, ...more });
      if (human !== undefined)
        await cli.print.one(human, personShape, [
          `Next: surety person enrol ${name}      makes the code with which they sign in`,
        ]);
    },
  },
  {
    usage: 'enrol <person>',
    summary: 'Make a single-use code with which a person signs in from their own computer',
    changes: true,
    run: async (cli, { args }) => {
      const made = await change(cli, openEnrolment, { principal: args[0] ?? '' });
      if (made === undefined) return;
      const { url } = await cli.session();
      await cli.print.result(
        { ...made, url },
        [
          made.code,
          `  works once, until ${made.expiresAt}:  surety context add ${url}`,
          `  or for a passkey, in a browser:  ${url}/enrol#code=${made.code}`,
        ],
        made.code,
      );
    },
  },
  {
    usage: 'passkeys <person>',
    summary: 'The passkeys with which a person can sign in',
    run: async (cli, { args }) => {
      const [human = ''] = args;
      const { items } = await read(cli, listPasskeys, { human });
      await cli.print.list(items, passkeyShape(cli.io.now()), `No passkeys: surety person enrol ${human}`);
    },
  },
  {
    usage: 'revoke-passkey <passkey>',
    summary: 'End a passkey, and every session that it opened',
    changes: true,
    run: async (cli, { args }) => {
      const [passkey = ''] = args;
      await askFirst(cli, `End the passkey ${passkey}?`);
      const ended = await change(cli, revokePasskey, { passkey: passkey as never });
      if (ended !== undefined) await cli.print.one(ended, passkeyShape(cli.io.now()));
    },
  },
  {
    usage: 'set <person>',
    summary: 'Change what is named, and nothing else',
    changes: true,
    options: [
      { flags: '--state <state>', about: states.join(', ') },
      { ...roles, about: `all roles; none for none` },
      { ...groups, about: 'all groups; none for none' },
    ],
    run: async (cli, given) => {
      const more = definedOnly({
        state: readChoice(given, 'state', states),
        roles: readNames(given, 'role'),
        groups: readNames(given, 'group'),
      });
      if (Object.keys(more).length === 0) throw usage('It is not said what to change.', 'Name it, as in --role approver.');
      const human = await change(cli, changeHuman, { human: given.args[0] ?? '', ...more });
      if (human !== undefined) await cli.print.one(human, personShape);
    },
  },
];
