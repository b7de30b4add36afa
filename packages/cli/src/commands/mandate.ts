import { endMandate, getMandate, giveMandate, listMandates, readMandate } from '@surety/contract/authority-routes';
import { readEffect } from '@surety/contract/lab-routes';
import type { Mandate } from '@surety/contract/mandate';
import { getMandateUse } from '@surety/contract/metering-routes';
import { getAgent } from '@surety/contract/registry-routes';
import { askFirst } from '../ask-first.ts';
import { change, read } from '../change.ts';
import { CliError, usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { safeText } from '../output/safe-text.ts';
import { agentNames, peopleNames } from './names.ts';
import { definedOnly, readText } from './read-given.ts';
import { mandateShape } from './shapes.ts';

/** Stands below the help: the whole form of a mandate, to begin with. */
const example = [
  'A file to begin with:',
  '',
  '  agent: refund-bot',
  '  purpose: Refund orders that were lost on the way',
  '  autonomy: act_within_limits      # observe, propose, act_within_limits, act',
  '  expiresAt: 2027-01-01T00:00:00Z',
  '  permissions:',
  '    - system: shop',
  '      actions: [read_order]        # * stands for any characters',
  '    - system: payments',
  '      actions: [refund]',
  '      where:                       # each argument, by its place (RFC 6901)',
  '        /amount: { over: 0, max: 1000 }',
  '      hold:                        # a person is asked first',
  '        - when: { /amount: { over: 250 } }',
  '          because: over its limit of 250',
  '  limits:                          # what it may do in all, with what is done for it',
  '    - of: [{ system: payments, actions: [refund] }]',
  '      measure: { sum: /amount, unit: { is: EUR, at: /currency } }',
  '      max: 2500',
  '      per: agent                   # task, agent, owner, organisation',
  '      within: P30D                 # the last 30 days; a task: all of it',
  '      exceed: hold                 # or deny',
  '',
].join('\n');

export const mandateCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Mandates, newest first',
    options: [
      { flags: '--agent <agent>', about: 'of one agent' },
      { flags: '--all', about: 'also those that were replaced or ended' },
    ],
    run: async (cli, given) => {
      const wanted = definedOnly({ agent: given.text('agent'), all: given.flag('all') ? 'true' : undefined });
      const [{ items }, shape] = await Promise.all([read(cli, listMandates, wanted), shapeOf(cli)]);
      await cli.print.list(items, shape, 'There are no mandates. Give one with "surety mandate new <file>".');
    },
  },
  {
    usage: 'show <mandate|agent>',
    summary: 'What an agent may do, in words',
    run: async (cli, { args }) => {
      const mandate = await findMandate(cli, args[0] ?? '');
      await printMandate(cli, mandate, await useLines(cli, mandate));
    },
  },
  {
    usage: 'new <file>',
    summary: 'Give an agent a mandate from a YAML file: shows what it means, and signs it with your key',
    changes: true,
    options: [{ flags: '--agent <agent>', about: 'the agent, when the file names none' }],
    example,
    run: giveFromFile,
  },
  {
    usage: 'effect <file>',
    summary:
      'What a mandate would do: what the agent gains and loses, which recorded calls would fall otherwise. Changes nothing',
    options: [{ flags: '--agent <agent>', about: 'the agent, when the file names none' }],
    run: showEffect,
  },
  {
    usage: 'end <mandate>',
    summary: 'End a mandate now',
    changes: true,
    run: async (cli, { args }) => {
      const mandate = await findMandate(cli, args[0] ?? '');
      await askFirst(cli, `End the mandate ${mandate.id} (${mandate.document.purpose})?`);
      const ended = await change(cli, endMandate, { mandate: mandate.id });
      if (ended !== undefined) await printMandate(cli, ended);
    },
  },
];

/** By its id, or the one in force of an agent. */
async function findMandate(cli: Cli, name: string): Promise<Mandate> {
  if (name.startsWith('man_')) return read(cli, getMandate, { mandate: name as never });
  const { items } = await read(cli, listMandates, { agent: name });
  const active = items.find(({ state }) => state === 'active');
  if (active !== undefined) return read(cli, getMandate, { mandate: active.id });
  throw new CliError('notFound', {
    code: 'mandate.not_found',
    message: `The agent "${name}" has no mandate in force`,
    next: ['surety mandate new <file>'],
  });
}

