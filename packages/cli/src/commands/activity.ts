import type { Action } from '@surety/contract/activity';
import { ActionState } from '@surety/contract/activity';
import { explainAction, getAction, getPayload, listActions, responsibleFor } from '@surety/contract/oversight-routes';
import { read } from '../change.ts';
import { exitCodes } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { safeJson, safeLines, safeText } from '../output/safe-text.ts';
import { localOffset, localTime, tookText } from '../output/times.ts';
import { pause } from '../pause.ts';
import { treeLines } from './explain-tree.ts';
import { definedOnly, readChoice, readCount } from './read-given.ts';
import { actionShape, markOfAction } from './shapes.ts';

const filters = [
  { flags: '--agent <agent>', about: 'of one agent' },
  { flags: '--system <system>', about: 'on one system' },
  { flags: '--state <state>', about: ActionState.options.join(', ') },
] as const;

export const whyCommand: CommandSpec = {
  usage: '<action>',
  summary:
    'Why an action was allowed, denied or held, line by line, and what would have been enough. Exit 8 if it falls differently now',
  run: async (cli, { args }) => {
    const explanation = await read(cli, explainAction, { action: (args[0] ?? '') as never });
    const width = cli.io.isTty.stdout ? cli.io.columns : undefined;
    await cli.print.result(explanation, treeLines(explanation, cli.print.style, width), explanation.action.id);
    return explanation.recomputed === 'different' ? exitCodes.proof[0] : exitCodes.done[0];
  },
};

export const whoCommand: CommandSpec = {
  usage: '<action>',
  summary: 'Who answered for an action at the time, and the proof',
  run: async (cli, { args }) => {
    const found = await read(cli, responsibleFor, { action: (args[0] ?? '') as never });
    const now = cli.io.now();
    const chain = found.chain.map(
      ({ text, at }) => `  ${safeText(text)}${at === null ? '' : `      ${localTime(at, now)} ${localOffset(now)}`}`,
    );
    const proof =
      found.entry === null ? 'not in the tree yet' : `entry ${found.entry} of the log: surety log prove ${found.entry}`;
    await cli.print.result(found, [safeText(found.sentence), ...chain, `  ${proof}`], found.action.id);
  },
};

export const activityCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'What agents did, newest first',
    options: [
      ...filters,
      { flags: '--limit <count>', about: '50 when left out, at most 1000' },
      { flags: '--before <action>', about: 'only older ones' },
    ],
    run: async (cli, given) => {
      const more = definedOnly({ limit: readCount(given, 'limit'), before: given.text('before') as never });
      const { items } = await read(cli, listActions, { ...filterOf(given), ...more });
      await cli.print.list(items, actionShape(cli.io.now()), 'No agent has done anything yet.');
    },
  },
  {
    usage: 'show <action>',
    summary: 'One action',
    run: async (cli, { args }) => {
      const action = await read(cli, getAction, { action: (args[0] ?? '') as never });
      await cli.print.one(action, actionShape(cli.io.now()));
    },
  },
  {
    usage: 'payload <action>',
    summary: 'What came back from a system, where an obligation has it kept',
    run: async (cli, { args }) => {
      const kept = await read(cli, getPayload, { action: (args[0] ?? '') as never });
      await cli.print.result(kept, safeLines(kept.payload).split('\n'), kept.action);
    },
  },
  { usage: 'tail', summary: 'What agents do, as they do it, until Ctrl-C', options: filters, run: tail },
  { ...whyCommand, usage: 'why <action>' },
  { ...whoCommand, usage: 'who <action>' },
];

function filterOf(given: Given) {
  return definedOnly({
    agent: given.text('agent'),
    system: given.text('system'),
    state: readChoice(given, 'state', ActionState.options),
  });
}

/** New actions as lines, oldest first; one JSON object a line in every data format. */
async function tail(cli: Cli, given: Given): Promise<never> {
  const filter = filterOf(given);
  const { items: latest } = await read(cli, listActions, { ...filter, limit: 1 });
  let after = latest[0]?.id;
  const seen = new Map<string, Action['state']>();
  for (;;) {
    const { items } = await read(cli, listActions, { ...filter, limit: 1000, ...definedOnly({ after }) });
    for (const action of items.toReversed()) if (seen.get(action.id) !== action.state) sayAction(cli, action);
    for (const { id, state } of items) seen.set(id, state);
    // An action that still runs or waits is looked at again, until it has become something.
    const settled = items.toReversed().findIndex(({ state }) => state === 'running' || state === 'held');
    const passed = settled < 0 ? items[0]?.id : items.toReversed()[settled - 1]?.id;
    after = passed ?? after;
    await pause(500, cli.io.signal);
  }
}

function sayAction(cli: Cli, action: Action): void {
  if (!cli.print.forPeople) return void cli.io.stdout.write(`${safeJson(JSON.stringify(action))}\n`);
  const { style } = cli.print;
  const what = `${action.agentName}  ${action.system}.${action.operation}  ${action.summary}`;
  const took = action.milliseconds === null ? '' : `  ${tookText(action.milliseconds)}`;
  const because = action.state === 'allowed' ? '' : `\n          ${safeText(action.because)}`;
  const line = `${localTime(action.at, cli.io.now())}  ${style.mark(markOfAction(action.state), `${action.state}  ${safeText(what)}`)}${took}${because}`;
  cli.io.stdout.write(`${line}\n`);
}
