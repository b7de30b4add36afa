import { getStop, liftStop, orderStop } from '@surety/contract/oversight-routes';
import { getAgent, moveAgent } from '@surety/contract/registry-routes';
import type { Stop, StopReceipt } from '@surety/contract/stop';
import { SuretyError } from '@surety/sdk/surety-error';
import { change, read } from '../change.ts';
import { exitCodes, usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { safeText } from '../output/safe-text.ts';
import { tookText } from '../output/times.ts';
import { pause } from '../pause.ts';
import { peopleNames } from './names.ts';
import { readWait } from './read-given.ts';
import { agentShape } from './shapes.ts';

const reason = { flags: '--reason <text>', about: 'kept in the log' } as const;

export const stopCommand: CommandSpec = {
  usage: '[what] [agent]',
  summary: 'Stop an agent and everything below it, now. Waits for every enforcement point; exit 9 if one did not confirm',
  changes: true,
  options: [reason, { flags: '--wait <duration>', about: 'how long to wait for the confirmations; 10s when left out' }],
  run: async (cli, given) => {
    const agent = stoppedAgent(given);
    const stop = await change(cli, orderStop, { agent, reason: given.text('reason') ?? 'stopped from the command line' });
    if (stop === undefined) return exitCodes.done[0];
    if (cli.print.forPeople) sayReceipts(cli, stop, []);
    const last = await waitForReceipts(cli, stop, readWait(given, 'wait', 10_000) ?? 10_000);
    const confirmed = last.receipts.filter(({ state }) => state === 'confirmed').length;
    await cli.print.result(last, lastLines(cli, last, confirmed), last.id);
    return confirmed === last.receipts.length ? exitCodes.done[0] : exitCodes.partly[0];
  },
};

/** `surety stop refund-bot`, and `surety stop agent refund-bot` for those who say what it is. */
function stoppedAgent({ args }: Given): string {
  const [first, second] = args;
  if (first === 'agent' && second !== undefined) return second;
  if (first !== undefined && second === undefined) return first;
  throw usage(
    first === undefined ? 'It is not said what to stop.' : 'Only agents can be stopped.',
    'Write: surety stop <agent>.',
  );
}

async function waitForReceipts(cli: Cli, stop: Stop, waitMs: number): Promise<Stop> {
  let now = stop;
  const until = cli.io.now() + waitMs;
  while (now.receipts.some(({ state }) => state === 'waiting') && cli.io.now() < until) {
    await pause(150, cli.io.signal);
    const before = now;
    now = await read(cli, getStop, { stop: stop.id });
    if (cli.print.forPeople) sayReceipts(cli, now, before.receipts);
  }
  return now;
}

/** A line for each point that has said something new. */
function sayReceipts(cli: Cli, { receipts }: Stop, before: readonly StopReceipt[]): void {
  for (const receipt of receipts) {
    const earlier = before.find(({ point }) => point === receipt.point);
    if (receipt.state !== 'waiting' && earlier?.state !== receipt.state) cli.io.stdout.write(`  ${receiptLine(cli, receipt)}\n`);
  }
}

function receiptLine(cli: Cli, { name, state, milliseconds }: StopReceipt): string {
  const { style } = cli.print;
  if (state === 'confirmed') return style.mark('allowed', `${safeText(name)}  ${tookText(milliseconds ?? 0)}`);
  return style.mark(
    'waiting',
    state === 'closed'
      ? `${safeText(name)}  no answer, and its lease has run out: nothing passes there`
      : `${safeText(name)}  no answer yet`,
  );
}

function lastLines(cli: Cli, stop: Stop, confirmed: number): readonly string[] {
  const waiting = stop.receipts.filter(({ state }) => state === 'waiting').map((receipt) => `  ${receiptLine(cli, receipt)}`);
  const counts = `${stop.tasksEnded} tasks and ${stop.tokensEnded} tokens ended, ${stop.callsCut} calls cut`;
  const all = confirmed === stop.receipts.length;
  const head = `${all ? 'stopped' : 'stopping'} ${safeText(stop.agentName)}  ${confirmed} of ${stop.receipts.length} enforcement points`;
  return [...waiting, cli.print.style.mark('stopped', head), `  ${counts}    ${stop.id}`];
}

export const startCommand: CommandSpec = {
  usage: '<agent>',
  summary: 'Let a draft or a stopped agent start. Nothing a stopped one held before comes back',
  changes: true,
  options: [reason],
  run: async (cli, given) => {
    const [name = ''] = given.args;
    const why = given.text('reason') ?? 'started from the command line';
    const { agent } = await read(cli, getAgent, { agent: name });
    const lifted = agent.state === 'suspended' ? await liftIfStopped(cli, name, why) : undefined;
    if (cli.dryRun && agent.state === 'suspended') return;
    const moved =
      lifted === undefined
        ? await change(cli, moveAgent, { agent: name, to: 'active', reason: why })
        : (await read(cli, getAgent, { agent: name })).agent;
    if (moved !== undefined) await cli.print.one(moved, agentShape(await peopleNames(cli), cli.io.now()));
  },
};

/** A suspended agent that was never stopped has no stop to lift. */
async function liftIfStopped(cli: Cli, agent: string, why: string): Promise<Stop | undefined> {
  try {
    return await change(cli, liftStop, { agent, reason: why });
  } catch (thrown) {
    if (thrown instanceof SuretyError && thrown.code === 'stop.not_found') return undefined;
    throw thrown;
  }
}
