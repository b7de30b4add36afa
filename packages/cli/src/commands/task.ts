import { endTask, listTasks } from '@surety/contract/authority-routes';
import type { TaskFlow } from '@surety/contract/flow';
import { declassifyTask, getTaskFlow } from '@surety/contract/flow-routes';
import type { TaskView } from '@surety/contract/task';
import { change, read } from '../change.ts';
import { usage } from '../cli-error.ts';
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
  {
    usage: 'labels <task>',
    summary: 'What the tree of a task has seen so far, and what brought it',
    run: async (cli, { args }) => printFlow(cli, await read(cli, getTaskFlow, { task: (args[0] ?? '') as never })),
  },
  {
    usage: 'declassify <task> <label>',
    summary: 'Take a label off the tree of a task and all that it has seen so far, because you have looked',
    changes: true,
    options: [{ flags: '--reason <text>', about: 'kept in the log' }],
    run: async (cli, given) => {
      const [task = '', label = ''] = given.args;
      const reason = given.text('reason');
      if (reason === undefined) throw usage('It is not said why.', 'Add --reason "what you have looked at".');
      const flow = await change(cli, declassifyTask, { task: task as never, label, reason });
      if (flow !== undefined) await printFlow(cli, flow);
    },
  },
];

async function printFlow(cli: Cli, flow: TaskFlow): Promise<void> {
  const lines = flow.labels.map(
    ({ name, system, operation, action, tree }) =>
      `${name}  from ${system}${operation === '' ? '' : `.${operation}`}  ${action}${tree === flow.root ? '' : `  (in ${tree}, which it goes on from)`}`,
  );
  const values = `${flow.values} ${flow.values === 1 ? 'value is' : 'values are'} followed.`;
  await cli.print.result(
    flow,
    [...(lines.length === 0 ? ['It has no labels.'] : lines), values],
    flow.labels.map(({ name }) => name).join('\n'),
  );
}

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
