import { usage } from '../cli-error.ts';
import type { CommandSpec } from '../command.ts';
import { suggest } from '../suggest.ts';
import { agentNamed } from './agent-named.ts';
import { bridgePort } from './bridge.ts';
import { readCount } from './read-given.ts';

/** What a client is told: where its configuration is, and what stands there. */
type ClientSpec = { readonly file: string; readonly text: (system: string, url: string) => string };

const asJson = (value: object): string => JSON.stringify(value, undefined, 2);

/** Clients, and the member each looks for. A wrong one fails silently there, so they are written out. */
const clients: Readonly<Record<string, ClientSpec>> = {
  'claude-desktop': {
    file: 'claude_desktop_config.json (Settings, Developer, Edit Config)',
    text: (system, url) => asJson({ mcpServers: { [system]: { command: 'npx', args: ['-y', 'mcp-remote', url] } } }),
  },
  'claude-code': { file: 'your shell', text: (system, url) => `claude mcp add --transport http ${system} ${url}` },
  vscode: { file: '.vscode/mcp.json', text: (system, url) => asJson({ servers: { [system]: { type: 'http', url } } }) },
  cursor: { file: '~/.cursor/mcp.json', text: (system, url) => asJson({ mcpServers: { [system]: { url } } }) },
  codex: { file: 'your shell', text: (system, url) => `codex mcp add ${system} --url ${url}` },
  inspector: {
    file: 'your shell',
    text: (_system, url) => `npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list --format json`,
  },
};

export const connectCommand: CommandSpec = {
  usage: '<client> [system]',
  summary: `What to put into the configuration of a client: ${Object.keys(clients).join(', ')}`,
  options: [
    { flags: '--print', about: 'print it, and change no file: the only way there is' },
    { flags: '--port <port>', about: `where the bridge listens; ${bridgePort} when left out` },
    { flags: '--agent <name>', about: 'whose identity the bridge adds' },
  ],
  run: async (cli, given) => {
    const [name = '', system] = given.args;
    const client = Object.hasOwn(clients, name) ? clients[name] : undefined;
    if (client === undefined)
      throw usage(
        `There is no client "${name}".`,
        `Did you mean "${suggest(name, Object.keys(clients)) ?? Object.keys(clients).join('", "')}"?`,
      );
    if (system === undefined || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(system))
      throw usage('It is not said which system the client should reach.', `Write: surety connect ${name} <system>.`);
    const url = `http://127.0.0.1:${readCount(given, 'port') ?? bridgePort}/mcp/${system}`;
    const text = client.text(system, url);
    const agent = await agentNamed(cli, given).catch(() => '<agent>');
    const port = given.text('port') === undefined ? '' : ` --port ${given.text('port')}`;
    cli.print.note(`For ${client.file}. While it is used, this must run:\n  surety bridge ${system} --agent ${agent}${port}`);
    await cli.print.result({ client: name, system, url, file: client.file, text }, text.split('\n'), url);
  },
};
