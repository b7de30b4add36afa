import { type FieldLabels, Guard, GuardOf } from '@surety/contract/flow';
import { labelOperation, labelSystem } from '@surety/contract/flow-routes';
import type { System } from '@surety/contract/system';
import { change } from '../change.ts';
import { usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { peopleNames } from './names.ts';
import { definedOnly } from './read-given.ts';
import { operationShape, systemShape } from './shapes.ts';

/** `surety system label`: what comes out of a system or one of its tools, in a person's words. */
export const systemLabelCommand: CommandSpec = {
  usage: 'label <system> [tool]',
  summary: 'Say what is known of all that comes from a system, or from one of its tools',
  changes: true,
  options: [
    {
      flags: '--labels <labels>',
      about:
        'with commas between them: untrusted, pii, customer, financial, secret, confidential, internal, public, or names of your own; "" for none',
    },
    {
      flags: '--field-labels <fields>',
      about: 'of a tool: labels of fields of its results, like /orders/*/iban=financial,pii;/note=untrusted',
    },
    {
      flags: '--guards <arguments>',
      about: `of a tool: what its arguments say, like /to=destination,/id=target: ${GuardOf.options.join(', ')}`,
    },
  ],
  run: async (cli, given) => {
    const [system = '', operation] = given.args;
    const labels = namesIn(given.text('labels'));
    if (operation === undefined) return labelWhole(cli, { system, labels, given });
    const said = definedOnly({ labels, fields: fieldsIn(given.text('field-labels')), guards: guardsIn(given.text('guards')) });
    if (Object.keys(said).length === 0) throw usage('Nothing is said of the tool.', 'Add --labels, --field-labels or --guards.');
    const changed = await change(cli, labelOperation, { system, operation, ...said });
    if (changed === undefined) return;
    const [one] = changed.operations.filter(({ name }) => name === operation);
    if (one === undefined || !cli.print.forPeople) await printSystem(cli, changed);
    else await cli.print.one(one, operationShape);
  },
};

type Whole = { readonly system: string; readonly labels: string[] | undefined; readonly given: Given };

async function labelWhole(cli: Cli, { system, labels, given }: Whole): Promise<void> {
  if (labels === undefined) throw usage('It is not said which labels.', 'Add --labels.');
  if (given.text('field-labels') !== undefined || given.text('guards') !== undefined)
    throw usage('Fields and arguments are those of one tool.', 'Name the tool behind the system.');
  const changed = await change(cli, labelSystem, { system, labels });
  if (changed !== undefined) await printSystem(cli, changed);
}

async function printSystem(cli: Cli, system: System): Promise<void> {
  await cli.print.one(system, systemShape(await peopleNames(cli)));
}

function namesIn(text: string | undefined): string[] | undefined {
  return text?.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
}

function fieldsIn(text: string | undefined): FieldLabels | undefined {
  if (text === undefined) return undefined;
  const pairs = text.split(';').filter((one) => one.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.lastIndexOf('=');
      if (at < 1) throw usage(`"${pair.trim()}" names no labels.`, 'Write a JSON pointer, =, and labels: /iban=financial');
      return [pair.slice(0, at).trim(), namesIn(pair.slice(at + 1)) ?? []];
    }),
  );
}

function guardsIn(text: string | undefined): Guard[] | undefined {
  return namesIn(text)?.map((pair) => {
    const at = pair.lastIndexOf('=');
    const read = Guard.safeParse({ pointer: pair.slice(0, Math.max(0, at)), of: pair.slice(at + 1) });
    if (!read.success)
      throw usage(`"${pair}" says nothing of an argument.`, `Write a JSON pointer, = and ${GuardOf.options.join(', ')}.`);
    return read.data;
  });
}
