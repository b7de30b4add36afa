import { hostname } from 'node:os';
import { join } from 'node:path';
import { openEnrolment } from '@surety/contract/registry-routes';
import type { SigningKey } from '@surety/sdk/agent-key';
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
    const path = agentFile(cli.home, agent);
    if (readIdentity(path) !== undefined && !given.flag('replace')) {
      throw new CliError('conflict', {
        code: 'local.enrolled',
        message: `The agent "${agent}" has a key on this computer already`,
        next: ['Add --replace to make a new one.'],
      });
    }
    const opened = given.text('code') === undefined ? await openHere(cli, given) : await openedElsewhere(cli, given);
    if (opened !== undefined) await enrolHere(cli, { agent, path, opened, label: given.text('label') });
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

type EnrolHere = { readonly agent: string; readonly path: string; readonly opened: Opened; readonly label: string | undefined };

async function enrolHere(cli: Cli, { agent, path, opened, label }: EnrolHere): Promise<void> {
  const { createKey } = await import('@surety/sdk/key-file');
  const { writeWhole } = await import('@surety/sdk/write-whole');
  const keyFile = join(cli.home, 'keys', `agent-${agent}.${crypto.randomUUID().slice(0, 8)}.jwk`);
  const key = await createKey(keyFile);
  const { enrolled, gateway } = await enrolKey(cli, { opened, key, label }).catch(async (thrown: unknown) => {
    const { rm } = await import('node:fs/promises');
    await rm(keyFile, { force: true });
    throw thrown;
  });
  const identity = { name: agent, principal: enrolled.principal, url: opened.url, gateway, keyFile };
  await writeWhole(path, `${JSON.stringify(identity, undefined, 2)}\n`);
  await cli.print.result(
    { ...identity, credential: enrolled.credential },
    [
      cli.print.style.mark('allowed', `${enrolled.name} has a key on this computer.`),
      `  ${keyFile}, readable by you only`,
      `  Next: surety call <system>.<tool> --agent ${agent}`,
    ],
    enrolled.credential.id,
  );
}

/** Enrols the key. The gateway is the one that was typed, or the one that the server names. */
async function enrolKey(cli: Cli, { opened, key, label }: Pick<EnrolHere, 'opened' | 'label'> & { readonly key: SigningKey }) {
  const { enrol } = await import('@surety/sdk/enrol');
  const { readBaseUrl } = await import('@surety/sdk/secure-url');
  const { code, url } = opened;
  const enrolled = await enrol({ url, code, key, label: label ?? (hostname().slice(0, 60) || 'instance'), fetch: cli.io.fetch });
  return { enrolled, gateway: opened.gateway ?? readBaseUrl(enrolled.gateway, { plaintext: cli.plaintext }) };
}
