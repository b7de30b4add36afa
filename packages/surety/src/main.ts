import { processIo } from '@surety/cli/process-io';
import { runCli } from '@surety/cli/run-cli';
import type { CommandSpec, FrontDoor } from '@surety/cli/command';
import { version } from './version.ts';

/** The `surety` command: everything of the CLI, and what only the computer of the server can do. Resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  return runCli(argv, processIo(), frontDoor);
}

/** A command whose program is read only when it runs, so that help, errors and what it says first come at once. */
function lazily(
  spec: Omit<CommandSpec, 'run'>,
  load: () => Promise<CommandSpec>,
  sayFirst: CommandSpec['run'] = async () => undefined,
): CommandSpec {
  return {
    ...spec,
    run: async (cli, given) => {
      await sayFirst(cli, given);
      return (await load()).run(cli, given);
    },
  };
}

/** Commands that only the computer of the server can do. */
export const frontDoor: FrontDoor = {
  version,
  commands: {
    demo: lazily(
      {
        usage: '',
        summary: 'a sample company in a throw-away folder',
        options: [
          { flags: '--story', about: 'play the story once and end; exit 0 only if every step ended as told' },
          { flags: '--port <number>', about: 'port of the API, and one further for the gateway' },
        ],
      },
      async () => (await import('./commands/demo.ts')).demoCommand,
      async (cli, given) => {
        const ending = given.flag('story') ? '' : ', and ends with Ctrl-C';
        cli.io.stdout.write(`surety ${version} demo: all of it is in a throw-away folder${ending}\n\n`);
      },
    ),
    up: lazily(
      {
        usage: '',
        summary: 'run the platform on this computer',
        options: [
          {
            flags: '--db <url>',
            about: 'your own PostgreSQL, 15 or newer; a private one runs here when left out. Also SURETY_DATABASE_URL',
          },
          { flags: '--data <folder>', about: 'folder of everything kept; surety-data when left out. Also SURETY_DATA_DIR' },
          {
            flags: '--port <number>',
            about: 'port of the API, and one further for the gateway; 7070 when left out. Also SURETY_PORT',
          },
        ],
      },
      async () => (await import('./commands/up.ts')).upCommand,
    ),
    doctor: lazily(
      { usage: '', summary: 'check this computer and the server, and say what to do' },
      async () => (await import('./commands/doctor.ts')).doctorCommand,
    ),
  },
  policyLab: async () => (await import('@surety/server/lab/check-offline')).checkOffline,
  readClaim: async (cli, dataFolder) => {
    const { findClaim } = await import('./claim-file.ts');
    return findClaim(dataFolder ?? cli.io.env['SURETY_DATA_DIR'] ?? 'surety-data');
  },
};
