import type { CommandSpec } from '../command.ts';
import { openAgent } from '../session.ts';
import { agentNamed } from './agent-named.ts';
import { readCount } from './read-given.ts';

/** Where a bridge listens unless it is told otherwise; `surety connect` writes this. */
export const bridgePort = 7079;

export const bridgeCommand: CommandSpec = {
  usage: '<systems...>',
  summary:
    'A relay on this computer for clients that know no keys: adds token and proof. Prints the address of each system; ends with Ctrl-C',
  options: [
    { flags: '--agent <name>', about: 'whose identity is added; the only one with a key here, when left out' },
    { flags: '--port <port>', about: `where it listens on 127.0.0.1; ${bridgePort} when left out, 0 for any` },
  ],
  run: async (cli, given) => {
    const agent = await agentNamed(cli, given);
    const identity = await openAgent(cli, agent);
    const { openBridge } = await import('../bridge/open-bridge.ts');
    const systems = given.args;
    const bridge = await openBridge({
      port: readCount(given, 'port') ?? bridgePort,
      targets: new Map(systems.map((system) => [`/mcp/${system}`, identity.gateway(system)])),
      fetch: identity.fetch,
      note: cli.print.note,
    });
    const places = systems.map((system) => ({ system, url: `${bridge.url}/mcp/${system}` }));
    cli.print.note(`Everything that reaches this address acts as ${agent}. Ctrl-C ends it.`);
    await cli.print.list(places, {
      name: ({ url }) => url,
      columns: [
        { title: 'SYSTEM', value: ({ system }) => system },
        { title: 'ADDRESS', value: ({ url }) => url },
      ],
    });
    try {
      await new Promise<void>((resolve) => {
        if (cli.io.signal.aborted) resolve();
        cli.io.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      await bridge.close();
    }
  },
};
