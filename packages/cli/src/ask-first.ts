import { usage } from './cli-error.ts';
import type { Cli } from './command.ts';

/** Asks before something that disrupts, unless `--yes`. Without a terminal: exit 2 with the flag. Undefined answer: no. */
export async function askFirst(cli: Cli, question: string): Promise<void> {
  if (cli.yes || cli.dryRun) return;
  if (!cli.io.isTty.stdin) throw usage(`${question} There is no terminal to answer at.`, 'Add --yes.');
  if (!(await cli.io.ask.yesOrNo(question))) throw usage('Nothing was changed.', 'Answer yes, or add --yes.');
}

/**
 * Asks before something that cannot be undone: its name must be typed, or the risk named with `--accept-risk`. `--yes` is
 * not enough.
 */
export async function acceptRisk(cli: Cli, risk: string, about: { readonly what: string; readonly name: string }): Promise<void> {
  if (cli.dryRun || cli.acceptedRisks.includes(risk)) return;
  const flag = `Add --accept-risk=${risk}.`;
  if (!cli.io.isTty.stdin) throw usage(`${about.what} This cannot be undone.`, flag);
  const typed = await cli.io.ask.text(`${about.what} This cannot be undone. Type ${about.name} to go on:`);
  if (typed !== about.name) throw usage('The name does not match. Nothing was changed.', flag);
}
