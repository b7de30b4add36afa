import { usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { readStdin } from '../io.ts';
import { safeJson } from '../output/safe-text.ts';
import { readText } from './read-given.ts';

const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const;

export const apiCommand: CommandSpec = {
  usage: '<method> <path> [members...]',
  summary: 'Raw call of the API with your key: surety api GET /v1/agents. Members are name=value, for the query or the body',
  changes: true,
  options: [{ flags: '--input <file>', about: 'the body, as JSON; - for standard input' }],
  run: async (cli, given) => {
    const { url, fetch, label } = await cli.session();
    const method = methods.find((one) => one === (given.args[0] ?? '').toUpperCase());
    if (method === undefined) throw usage(`There is no method "${given.args[0]}".`, `Methods are ${methods.join(', ')}.`);
    const path = given.args[1] ?? '';
    if (!path.startsWith('/v1/')) throw usage('A path of the API starts with /v1/.', 'See /openapi.json of the server.');
    const { target, body } = await requestOf(cli, given, { method, path });
    if (method !== 'GET') cli.print.note(`context: ${label}`);
    if (cli.dryRun)
      return cli.print.result({ dryRun: true, method, path: target, ...(body === undefined ? {} : { body }) }, [
        `would send ${method} ${target}`,
      ]);
    const headers = { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const response = await fetch(url + target, {
      method,
      headers,
      signal: cli.io.signal,
      ...(body === undefined ? {} : { body }),
    });
    if (!response.ok) {
      const { readProblem } = await import('@surety/sdk/read-problem');
      throw await readProblem(response);
    }
    cli.io.stdout.write(`${safeJson(await response.text())}\n`);
  },
};

async function requestOf(cli: Cli, given: Given, { method, path }: { readonly method: string; readonly path: string }) {
  const { readArguments, splitArguments } = await import('../mcp/arguments.ts');
  const { writeExactJson } = await import('@surety/contract/exact-json');
  const input = given.text('input');
  const members = given.args.slice(2);
  if (input !== undefined && members.length > 0)
    throw usage('The body comes as members or as --input, one of the two.', 'Leave one out.');
  if (input !== undefined) return { target: path, body: input === '-' ? await readStdin(cli.io) : await readText(cli, input) };
  if (method === 'GET' || method === 'DELETE') {
    const query = new URLSearchParams(
      members.map((member) => [member.split('=')[0] ?? '', member.slice(member.indexOf('=') + 1)] as [string, string]),
    ).toString();
    return { target: query === '' ? path : `${path}?${query}`, body: undefined };
  }
  return { target: path, body: writeExactJson(readArguments(splitArguments(members, []), () => undefined)) };
}
