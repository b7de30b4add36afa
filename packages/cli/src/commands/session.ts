import { listTasks } from '@surety/contract/authority-routes';
import type { TaskView } from '@surety/contract/task';
import { read } from '../change.ts';
import { usage } from '../cli-error.ts';
import type { Cli, CommandSpec } from '../command.ts';
import type { Shape } from '../output/print.ts';
import { localOffset, localTime } from '../output/times.ts';
import { definedOnly } from './read-given.ts';
import { taskShape } from './shapes.ts';

/** What one running copy of an agent has open: an instance is known by its key. */
type Session = {
  readonly instance: string;
  readonly agent: string;
  readonly agentName: string;
  readonly answerableName: string;
  readonly tasks: number;
  readonly calls: number;
  readonly since: string;
};

export const sessionCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Instances of agents that have open tasks',
    options: [{ flags: '--agent <agent>', about: 'only of this one' }],
    run: async (cli, given) => {
      const items = await openTasks(cli, { agent: given.text('agent') });
      await cli.print.list(sessionsOf(items), sessionShape(cli.io.now()), 'No instance has an open task.');
    },
  },
  {
    usage: 'show <instance>',
    summary: 'The open tasks of one instance, by the id of its key',
    run: async (cli, { args }) => {
      const [instance = ''] = args;
      if (!instance.startsWith('crd_')) throw usage('An instance is named by the id of its key.', 'See: surety session ls.');
      await cli.print.list(await openTasks(cli, { instance }), taskShape(cli.io.now()), 'This instance has no open task.');
    },
  },
];

async function openTasks(
  cli: Cli,
  filter: { readonly agent?: string | undefined; readonly instance?: string | undefined },
): Promise<readonly TaskView[]> {
  return (await read(cli, listTasks, { ...definedOnly(filter), limit: 1000 })).items;
}

function sessionsOf(tasks: readonly TaskView[]): readonly Session[] {
  const byInstance = Map.groupBy(
    tasks.filter(({ instance }) => instance !== null),
    ({ instance }) => String(instance),
  );
  return [...byInstance].map(([instance, [first, ...others]]) => ({
    instance,
    agent: first?.agent ?? '',
    agentName: first?.agentName ?? '',
    answerableName: first?.answerableName ?? '',
    tasks: 1 + others.length,
    calls: others.reduce((sum, { calls }) => sum + calls, first?.calls ?? 0),
    since: [...others, ...(first === undefined ? [] : [first])].map(({ createdAt }) => createdAt).sort()[0] ?? '',
  }));
}

function sessionShape(nowMs: number): Shape<Session> {
  return {
    name: ({ instance }) => instance,
    columns: [
      { title: 'INSTANCE', value: ({ instance }) => instance },
      { title: 'AGENT', value: ({ agentName }) => agentName },
      { title: 'ANSWERS', value: ({ answerableName }) => answerableName },
      { title: 'TASKS', value: ({ tasks }) => String(tasks) },
      { title: 'CALLS', value: ({ calls }) => String(calls) },
      { title: `SINCE ${localOffset(nowMs)}`, value: ({ since }) => localTime(since, nowMs) },
    ],
  };
}
