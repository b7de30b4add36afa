import { usage } from '../cli-error.ts';
import type { Cli, Given } from '../command.ts';
import { listLocalAgents } from '../local/list-agents.ts';

/** The agent that `--agent` or SURETY_AGENT names, or the only one whose key is on this computer. */
export async function agentNamed(cli: Cli, given: Given): Promise<string> {
  const named = given.text('agent') ?? cli.io.env['SURETY_AGENT'];
  if (named !== undefined && named !== '') return named;
  const names = await listLocalAgents(cli.home);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw usage(
    'It is not said which agent is meant.',
    names.length === 0 ? 'Make a key for one: surety agent enrol <agent>.' : `Add --agent, one of: ${names.join(', ')}.`,
  );
}
