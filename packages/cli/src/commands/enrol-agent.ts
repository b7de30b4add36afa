import { hostname } from 'node:os';
import { openEnrolment } from '@surety/contract/registry-routes';
import { agentFile, readIdentity } from '@surety/sdk/local-identity';
import { change } from '../change.ts';
import { CliError, usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';

/** Where an enrolment code came from, and so where its key is enrolled. `gateway`: only when one was typed. */
type Opened = { readonly code: string; readonly url: string; readonly gateway: string | undefined };

export const enrolAgent: CommandSpec = {
  usage: 'enrol <agent>',
  summary: 'Make a key for an agent on this computer and enrol it; or, with --code-only, make a code for another one',
  changes: true,
  options: [
    { flags: '--code <code>', about: 'use a code that was made elsewhere; then --url is needed' },
    { flags: '--url <address>', about: 'address of the server, with --code' },
    { flags: '--gateway <address>', about: 'address of its gateway, when it is not the one that the server names' },
    { flags: '--code-only', about: 'print the single-use code and enrol nothing here' },
    { flags: '--label <text>', about: 'how people tell this key from the others of the agent' },
    { flags: '--replace', about: 'forget the key that is here' },
  ],
  run: async (cli, given) => {
    const [agent = ''] = given.args;
    if (given.flag('code-only')) return printCode(cli, agent);
    if (readIdentity(agentFile(cli.home, agent)) !== undefined && !given.flag('replace')) {
      throw new CliError('conflict', {
        code: 'local.enrolled',
        message: `The agent "${agent}" has a key on this computer already`,
        next: ['Add --replace to make a new one.'],
      });
    }
    const opened = given.text('code') === undefined ? await openHere(cli, given) : await openedElsewhere(cli, given);
    if (opened !== undefined) await enrolHere(cli, agent, { opened, label: given.text('label') });
  },
};

async function printCode(cli: Cli, agent: string): Promise<void> {
  const made = await change(cli, openEnrolment, { principal: agent });
  if (made === undefined) return;
  const { url } = await cli.session();
  await cli.print.result({ ...made, url }, [made.code, `  works once, until ${made.expiresAt}`], made.code);
}

async function openHere(cli: Cli, given: Given): Promise<Opened | undefined> {
  const gateway = await typedGateway(cli, given);
  const made = await change(cli, openEnrolment, { principal: given.args[0] ?? '' });
  const { url } = await cli.session();
  return made === undefined ? undefined : { code: made.code, url, gateway };
}

async function openedElsewhere(cli: Cli, given: Given): Promise<Opened> {
  const { readBaseUrl } = await import('@surety/sdk/secure-url');
  const [code, typed] = [given.text('code') ?? '', given.text('url')];
  if (typed === undefined) throw usage('It is not said at which server the code works.', 'Add --url.');
  return { code, url: readBaseUrl(typed, { plaintext: cli.plaintext }), gateway: await typedGateway(cli, given) };
}

async function typedGateway(cli: Cli, given: Given): Promise<string | undefined> {
  const { readBaseUrl } = await import('@surety/sdk/secure-url');
  const typed = given.text('gateway');
  return typed === undefined ? undefined : readBaseUrl(typed, { plaintext: cli.plaintext });
}

async function enrolHere(
  cli: Cli,
  agent: string,
  { opened, label }: { opened: Opened; label: string | undefined },
): Promise<void> {
  const { enrolInto } = await import('@surety/sdk/enrol-here');
  const named = label ?? (hostname().slice(0, 60) || undefined);
  const here = { ...opened, agent, label: named, plaintext: cli.plaintext, fetch: cli.io.fetch };
  const { identity, enrolled } = await enrolInto(cli.home, here);
  await cli.print.result(
    { ...identity, credential: enrolled.credential },
    [
      cli.print.style.mark('allowed', `${enrolled.name} has a key on this computer.`),
      `  ${identity.keyFile}, readable by you only`,
      `  Next: surety call <system>.<tool> --agent ${agent}`,
    ],
    enrolled.credential.id,
  );
}
