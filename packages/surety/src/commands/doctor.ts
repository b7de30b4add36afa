import { getStatus, type Check } from '@surety/contract/oversight-routes';
import type { Cli, CommandSpec } from '@surety/cli/command';
import { exitCodes, reportOf } from '@surety/cli/cli-error';
import type * as z from 'zod';
import { findClaim } from '../claim-file.ts';
import { version } from '../version.ts';

type Finding = z.output<typeof Check>;

const marks = { ok: '✓', warning: '!', problem: '✗' } as const;

export const doctorCommand: CommandSpec = {
  usage: '',
  summary: 'Check this computer and the server, and say what to do',
  run: async (cli) => {
    const findings = [...checkComputer(), ...(await checkServer(cli))];
    const problems = findings.filter(({ state }) => state === 'problem').length;
    const warnings = findings.filter(({ state }) => state === 'warning').length;
    await cli.print.result(
      { checks: findings, problems, warnings },
      [...linesOf(findings), '', summary(problems, warnings)],
      String(problems),
    );
    if (problems > 0) return exitCodes.failed[0];
    return warnings > 0 ? exitCodes.partly[0] : exitCodes.done[0];
  },
};

function linesOf(findings: readonly Finding[]): string[] {
  const groups = Map.groupBy(findings, ({ group }) => group);
  return [...groups].flatMap(([group, checks]) => [
    group,
    ...checks.flatMap(({ state, check, fact, next }) => [
      `  ${marks[state]} ${check.padEnd(18)}  ${fact}`,
      ...(next === undefined ? [] : [`${' '.repeat(24)}${next}`]),
    ]),
  ]);
}

function summary(problems: number, warnings: number): string {
  return `${problems} problem${problems === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`;
}

function checkComputer(): Finding[] {
  const group = 'this computer';
  const platform = `${process.platform}-${process.arch}`;
  const embedded = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'].includes(platform);
  return [
    { group, check: 'version', state: 'ok', fact: `${version}, Node ${process.versions.node}, ${platform}` },
    embedded
      ? { group, check: 'private database', state: 'ok', fact: 'PostgreSQL for this platform is part of the installation' }
      : {
          group,
          check: 'private database',
          state: 'warning',
          fact: 'there is no PostgreSQL for this platform',
          next: 'surety up --db postgres://…',
        },
  ];
}

/** What the server says of itself, or why it could not be asked. */
async function checkServer(cli: Cli): Promise<Finding[]> {
  const group = 'server';
  try {
    const { client, url } = await cli.session();
    const from = performance.now();
    const status = await client.call(getStatus, {});
    const fact = `${url}, version ${status.version}, ${Math.round(performance.now() - from)} ms`;
    return [{ group, check: 'reachable', state: 'ok', fact }, ...status.checks];
  } catch (thrown) {
    const claim = await findClaim(cli.io.env['SURETY_DATA_DIR'] ?? 'surety-data');
    if (claim !== undefined)
      return [{ group, check: 'claimed', state: 'warning', fact: `nobody has claimed ${claim.url} yet`, next: 'surety claim' }];
    const { message, next } = reportOf(thrown).report;
    return [{ group, check: 'reachable', state: 'problem', fact: message, ...(next[0] === undefined ? {} : { next: next[0] }) }];
  }
}
