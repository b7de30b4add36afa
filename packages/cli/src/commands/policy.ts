import { checkPolicy, getPolicy, publishPolicy } from '@surety/contract/authority-routes';
import { askFirst } from '../ask-first.ts';
import { change, read } from '../change.ts';
import type { CommandSpec } from '../command.ts';
import { safeText } from '../output/safe-text.ts';
import { localOffset, localTime } from '../output/times.ts';
import { readText } from './read-given.ts';

export const policyCommands: readonly CommandSpec[] = [
  {
    usage: 'show',
    summary: "The organisation's policy, as Cedar text",
    run: async (cli) => {
      const policy = await read(cli, getPolicy, {});
      const now = cli.io.now();
      if (cli.print.forPeople)
        cli.print.note(`version ${policy.version}, since ${localTime(policy.publishedAt, now)} ${localOffset(now)}`);
      await cli.print.result(policy, policy.text.replace(/\n$/, '').split('\n').map(safeText), String(policy.version));
    },
  },
  {
    usage: 'check <file>',
    summary: 'Say whether a policy can be read. Changes nothing',
    run: async (cli, { args }) => {
      const checked = await read(cli, checkPolicy, { text: await readText(cli, args[0] ?? '') });
      await cli.print.result(checked, [cli.print.style.mark('allowed', 'The policy can be read.')], 'ok');
    },
  },
  {
    usage: 'deploy <file>',
    summary: "Publish the organisation's policy. It is in force at once, everywhere",
    changes: true,
    run: async (cli, { args }) => {
      const text = await readText(cli, args[0] ?? '');
      await askFirst(cli, 'Publish this policy? It is in force at once, for every agent.');
      const policy = await change(cli, publishPolicy, { text });
      if (policy !== undefined)
        await cli.print.result(
          policy,
          [cli.print.style.mark('allowed', `Version ${policy.version} is in force.`)],
          String(policy.version),
        );
    },
  },
];
