import { listRoles, type Role, setRole } from '@surety/contract/authority-routes';
import { change, read } from '../change.ts';
import { CliError } from '../cli-error.ts';
import type { CommandSpec } from '../command.ts';
import { safeText } from '../output/safe-text.ts';
import type { Shape } from '../output/print.ts';
import { readText } from './read-given.ts';

const shape: Shape<Role> = {
  name: ({ name }) => name,
  columns: [
    { title: 'ROLE', value: ({ name }) => name },
    { title: 'IS', value: ({ document }) => document.description },
    { title: 'ANSWERS FOR', value: ({ document }) => (document.answersFor.trim() === '' ? 'nothing' : 'see surety role show') },
    { title: 'REVISION', value: ({ revision }) => String(revision), wide: true },
  ],
};

export const roleCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Roles, and what their holders may answer for',
    run: async (cli) => {
      const { items } = await read(cli, listRoles, {});
      await cli.print.list(items, shape);
    },
  },
  {
    usage: 'show <role>',
    summary: 'One role, with its policies',
    run: async (cli, { args }) => {
      const { items } = await read(cli, listRoles, {});
      const role = items.find(({ name }) => name === args[0]);
      if (role === undefined)
        throw new CliError('notFound', {
          code: 'role.not_found',
          message: 'There is no such role',
          next: ['Look at "surety role ls".'],
        });
      const { answersFor, may } = role.document;
      const asked = may === undefined ? [] : ['', 'May ask agents for:', ...may.split('\n').map(safeText)];
      await cli.print.one(role, shape, ['', ...answersFor.split('\n').map(safeText), ...asked]);
    },
  },
  {
    usage: 'set <role> <file>',
    summary: 'Say, in Cedar, what holders of a role may answer for',
    changes: true,
    options: [
      { flags: '--description <text>', about: 'what the role is' },
      { flags: '--may <file>', about: 'in Cedar, what its holders may themselves ask agents to do' },
    ],
    run: async (cli, given) => {
      const [role = '', file = ''] = given.args;
      const answersFor = await readText(cli, file);
      const { items } = await read(cli, listRoles, {});
      const before = items.find(({ name }) => name === role)?.document;
      const description = given.text('description') ?? before?.description ?? '';
      const mayFile = given.text('may');
      const may = mayFile === undefined ? before?.may : await readText(cli, mayFile);
      const made = await change(cli, setRole, {
        role,
        document: { answersFor, description, ...(may === undefined ? {} : { may }) },
      });
      if (made !== undefined) await cli.print.one(made, shape);
    },
  },
];
