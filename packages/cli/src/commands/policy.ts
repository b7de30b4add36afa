import { checkPolicy, getPolicy } from '@surety/contract/authority-routes';
import { read } from '../change.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { isFolder } from '../local/policy-folder.ts';
import { safeText } from '../output/safe-text.ts';
import { localOffset, localTime } from '../output/times.ts';
import { checkFolder, labCommands } from './policy-lab.ts';
import { policySchemaCommand } from './policy-schema.ts';
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
    usage: 'check <folder|file>',
    summary: 'Look at policies and run the tests beside them, here, without a server',
    options: [{ flags: '--strict', about: 'fail for what should be looked at, too' }],
    run: checkPath,
  },
  policySchemaCommand,
  ...labCommands,
];

/** With the decision point installed here, nobody is asked. Without it, the server says whether a file can be read. */
async function checkPath(cli: Cli, given: Given): Promise<number | void> {
  const path = given.args[0] ?? '';
  if (cli.frontDoor.policyLab !== undefined || (await isFolder(path))) return checkFolder(cli, given);
  const checked = await read(cli, checkPolicy, { text: await readText(cli, path) });
  await cli.print.result(checked, [cli.print.style.mark('allowed', 'The policy can be read.')], 'ok');
}