async function showEffect(cli: Cli, given: Given): Promise<number> {
  const { document } = await readMandateFile(cli, given);
  const { printEffect } = await import('./policy-lab.ts');
  return printEffect(cli, await read(cli, readEffect, { change: { mandate: document } }), undefined);
}

/** The document in the file, with the id of its agent. */
async function readMandateFile(cli: Cli, given: Given) {
  const { parseMandate, readMandateDocument } = await import('../local/mandate-file.ts');
  const written = parseMandate(await readText(cli, given.args[0] ?? ''));
  const named = given.text('agent') ?? written['agent'];
  if (typeof named !== 'string') throw usage('The mandate names no agent.', 'Write "agent: <name>" in the file, or add --agent.');
  const { agent, owner } = await read(cli, getAgent, { agent: named });
  return { agent, owner, document: readMandateDocument({ ...written, agent: agent.id }) };
}

/**
 * Reads the file, has the server say what it means, and signs. The digest is computed here over the very document that
 * was shown; a server that names another is not believed.
 */
async function giveFromFile(cli: Cli, given: Given): Promise<void> {
  const { digestMandate } = await import('../local/mandate-file.ts');
  const { agent, owner, document } = await readMandateFile(cli, given);
  const digest = digestMandate(document);
  const meaning = await read(cli, readMandate, { document });
  if (meaning.digest !== digest) {
    throw new CliError('proof', {
      code: 'local.digest_differs',
      message: 'The server names another digest than this document has',
      next: ['Nothing was signed. Check that server and command line are of one version.'],
    });
  }
  cli.print.note(`${agent.name} may, if you sign (${owner.displayName} answers for it):`);
  for (const sentence of meaning.sentences) cli.print.note(`  ${safeText(sentence)}`);
  for (const line of changeLines(meaning.changes)) cli.print.note(line);
  await askFirst(cli, `Sign this mandate for ${agent.name}?`);
  const { key } = await cli.session();
  const { signMandate } = await import('@surety/sdk/sign');
  const signature = cli.dryRun ? 'not-signed' : await signMandate(await key(), { digest, agent: agent.id }, cli.io.now());
  const mandate = await change(cli, giveMandate, { document, signature });
  if (mandate !== undefined) await printMandate(cli, mandate);
}

async function printMandate(cli: Cli, mandate: Mandate, more: readonly string[] = []): Promise<void> {
  const lines = mandate.sentences.map((sentence) => `  ${safeText(sentence)}`);
  await cli.print.one(mandate, await shapeOf(cli), ['', ...lines, ...changeLines(mandate.changes), ...more]);
}

/** What it changes, below a line of its own. Nothing for the first mandate of an agent. */
function changeLines(changes: readonly string[] | undefined): readonly string[] {
  if (changes === undefined) return [];
  if (changes.length === 0) return ['', 'Against the version before: nothing changes.'];
  return ['', 'Against the version before:', ...changes.map((sentence) => `  ${safeText(sentence)}`)];
}

/** What of each limit is used now. Nothing for a mandate that has none, or is not in force. */
async function useLines(cli: Cli, { id, state, document: { limits = [] } }: Mandate): Promise<readonly string[]> {
  if (limits.length === 0 || state !== 'active') return [];
  const { items } = await read(cli, getMandateUse, { mandate: id });
  const lines = limits.map((limit, at) => {
    const uses = items.filter((one) => one.limit === at + 1);
    if (uses.length === 0) return `  limit ${at + 1}: nothing used`;
    return uses.map(({ of, used, max, left }) => {
      const where = limit.per === 'task' ? ` in ${safeText(of)}` : '';
      return `  limit ${at + 1}: ${safeText(used)} of ${safeText(max)} used${where}, ${safeText(left)} left`;
    });
  });
  return ['', 'Used now:', ...lines.flat()];
}

async function shapeOf(cli: Cli) {
  const [agents, people] = await Promise.all([agentNames(cli), peopleNames(cli)]);
  return mandateShape(agents, people, cli.io.now());
}
