import type { Workload } from '@surety/contract/agent';
import { listWorkloads, moveWorkload, registerWorkload } from '@surety/contract/registry-routes';
import { acceptRisk } from '../ask-first.ts';
import { change, read } from '../change.ts';
import { CliError, usage } from '../cli-error.ts';
import type { Cli, CommandSpec } from '../command.ts';
import { peopleNames } from './names.ts';
import { definedOnly, readChoice, readNames } from './read-given.ts';
import { workloadShape } from './shapes.ts';

const states = ['active', 'suspended', 'retired'] as const;

export const workloadCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Workloads, and who answers for them',
    run: async (cli) => {
      const [{ items }, names] = await Promise.all([read(cli, listWorkloads, {}), peopleNames(cli)]);
      await cli.print.list(items, workloadShape(names, cli.io.now()));
    },
  },
  {
    usage: 'show <workload>',
    summary: 'One workload',
    run: async (cli, { args }) => {
      const [name = ''] = args;
      const { items } = await read(cli, listWorkloads, {});
      const found = items.find((one) => one.name === name || one.id === name);
      if (found === undefined)
        throw new CliError('notFound', {
          code: 'workload.not_found',
          message: 'There is no such workload',
          next: ['Look at "surety workload ls".'],
        });
      await printWorkload(cli, found);
    },
  },
  {
    usage: 'new <name>',
    summary: 'Register a workload. It starts as a draft',
    changes: true,
    options: [
      { flags: '--called <name>', about: 'the name that people see' },
      { flags: '--owner <person>', about: 'who answers for it; you, when left out' },
      { flags: '--deputy <person>', about: 'who is asked to take over, in this order', repeat: true },
    ],
    run: async (cli, given) => {
      const [name = ''] = given.args;
      const owner = given.text('owner') ?? (await cli.session()).principal;
      const more = definedOnly({ deputies: readNames(given, 'deputy') });
      const made = await change(cli, registerWorkload, { name, displayName: given.text('called') ?? name, owner, ...more });
      if (made !== undefined) await printWorkload(cli, made);
    },
  },
  {
    usage: 'set <workload>',
    summary: 'Activate, suspend or retire a workload',
    changes: true,
    options: [
      { flags: '--state <state>', about: states.join(', ') },
      { flags: '--reason <text>', about: 'kept in the log' },
    ],
    run: async (cli, given) => {
      const [name = ''] = given.args;
      const to = readChoice(given, 'state', states);
      if (to === undefined) throw usage('It is not said what to change.', `Add --state, one of ${states.join(', ')}.`);
      if (to === 'retired')
        await acceptRisk(cli, 'retire', { what: `The workload ${name} is retired: it never works again.`, name });
      const moved = await change(cli, moveWorkload, {
        workload: name,
        to,
        reason: given.text('reason') ?? `${to} from the command line`,
      });
      if (moved !== undefined) await printWorkload(cli, moved);
    },
  },
];

async function printWorkload(cli: Cli, workload: Workload): Promise<void> {
  await cli.print.one(workload, workloadShape(await peopleNames(cli), cli.io.now()));
}
