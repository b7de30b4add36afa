import { endTask, listTasks } from '@surety/contract/authority-routes';
import type { TaskView } from '@surety/contract/task';
import { change, read } from '../change.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { safeText } from '../output/safe-text.ts';
import { timeLeft } from '../output/times.ts';
import { definedOnly, readCount } from './read-given.ts';
import { taskShape } from './shapes.ts';

export const taskCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Tasks that are open, newest first',
    options: [
      { flags: '--agent <agent>', about: 'only of this one' },
      { flags: '--all', about: 'also those that are over' },
      { flags: '--limit <count>', about: '100 when left out, at most 1000' },
    ],
    run: async (cli, given) => {
      const filter = definedOnly({ agent: given.text('agent'), limit: readCount(given, 'limit') });
      const { items } = await read(cli, listTasks, { ...filter, ...(given.flag('all') ? { all: 'true' } : {}) });
      await cli.print.list(items, taskShape(cli.io.now()), 'No task is open.');
    },
  },
  {
    usage: 'show <task>',
    summary: 'The whole tree of a task: who works on what, what was handed on to them, and what they did so far',
    run: showTree,
  },
  {
    usage: 'end <task>',
    summary: 'End a task and everything below it, with every token for any of it, now',
    changes: true,
    run: async (cli, { args }) => {
      const ended = await change(cli, endTask, { task: (args[0] ?? '') as never });
      if (ended === undefined) return;
      await cli.print.result(ended, [cli.print.style.mark('stopped', `ended ${ended.id}, and what hung from it`)], ended.id);
    },
  },
];

async function showTree(cli: Cli, { args }: Given): Promise<void> {
  const [task = ''] = args;
  const { items } = await read(cli, listTasks, { tree: task as never, limit: 1000 });
  await cli.print.result(
    { items },
    items.flatMap((one) => treeLines(cli, one, one.id === task)),
    items.map(({ id }) => id).join('\n'),
  );
}

/** A task of a tree: who, for whom, its state; below it what was handed on, in words. */
function treeLines(cli: Cli, task: TaskView, isMeant: boolean): readonly string[] {
  const { style } = cli.print;
  const indent = '  '.repeat(task.depth);
  const isLive = task.state === 'open' && Date.parse(task.expiresAt) > cli.io.now();
  const state = isLive
    ? style.mark('allowed', `open, ${timeLeft(task.expiresAt, cli.io.now())} left`)
    : style.mark('stopped', 'over');
  const from = task.requester === task.agent ? 'by itself' : `for ${safeText(task.requesterName)}`;
  const calls = task.calls === 1 ? '1 call' : `${task.calls} calls`;
  return [
    `${indent}${safeText(task.agentName)}  ${from}  ${state}  ${calls}  ${task.id}${isMeant && task.depth > 0 ? '  (this one)' : ''}`,
    ...(task.depth === 0
      ? [`${indent}  ${safeText(task.purpose)}`, `${indent}  ${safeText(task.answerableName)} answers for it.`]
      : []),
    ...task.handedOn.map((sentence) => `${indent}  ${safeText(sentence)}`),
  ];
}
