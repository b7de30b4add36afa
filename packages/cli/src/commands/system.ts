import {
  addSystem,
  classifyOperation,
  getSystem,
  listSystems,
  refreshSystem,
  removeSystem,
} from '@surety/contract/authority-routes';
import { setSignInDemand } from '@surety/contract/signin-routes';
import { Effect, type System } from '@surety/contract/system';
import { askFirst } from '../ask-first.ts';
import { change, read } from '../change.ts';
import { usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { readStdin } from '../io.ts';
import { suggest } from '../suggest.ts';
import { peopleNames } from './names.ts';
import { definedOnly, readCount, readText } from './read-given.ts';
import { operationShape, systemShape } from './shapes.ts';
import { systemLabelCommand } from './system-label.ts';

export const systemCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Protected systems',
    run: async (cli) => {
      const [{ items }, names] = await Promise.all([read(cli, listSystems, {}), peopleNames(cli)]);
      await cli.print.list(items, systemShape(names), 'Nothing is protected yet. Add an MCP server with "surety system add".');
    },
  },
  {
    usage: 'show <system>',
    summary: 'One system, with its tools',
    run: async (cli, { args }) => {
      const system = await read(cli, getSystem, { system: args[0] ?? '' });
      await printSystem(cli, system);
      if (cli.print.forPeople) await cli.print.list(system.operations, operationShape, 'It has no tools.');
    },
  },
  {
    usage: 'add <name>',
    summary: 'Protect an MCP server: by address, or by the command behind --',
    changes: true,
    takesTail: true,
    options: [
      { flags: '--url <address>', about: 'its address' },
      { flags: '--cwd <folder>', about: 'where its command runs' },
      {
        flags: '--inside',
        about: 'it stands inside the organisation: a read there that a person classified may go out beside its record',
      },
      { flags: '--called <name>', about: 'the name that people see' },
      { flags: '--owner <person>', about: 'who is responsible for the system' },
      { flags: '--credential-header <name>', about: 'its own credential goes into this HTTP header' },
      { flags: '--credential-env <name>', about: 'its own credential goes into this environment variable of the command' },
      { flags: '--credential-file <path>', about: 'where the credential is read from; standard input when left out' },
    ],
    run: add,
  },
  {
    usage: 'sign-in <system>',
    summary: 'Say how freshly a person must have signed in for calls that are made for them there. Left out: it does not matter',
    changes: true,
    options: [{ flags: '--within <seconds>', about: 'a call later than that after they signed in asks them to sign in again' }],
    run: async (cli, given) => {
      const [system = ''] = given.args;
      const set = await change(cli, setSignInDemand, { system, withinSeconds: readCount(given, 'within') ?? null });
      if (set === undefined) return;
      const said = set.withinSeconds === null ? 'it does not matter when people signed in' : `within ${set.withinSeconds} s`;
      await cli.print.result(set, [said], set.system);
    },
  },
  {
    usage: 'tools <system>',
    summary: 'The tools of a system, and what they do to the world',
    run: async (cli, { args }) => {
      const { operations } = await read(cli, getSystem, { system: args[0] ?? '' });
      await cli.print.list(operations, operationShape, 'It has no tools.');
    },
  },
  {
    usage: 'classify <system> <tool> <effect>',
    summary: `Say what a tool does to the world: ${Effect.options.join(', ')}`,
    changes: true,
    run: async (cli, { args }) => {
      const [system = '', operation = '', typed = ''] = args;
      const effect = Effect.options.find((one) => one === typed);
      if (effect === undefined)
        throw usage(
          `There is no effect "${typed}".`,
          `Did you mean "${suggest(typed, Effect.options) ?? Effect.options.join('", "')}"?`,
        );
      const changed = await change(cli, classifyOperation, { system, operation, effect });
      if (changed === undefined) return;
      const [one] = changed.operations.filter(({ name }) => name === operation);
      if (one === undefined || !cli.print.forPeople) await printSystem(cli, changed);
      else await cli.print.one(one, operationShape);
    },
  },
  systemLabelCommand,
  {
    usage: 'refresh <system>',
    summary: 'Read the tools of a system again',
    changes: true,
    run: async (cli, { args }) => {
      const system = await change(cli, refreshSystem, { system: args[0] ?? '' });
      if (system !== undefined) await printSystem(cli, system);
    },
  },
  {
    usage: 'rm <system>',
    summary: 'Stop protecting a system: nothing passes to it any more',
    changes: true,
    run: async (cli, { args }) => {
      const [name = ''] = args;
      await askFirst(cli, `Remove ${name}? No agent reaches it any more.`);
      const system = await change(cli, removeSystem, { system: name });
      if (system !== undefined) await printSystem(cli, system);
    },
  },
];

async function add(cli: Cli, given: Given): Promise<void> {
  const [name = ''] = given.args;
  const upstream = upstreamOf(given);
  const place = credentialPlace(given);
  const credential = place === undefined || cli.dryRun ? undefined : { place, value: await readCredential(cli, given) };
  const described = definedOnly({ displayName: given.text('called'), systemOwner: given.text('owner'), credential });
  const system = await change(cli, addSystem, { name, upstream, ...described });
  if (system === undefined) return;
  await printSystem(cli, system, [`Next: surety system tools ${name}      look at what each tool does`]);
}

function upstreamOf({ text, flag, tail }: Given) {
  const [url, cwd] = [text('url'), text('cwd')];
  const where = flag('inside') ? { inside: true } : {};
  const [command, ...args] = tail;
  if (url !== undefined && command === undefined) return { kind: 'mcp-http' as const, url, ...where };
  if (url === undefined && command !== undefined)
    return { kind: 'mcp-stdio' as const, command, args, ...definedOnly({ cwd }), ...where };
  throw usage('A system has an address or a command, one of the two.', 'Write --url https://…, or -- npx -y some-mcp-server.');
}

function credentialPlace({ text }: Given) {
  const [header, variable] = [text('credential-header'), text('credential-env')];
  if (header !== undefined && variable !== undefined)
    throw usage('A credential goes into a header or a variable, one of the two.', 'Leave one out.');
  if (header !== undefined) return { kind: 'header' as const, name: header };
  if (variable !== undefined) return { kind: 'environment' as const, name: variable };
  if (text('credential-file') !== undefined)
    throw usage('It is not said where the credential goes.', 'Add --credential-header or --credential-env.');
  return undefined;
}

/** From a file, a pipe, or typed unseen. Never from the command line, where every process can read it. */
async function readCredential(cli: Cli, { text }: Given): Promise<string> {
  const file = text('credential-file');
  const typed = async (): Promise<string> =>
    cli.io.isTty.stdin ? cli.io.ask.secret('The credential of the system:') : readStdin(cli.io);
  const value = (file === undefined ? await typed() : await readText(cli, file)).replace(/\r?\n$/, '');
  if (value === '') throw usage('The credential is empty.', 'Give it on standard input, or with --credential-file.');
  return value;
}

async function printSystem(cli: Cli, system: System, after: readonly string[] = []): Promise<void> {
  await cli.print.one(system, systemShape(await peopleNames(cli)), after);
}
