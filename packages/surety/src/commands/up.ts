import { CliError, usage } from '@surety/cli/cli-error';
import type { Cli, CommandSpec } from '@surety/cli/command';
import type { Config } from '@surety/server/config/config';
import { dropClaim, leaveClaim } from '../claim-file.ts';
import type { Running } from '../run-surety.ts';
import { untilAborted } from '../until-aborted.ts';

export const upCommand: CommandSpec = {
  usage: '',
  summary: 'Run the platform here',
  run: async (cli, given) => {
    const { portSettings, readSettings } = await import('../settings.ts');
    const { openLog } = await import('@surety/server/kernel/log');
    const config = readSettings({
      ...cli.io.env,
      ...named('SURETY_DATABASE_URL', given.text('db')),
      ...named('SURETY_DATA_DIR', given.text('data')),
      ...portSettings(given.text('port'), cli.io.env),
    });
    refusePlaintext(cli, config);
    cli.print.note('starting …');
    const { runSurety } = await import('../run-surety.ts');
    const running = await runSurety(config, openLog(config.SURETY_LOG_LEVEL)).catch(explained);
    cli.io.stdout.write(`Surety is up.\n${placeLines(running, config).join('')}`);
    if (!(await running.house.isClaimed())) cli.io.stdout.write(await inviteOwner(running, config, cli.io.now()));
    await untilAborted(cli.io.signal);
    cli.print.note('ending …');
    await running.close();
    await dropClaim(config.SURETY_DATA_DIR);
    return 0;
  },
};

/** What the store says of a database that cannot be opened says what to do as well; it is no bug to report. */
function explained(thrown: unknown): never {
  if (!(thrown instanceof Error) || thrown.name !== 'StoreError') throw thrown;
  throw new CliError('failed', { code: 'store.not_opened', message: thrown.message });
}

function placeLines({ issuer, gateway, house: { store } }: Running, config: Config): readonly string[] {
  const kept = store.embedded
    ? `private PostgreSQL ${store.serverVersion} in ${config.SURETY_DATA_DIR}`
    : `PostgreSQL ${store.serverVersion}`;
  return [`  API and tokens  ${issuer}\n`, `  MCP gateway     ${gateway.url}/mcp/<system>\n`, `  kept in         ${kept}\n`];
}

/** Leaves a claim code where only this computer finds it, and says what to type. */
async function inviteOwner({ house, issuer, gateway }: Running, config: Config, nowMs: number): Promise<string> {
  const claim = await house.openClaim();
  await leaveClaim(config.SURETY_DATA_DIR, { url: issuer, gateway: gateway.url, ...claim });
  const minutes = Math.round((Date.parse(claim.expiresAt) - nowMs) / 60_000);
  const folder = config.SURETY_DATA_DIR === 'surety-data' ? '' : ` --data ${config.SURETY_DATA_DIR}`;
  return [
    '\nNobody owns this server yet. In another terminal on this computer, in this folder,',
    `within ${minutes} minutes (start again for a new code):`,
    `  surety claim${folder}`,
    '',
  ].join('\n');
}

function named(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

/** An address that others can reach, without TLS in front of it, is a risk that has to be named. */
function refusePlaintext(cli: Cli, config: { SURETY_HOST: string; SURETY_ISSUER?: string | undefined }): void {
  const isLocal = ['127.0.0.1', '::1', 'localhost'].includes(config.SURETY_HOST);
  if (isLocal || config.SURETY_ISSUER?.startsWith('https://') === true || cli.acceptedRisks.includes('plaintext')) return;
  throw usage(
    'An address beyond this computer needs TLS in front of it',
    'Set SURETY_ISSUER to its https address, or add --accept-risk=plaintext.',
  );
}
