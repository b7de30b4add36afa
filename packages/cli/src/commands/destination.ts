import { type Destination, DestinationKind } from '@surety/contract/flow';
import { addDestination, listDestinations, removeDestination } from '@surety/contract/flow-routes';
import { askFirst } from '../ask-first.ts';
import { change, read } from '../change.ts';
import { usage } from '../cli-error.ts';
import type { CommandSpec } from '../command.ts';
import { suggest } from '../suggest.ts';
import { definedOnly, readChoice, readCount } from './read-given.ts';
import { destinationShape } from './shapes.ts';

const kinds = DestinationKind.options;

export const destinationCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Destinations that the organisation knows, in the order of their values',
    options: [
      { flags: '--kind <kind>', about: kinds.join(', ') },
      { flags: '--after <value>', about: 'go on after this value' },
      { flags: '--limit <count>', about: '200 when left out, at most 1000' },
    ],
    run: async (cli, given) => {
      const query = { kind: readChoice(given, 'kind', kinds), after: given.text('after'), limit: readCount(given, 'limit') };
      const { items } = await read(cli, listDestinations, definedOnly(query));
      await cli.print.list(items, destinationShape, 'No destination is known yet. Add one with "surety destination add".');
    },
  },
  {
    usage: 'add <kind> <value>',
    summary: `Know a destination from now on: ${kinds.join(', ')}`,
    changes: true,
    run: async (cli, { args }) => {
      const added = await change(cli, addDestination, placeOf(args));
      if (added !== undefined) await cli.print.one(added, destinationShape);
    },
  },
  {
    usage: 'rm <kind> <value>',
    summary: 'Know a destination no longer: agents that have read what outsiders write ask before they use it',
    changes: true,
    run: async (cli, { args }) => {
      const place = placeOf(args);
      await askFirst(cli, `Remove ${place.value} from the known destinations?`);
      const removed = await change(cli, removeDestination, place);
      if (removed !== undefined) await cli.print.one(removed, destinationShape);
    },
  },
];

function placeOf([typed = '', value = '']: readonly string[]): Pick<Destination, 'kind' | 'value'> {
  const kind = kinds.find((one) => one === typed);
  if (kind === undefined)
    throw usage(`There is no kind "${typed}".`, `Did you mean "${suggest(typed, kinds) ?? kinds.join('", "')}"?`);
  return { kind, value };
}
