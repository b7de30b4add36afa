import { type Application, ApplicationDocument } from '@surety/contract/authzen';
import { getApplication, listApplications, publishApplication, removeApplication } from '@surety/contract/authzen-routes';
import { askFirst } from '../ask-first.ts';
import { change, read } from '../change.ts';
import { usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import type { Shape } from '../output/print.ts';
import { safeText } from '../output/safe-text.ts';
import { readNames, readText } from './read-given.ts';

const shape: Shape<Application> = {
  name: ({ name }) => name,
  columns: [
    { title: 'APPLICATION', value: ({ name }) => name },
    { title: 'VERSION', value: ({ version }) => String(version) },
    { title: 'ASKED BY', value: ({ document }) => document.peps.join(' ') },
    { title: 'SYSTEMS', value: ({ document }) => document.systems.join(' ') || 'none' },
    { title: 'TYPES', value: ({ document }) => Object.keys(document.types).join(' ') || 'none', wide: true },
    { title: 'ID', value: ({ id }) => id, wide: true },
  ],
};

export const applicationCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Applications that ask for decisions (AuthZEN)',
    run: async (cli) => {
      const { items } = await read(cli, listApplications, {});
      await cli.print.list(items, shape, 'No application asks for decisions. Publish one with "surety application publish".');
    },
  },
  {
    usage: 'show <application>',
    summary: 'One application, with its policies',
    run: async (cli, { args }) => {
      const application = await read(cli, getApplication, { application: args[0] ?? '' });
      const { policies, entities } = application.document;
      const text = policies.trim() === '' ? ['No policies of its own.'] : policies.trim().split('\n').map(safeText);
      await cli.print.one(application, shape, ['', ...text, '', `${entities.length} entities; all of them with --json`]);
    },
  },
  {
    usage: 'publish <application> <file>',
    summary: 'Say who may ask, about what, and by which policies, in a JSON document. In force at once',
    changes: true,
    options: [
      { flags: '--policies <file>', about: 'the policies, in Cedar, when they are not in the document' },
      { flags: '--pep <workload>', about: 'who may ask, when it is not in the document', repeat: true },
    ],
    run: publish,
  },
  {
    usage: 'remove <application>',
    summary: 'Answer it no more',
    changes: true,
    run: async (cli, { args }) => {
      const [application = ''] = args;
      await askFirst(cli, `Answer ${application} no more? Whatever asks for it is turned away.`);
      const removed = await change(cli, removeApplication, { application });
      if (removed !== undefined) await cli.print.one(removed, shape);
    },
  },
];

async function publish(cli: Cli, given: Given): Promise<void> {
  const [application = '', file = ''] = given.args;
  const policyFile = given.text('policies');
  const peps = readNames(given, 'pep');
  const members = {
    ...readMembers(await readText(cli, file), file),
    ...(policyFile === undefined ? {} : { policies: await readText(cli, policyFile) }),
    ...(peps === undefined ? {} : { peps }),
  };
  const document = ApplicationDocument.safeParse(members);
  if (!document.success) {
    const [issue] = document.error.issues;
    throw usage(`The document is not one: ${issue?.path.join('/') ?? ''} ${issue?.message ?? ''}.`, 'See docs/authzen.md.');
  }
  const published = await change(cli, publishApplication, { application, document: document.data });
  if (published !== undefined) await cli.print.one(published, shape);
}

function readMembers(text: string, file: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // said below, like any other text that is no object
  }
  throw usage(`${file} is not a JSON object.`, 'See docs/authzen.md for what it holds.');
}
