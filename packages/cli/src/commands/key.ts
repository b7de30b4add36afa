import { listSigningKeys, rotateSigningKey, type SigningKeyView } from '@surety/contract/oversight-routes';
import { change, read } from '../change.ts';
import type { CommandSpec } from '../command.ts';
import type { Shape } from '../output/print.ts';
import { localTime } from '../output/times.ts';

const shapeAt = (now: number): Shape<SigningKeyView> => ({
  name: ({ kid }) => kid,
  columns: [
    { title: 'KEY', value: ({ kid }) => kid },
    { title: 'SIGNS', value: ({ purpose }) => (purpose === 'token' ? 'tokens' : 'checkpoints of the log') },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'MADE', value: ({ madeAt }) => localTime(madeAt, now) },
    { title: 'VERIFIES UNTIL', value: ({ retireAt }) => (retireAt === null ? '' : localTime(retireAt, now)), wide: true },
  ],
});

export const keyCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'The keys that this house signs with',
    run: async (cli) => {
      const { items } = await read(cli, listSigningKeys, {});
      await cli.print.list(items, shapeAt(cli.io.now()));
    },
  },
  {
    usage: 'rotate',
    summary: 'Let the next key sign tokens from now on',
    changes: true,
    options: [{ flags: '--compromised', about: 'the key that signs now ends at once, with every token that it signed' }],
    run: async (cli, given) => {
      const done = await change(cli, rotateSigningKey, { compromised: given.flag('compromised') });
      if (done !== undefined) await cli.print.list(done.items, shapeAt(cli.io.now()));
    },
  },
];
