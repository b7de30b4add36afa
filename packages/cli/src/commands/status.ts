import { getStatus } from '@surety/contract/oversight-routes';
import { whoAmI } from '@surety/contract/registry-routes';
import { read } from '../change.ts';
import { exitCodes } from '../cli-error.ts';
import type { CommandSpec } from '../command.ts';
import type { Mark } from '../output/style.ts';
import { safeText } from '../output/safe-text.ts';

const checkMarks: Readonly<Record<'ok' | 'warning' | 'problem', Mark>> = { ok: 'allowed', warning: 'warning', problem: 'denied' };

export const statusCommand: CommandSpec = {
  usage: '',
  summary: 'What runs, and whether it is well. Exit 1 with a problem, 9 with a warning',
  run: async (cli) => {
    const { label } = await cli.session();
    const status = await read(cli, getStatus, {});
    const { style } = cli.print;
    const checks = status.checks.flatMap(({ check, state, fact, next }) => [
      `  ${style.mark(checkMarks[state], `${safeText(check).padEnd(18)}${safeText(fact)}`)}`,
      ...(next === undefined ? [] : [`    ${safeText(next)}`]),
    ]);
    await cli.print.result(status, [
      `${label}`,
      `  version ${status.version}, gateway ${status.gateway}`,
      `  ${status.agents} agents, ${status.systems} systems, ${status.waiting} requests wait for a person`,
      `  log of ${status.log.size} entries, ${status.log.unsequenced} not in the tree yet`,
      ...status.points.map(
        ({ name, change, seenMsAgo }) =>
          `  ${safeText(name)}: enforcing, change ${change}, heard of ${Math.round(seenMsAgo)} ms ago`,
      ),
      ...checks,
    ]);
    if (status.checks.some(({ state }) => state === 'problem')) return exitCodes.failed[0];
    return status.checks.some(({ state }) => state === 'warning') ? exitCodes.partly[0] : exitCodes.done[0];
  },
};

export const whoamiCommand: CommandSpec = {
  usage: '',
  summary: 'Who you are at the server',
  run: async (cli) => {
    const [me, { label }] = [await read(cli, whoAmI, {}), await cli.session()];
    await cli.print.one(me, {
      name: ({ name }) => name,
      columns: [
        { title: 'NAME', value: ({ name }) => name },
        { title: 'CALLED', value: ({ displayName }) => displayName },
        { title: 'KIND', value: ({ kind }) => kind },
        { title: 'ID', value: ({ principal }) => principal },
        { title: 'KEY', value: ({ credential }) => credential },
        { title: 'CONTEXT', value: () => label },
      ],
    });
  },
};
