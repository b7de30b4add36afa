import { userInfo } from 'node:os';
import { openEnrolment } from '@surety/contract/registry-routes';
import { read } from '../change.ts';
import { usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { signIn } from '../local/sign-in.ts';

export const claimCommand: CommandSpec = {
  usage: '[code]',
  summary: 'Take ownership of a new server: makes your key here and enrols it. Without a code, on the computer of the server',
  options: [
    { flags: '--url <address>', about: 'address of the server; read from its data folder when left out' },
    { flags: '--gateway <address>', about: 'address of its gateway; the same host, one port further, when left out' },
    { flags: '--person <name>', about: 'your name there, short: maya' },
    { flags: '--called <name>', about: 'your name as people see it: "Maya Okafor"' },
    { flags: '--title <text>', about: 'what you do: "head of support"' },
    { flags: '--name <context>', about: 'what to call this server here' },
    { flags: '--data <folder>', about: 'data folder of the server' },
  ],
  run: async (cli, given) => {
    const { code, url, gateway } = await findCode(cli, given);
    const person =
      given.text('person') ?? (await askFor(cli, 'person', 'Your name, short (letters, digits, hyphens):', loginName()));
    const displayName = given.text('called') ?? (await askFor(cli, 'called', 'Your name as people should see it:', undefined));
    const { claim } = await import('@surety/sdk/enrol');
    const { name, context } = await signIn(cli, {
      url,
      gateway,
      contextName: given.text('name'),
      enrol: async (base, key) => {
        const claimed = await claim({
          url: base,
          code,
          key,
          name: person,
          displayName,
          title: given.text('title'),
          fetch: cli.io.fetch,
        });
        return { principal: claimed.human.id, person: claimed.human.name };
      },
    });
    const link = await passkeyLink(cli, context);
    await cli.print.result(
      { context: name, ...context, ...(link === undefined ? {} : { passkeyLink: link }) },
      [
        cli.print.style.mark('allowed', `You own ${context.url}, as ${displayName}.`),
        `  Your key is ${context.keyFile}, readable by you only. Context: ${name}`,
        ...(link === undefined ? [] : [`  In a browser:  ${link}      makes your passkey; works once`]),
        '  Next: surety person add      a second person, so that one can be away',
      ],
      name,
    );
  },
};

/**
 * A page on which the person who has just claimed makes a passkey, with a code of its own; behind the #, so that no log
 * holds it.
 */
async function passkeyLink(
  cli: Cli,
  { url, principal }: { readonly url: string; readonly principal: string },
): Promise<string | undefined> {
  const made = await read(cli, openEnrolment, { principal }).catch(() => undefined);
  return made && `${url}/enrol#code=${made.code}`;
}

async function findCode(cli: Cli, given: Given): Promise<{ code: string; url: string; gateway: string | undefined }> {
  const [code] = given.args;
  const url = given.text('url');
  if (code !== undefined && url !== undefined) return { code, url, gateway: given.text('gateway') };
  const found = await cli.frontDoor.readClaim?.(cli, given.text('data'));
  if (found === undefined) {
    throw usage(
      'There is no unclaimed server here.',
      'Give the code and --url, or run this on the computer where the server runs.',
    );
  }
  return { code: code ?? found.code, url: url ?? found.url, gateway: given.text('gateway') ?? found.gateway };
}

async function askFor(cli: Cli, option: string, question: string, otherwise: string | undefined): Promise<string> {
  const answer = cli.io.isTty.stdin
    ? await cli.io.ask.text(otherwise === undefined ? question : `${question} [${otherwise}]`)
    : '';
  const value = answer.trim() === '' ? otherwise : answer.trim();
  if (value === undefined || (!cli.io.isTty.stdin && otherwise === undefined))
    throw usage(`It is not said who you are.`, `Add --${option}.`);
  return value;
}

/** The name on this computer, when it can be one there. */
function loginName(): string | undefined {
  try {
    const name = userInfo().username.toLowerCase();
    return /^[a-z0-9][a-z0-9-]{0,62}$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
