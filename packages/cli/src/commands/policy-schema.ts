import { getSchema } from '@surety/contract/oversight-routes';
import { read } from '../change.ts';
import type { CommandSpec } from '../command.ts';
import { safeText } from '../output/safe-text.ts';

/** For editors and for the official validator: `surety policy schema > house.cedarschema`. */
export const policySchemaCommand: CommandSpec = {
  usage: 'schema',
  summary: 'What policies may name, as a Cedar schema, with the operations that are protected now',
  run: async (cli) => {
    const found = await read(cli, getSchema, {});
    await cli.print.result(found, found.schema.replace(/\n$/, '').split('\n').map(safeText), String(found.actions));
  },
};
