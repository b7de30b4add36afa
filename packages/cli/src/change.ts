import type { InputOf, OutputOf, Route } from '@surety/contract/route';
import { malformed } from '@surety/sdk/surety-error';
import type { Cli } from './command.ts';

/** Reads from the server of the session. */
export async function read<One extends Route>(cli: Cli, route: One, input: InputOf<One>): Promise<OutputOf<One>> {
  const { client } = await cli.session();
  return client.call(route, checked(route, input), { signal: cli.io.signal });
}

/**
 * Changes something on the server of the session, after saying on standard error where. With `--dry-run` it says what
 * would be asked, asks nothing, and answers undefined.
 */
export async function change<One extends Route>(cli: Cli, route: One, input: InputOf<One>): Promise<OutputOf<One> | undefined> {
  const { client, label } = await cli.session();
  checked(route, input);
  cli.print.note(`context: ${label}`);
  if (!cli.dryRun) return client.call(route, input, { signal: cli.io.signal });
  const { buildRequest } = await import('@surety/sdk/client');
  const { method, target, body } = buildRequest(route, input);
  const effect = {
    dryRun: true,
    action: route.action,
    method,
    path: target,
    ...(body === undefined ? {} : { input: JSON.parse(body) as unknown }),
  };
  await cli.print.result(
    effect,
    [`would ask for ${route.action}: ${method} ${target}`, ...(body === undefined ? [] : [`  ${body}`])],
    route.name,
  );
  return undefined;
}

/** What does not fit the route is wrong usage, said before anything is sent. The value goes as it was typed. */
function checked<One extends Route>(route: One, input: InputOf<One>): InputOf<One> {
  const result = route.input.safeParse(input);
  if (!result.success) throw malformed(result.error.issues);
  return input;
}
