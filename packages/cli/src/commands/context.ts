import { usage } from '../cli-error.ts';
import type { CommandSpec } from '../command.ts';
import { contextNamed, readContexts, saveContexts } from '../local/contexts.ts';
import { signIn } from '../local/sign-in.ts';
import type { Shape } from '../output/print.ts';

type ContextRow = {
  readonly name: string;
  readonly current: boolean;
  readonly url: string;
  readonly gateway: string;
  readonly person: string;
  readonly principal: string;
  readonly keyFile: string;
};

const shape: Shape<ContextRow> = {
  name: ({ name }) => name,
  columns: [
    { title: 'CONTEXT', value: ({ name }) => name },
    { title: 'CURRENT', value: ({ current }) => (current ? 'yes' : '') },
    { title: 'SERVER', value: ({ url }) => url },
    { title: 'YOU ARE', value: ({ person }) => person },
    { title: 'GATEWAY', value: ({ gateway }) => gateway, wide: true },
    { title: 'KEY FILE', value: ({ keyFile }) => keyFile, wide: true },
  ],
};

export const contextCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Servers you have signed in to from here',
    run: async (cli) => {
      const { current, contexts } = await readContexts(cli.home);
      const rows = Object.entries(contexts).map(([name, context]) => ({ name, current: name === current, ...context }));
      await cli.print.list(rows, shape, 'There are none. Run "surety claim" or "surety context add".');
    },
  },
  {
    usage: 'use <name>',
    summary: 'Make a context the one that is meant when none is named',
    run: async (cli, { args }) => {
      const before = await readContexts(cli.home);
      const [name = ''] = args;
      const context = contextNamed(before, name);
      await saveContexts(cli.home, { ...before, current: name });
      await cli.print.one({ name, current: true, ...context }, shape);
    },
  },
  {
    usage: 'add <url>',
    summary: 'Sign in to a server with an enrolment code: makes your key here and enrols it',
    options: [
      { flags: '--name <context>', about: 'what to call this server here' },
      { flags: '--gateway <address>', about: 'address of its gateway, when it is not the one that the server names' },
      { flags: '--code <code>', about: 'the code that an administrator gave you; asked for when left out' },
    ],
    run: async (cli, given) => {
      if (given.text('code') === undefined && !cli.io.isTty.stdin) throw usage('An enrolment code is needed.', 'Add --code.');
      const code = given.text('code') ?? (await cli.io.ask.secret('Enrolment code:'));
      const { enrol } = await import('@surety/sdk/enrol');
      const { name, context } = await signIn(cli, {
        url: given.args[0] ?? '',
        gateway: given.text('gateway'),
        contextName: given.text('name'),
        enrol: async (url, key) => {
          const enrolled = await enrol({ url, code, key, label: 'command line', fetch: cli.io.fetch });
          return { principal: enrolled.principal, person: enrolled.name, gateway: enrolled.gateway };
        },
      });
      await cli.print.one({ name, current: true, ...context }, shape);
    },
  },
  {
    usage: 'rm <name>',
    summary: 'Forget a server, and delete your key for it from this computer',
    run: async (cli, { args }) => {
      const [name = ''] = args;
      const before = await readContexts(cli.home);
      const context = contextNamed(before, name);
      const { acceptRisk } = await import('../ask-first.ts');
      await acceptRisk(cli, 'lose-key', {
        what: `The key ${context.keyFile} is deleted; without another one you cannot sign in there.`,
        name,
      });
      const { [name]: _gone, ...contexts } = before.contexts;
      await saveContexts(cli.home, { current: before.current === name ? undefined : before.current, contexts });
      const { rm } = await import('node:fs/promises');
      await rm(context.keyFile, { force: true });
      await cli.print.one({ name, current: false, ...context }, shape);
    },
  },
];
