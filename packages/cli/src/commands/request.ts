import type { Answer, Approval } from '@surety/contract/approval';
import { answerApproval, getApproval, listApprovals } from '@surety/contract/oversight-routes';
import { askFirst } from '../ask-first.ts';
import { change, read } from '../change.ts';
import { exitCodes } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { safeLines, safeText } from '../output/safe-text.ts';
import { timeLeft } from '../output/times.ts';
import { pause } from '../pause.ts';
import { definedOnly, readChoice, readWait } from './read-given.ts';
import { approvalShape } from './shapes.ts';

const states = ['pending', 'approved', 'refused', 'used', 'expired'] as const;
const reason = { flags: '--reason <text>', about: 'the agent is told, and it is kept in the log' } as const;

export const requestCommands: readonly CommandSpec[] = [
  {
    usage: 'ls',
    summary: 'Calls that wait, or waited, for a person',
    options: [
      { flags: '--mine', about: 'only those that I answer' },
      { flags: '--state <state>', about: `${states.join(', ')}, all; pending when left out` },
    ],
    run: async (cli, given) => {
      const state = given.text('state') === 'all' ? undefined : (readChoice(given, 'state', states) ?? 'pending');
      const { items } = await read(cli, listApprovals, definedOnly({ state, mine: given.flag('mine') ? 'true' : undefined }));
      await cli.print.list(items, approvalShape(cli.io.now()), 'Nothing waits for a person.');
    },
  },
  {
    usage: 'show <request>',
    summary: 'One request: exactly what will happen',
    run: async (cli, { args }) => {
      const approval = await readChecked(cli, args[0]);
      await cli.print.one(approval, approvalShape(cli.io.now()));
    },
  },
  {
    usage: 'approve <request>',
    summary: 'Say yes to exactly this call, once, signed with your key',
    changes: true,
    options: [reason, { flags: '--remember', about: 'the destinations of this call are known from now on' }],
    run: (cli, given) => answer(cli, given, 'approve'),
  },
  {
    usage: 'refuse <request>',
    summary: 'Say no to this call, signed with your key',
    changes: true,
    options: [reason],
    run: (cli, given) => answer(cli, given, 'refuse'),
  },
  {
    usage: 'wait <request>',
    summary: 'Wait for the answer: exit 0 for yes, 3 for no, 5 when nobody decided in time',
    options: [{ flags: '--wait <duration>', about: 'how long; until the question expires when left out' }],
    run: waitFor,
  },
];

/** The request, once both of its digests were computed again here from what it shows. Exit 8 when one differs. */
async function readChecked(cli: Cli, id: string | undefined): Promise<Approval> {
  const approval = await read(cli, getApproval, { approval: (id ?? '') as never });
  const { checkQuestion } = await import('@surety/sdk/check-question');
  await checkQuestion(approval);
  return approval;
}

/** Shows the whole call first; what is signed is the digest of the question about the very call that was shown. */
async function answer(cli: Cli, given: Given, word: Answer): Promise<void> {
  const approval = await readChecked(cli, given.args[0]);
  const { style } = cli.print;
  cli.print.note(
    style.mark(
      'held',
      `${safeText(approval.agentName)} asks to call ${safeText(approval.system)}.${safeText(approval.operation)} (${approval.effect})`,
    ),
  );
  cli.print.note(`  with ${safeLines(approval.argumentsText)}`);
  cli.print.note(`  because ${safeText(approval.because)}`);
  if (approval.requester !== approval.agent) cli.print.note(`  asked for by ${safeText(approval.requesterName)}`);
  if (approval.state === 'pending')
    cli.print.note(
      `  ${safeText(approval.answerableName)} answers for this agent; ${timeLeft(approval.expiresAt, cli.io.now())} left`,
    );
  if (word === 'approve') await askFirst(cli, 'Say yes to exactly this call, once?');
  const { key } = await cli.session();
  const { signAnswerTo } = await import('@surety/sdk/sign');
  const remember = word === 'approve' && given.flag('remember') ? true : undefined;
  const said = { answer: word, reason: given.text('reason'), remember } as const;
  const signature = cli.dryRun ? 'not-signed' : await signAnswerTo(await key(), approval, said, cli.io.now());
  const answered = await change(cli, answerApproval, { approval: approval.id, signature });
  if (answered === undefined) return;
  const line =
    word === 'approve'
      ? style.mark(
          'allowed',
          `Approved, once, for ${timeLeft(answered.validUntil ?? answered.expiresAt, cli.io.now())}. ${safeText(answered.agentName)} can go on.`,
        )
      : style.mark('denied', `Refused. ${safeText(answered.agentName)} is told why.`);
  await cli.print.result(answered, [line], answered.id);
}

async function waitFor(cli: Cli, given: Given): Promise<number> {
  const id = (given.args[0] ?? '') as never;
  let approval = await read(cli, getApproval, { approval: id });
  const until = cli.io.now() + (readWait(given, 'wait', 0) ?? Number.POSITIVE_INFINITY);
  if (approval.state === 'pending')
    cli.print.note(cli.print.style.mark('held', `waiting for ${safeText(approval.answerableName)}`));
  while (approval.state === 'pending' && cli.io.now() < until) {
    await pause(500, cli.io.signal);
    approval = await read(cli, getApproval, { approval: id });
  }
  await cli.print.result(approval, [answerLine(cli, approval)], approval.id);
  if (approval.state === 'approved' || approval.state === 'used') return exitCodes.done[0];
  return approval.state === 'refused' ? exitCodes.denied[0] : exitCodes.held[0];
}

function answerLine(cli: Cli, { state, answeredByName, reason: said }: Approval): string {
  const who = answeredByName === null ? '' : ` by ${safeText(answeredByName)}`;
  const why = said === null ? '' : `: ${safeText(said)}`;
  if (state === 'approved' || state === 'used') return cli.print.style.mark('allowed', `approved${who}${why}`);
  if (state === 'refused') return cli.print.style.mark('denied', `refused${who}${why}`);
  return cli.print.style.mark('held', state === 'pending' ? 'still waiting' : 'nobody answered in time');
}
