import { listAgents, listHumans } from '@surety/contract/registry-routes';
import { SuretyError } from '@surety/sdk/surety-error';
import { read } from '../change.ts';
import type { Cli } from '../command.ts';
import type { Names } from './shapes.ts';

/** Names of people by id, for what people read. Who may not list people sees ids. */
export async function peopleNames(cli: Cli): Promise<Names> {
  if (!cli.print.forPeople) return (id) => id;
  return namesOf(read(cli, listHumans, {}).then(({ items }) => items.map(({ id, displayName }) => [id, displayName] as const)));
}

/** Names of agents by id, likewise. */
export async function agentNames(cli: Cli): Promise<Names> {
  if (!cli.print.forPeople) return (id) => id;
  return namesOf(read(cli, listAgents, {}).then(({ items }) => items.map(({ id, name }) => [id, name] as const)));
}

async function namesOf(pairs: Promise<readonly (readonly [string, string])[]>): Promise<Names> {
  const names = new Map<string, string>(
    await pairs.catch((thrown: unknown) => {
      if (thrown instanceof SuretyError && thrown.status === 403) return [];
      throw thrown;
    }),
  );
  return (id) => names.get(id) ?? id;
}
