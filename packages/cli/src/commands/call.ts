import { type ExactRecord, toPlain } from '@surety/contract/exact-json';
import { explainAction } from '@surety/contract/oversight-routes';
import type { Surety } from '@surety/sdk/surety';
import { read } from '../change.ts';
import { exitCodes, usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { readStdin } from '../io.ts';
import type { McpAnswer } from '../mcp/ask-system.ts';
import type { Verdict } from '../mcp/read-verdict.ts';
import { safeJson, safeLines, safeText } from '../output/safe-text.ts';
import type { Mark } from '../output/style.ts';
import { timeLeft } from '../output/times.ts';
import { pause } from '../pause.ts';
import { openAgent } from '../session.ts';
import { agentNamed } from './agent-named.ts';
import { explanationLines } from './explain.ts';
import { readText, readWait } from './read-given.ts';

export const callCommand: CommandSpec = {
  usage: '<system.tool> [arguments...]',
  summary:
    'One guarded call by an agent whose key is here, explained. Arguments are name=value, each read as the type that the tool says',
  options: [
    { flags: '--agent <name>', about: 'which agent calls; the only one with a key here, when left out' },
    { flags: '--json <object>', about: 'all arguments as JSON; @file or - reads it' },
    { flags: '--text <name=value>', about: 'an argument that is text, whatever the tool says of it', repeat: true },
    { flags: '--wait [duration]', about: 'when it is held: ask again until a person has answered; 5m when no duration is given' },
  ],
  run: async (cli, given) => {
    const { system, tool } = splitName(given.args[0] ?? '');
    const read = await argumentReader(cli, given);
    const agent = await openAgent(cli, await agentNamed(cli, given));
    const { callTool } = await import('../mcp/call-tool.ts');
    const { findSchema } = await import('../mcp/find-schema.ts');
    const { readVerdict } = await import('../mcp/read-verdict.ts');
    const { signal } = cli.io;
    const place = { url: agent.gateway(system), fetch: agent.fetch, signal, version: cli.version, onProgress: sayOnce(cli) };
    const schema = await findSchema(place, tool);
    const args = read(schema);
    const ask = () => callTool(place, { tool, arguments: args, schema });
    const startedAt = performance.now();
    let answer = await ask();
    let verdict = readVerdict(answer);
    const until = cli.io.now() + (readWait(given, 'wait', 300_000) ?? 0);
    while (verdict.state === 'held' && cli.io.now() < until) {
      await pause(500, cli.io.signal);
      answer = await ask();
      verdict = readVerdict(answer);
    }
    const about = { name: `${system}.${tool}`, milliseconds: Math.round(performance.now() - startedAt) };
    await printAnswer(cli, { agent, answer, verdict, ...about });
    return exitCodes[exits[verdict.state]][0];
  },
};

/** What the guard says while it waits, each thing once. */
function sayOnce(cli: Cli): (message: string) => void {
  const said = new Set<string>();
  return (message) => {
    if (!said.has(message)) cli.print.note(`  ${safeText(message)}`);
    said.add(message);
  };
}

const exits = { allowed: 'done', failed: 'failed', denied: 'denied', held: 'held', stopped: 'stopped' } as const;
const markOf: Readonly<Record<Verdict['state'], Mark>> = {
  allowed: 'allowed',
  failed: 'warning',
  denied: 'denied',
  held: 'held',
  stopped: 'stopped',
};

function splitName(typed: string): { readonly system: string; readonly tool: string } {
  const at = typed.search(/[./]/);
  if (at < 1 || at === typed.length - 1) throw usage(`This is no tool: "${typed}".`, 'Write system.tool, as in payments.refund.');
  return { system: typed.slice(0, at), tool: typed.slice(at + 1) };
}

/** Reads what was typed at once, as far as it can be read without the schema of the tool; the rest when that is known. */
async function argumentReader(cli: Cli, given: Given): Promise<(schema: ExactRecord | undefined) => ExactRecord> {
  const { readArguments, readJsonArguments, splitArguments } = await import('../mcp/arguments.ts');
  const { argumentKinds } = await import('../mcp/argument-kinds.ts');
  const json = given.text('json');
  const words = given.args.slice(1);
  const typed = splitArguments(words, given.list('text'));
  if (json === undefined) return (schema) => readArguments(typed, argumentKinds(schema));
  if (typed.length > 0) throw usage('Arguments come as name=value or as --json, one of the two.', 'Leave one out.');
  const text = json === '-' ? await readStdin(cli.io) : json.startsWith('@') ? await readText(cli, json.slice(1)) : json;
  const args = readJsonArguments(text);
  return () => args;
}

type Answered = {
  readonly agent: Surety;
  readonly answer: McpAnswer;
  readonly verdict: Verdict;
  readonly name: string;
  readonly milliseconds: number;
};

async function printAnswer(cli: Cli, { answer, verdict, name, milliseconds }: Answered): Promise<void> {
  if (!cli.print.forPeople) return printExact(cli, { answer, verdict, milliseconds });
  const { style } = cli.print;
  const explanation = verdict.state === 'denied' ? await explain(cli, verdict) : undefined;
  const lines =
    explanation === undefined
      ? [
          style.mark(markOf[verdict.state], `${verdict.state}  ${safeText(name)}    ${milliseconds} ms`),
          ...(verdict.text === ''
            ? []
            : safeLines(verdict.text.trimEnd())
                .split('\n')
                .map((line) => `  ${line}`)),
          ...nextLines(verdict, cli.io.now()),
        ]
      : explanationLines(explanation, style);
  await cli.print.result({}, lines);
}

/** What came back, digit for digit, and the verdict beside it. JSON is written from the exact value. */
async function printExact(
  cli: Cli,
  { answer, verdict, milliseconds }: Pick<Answered, 'answer' | 'verdict' | 'milliseconds'>,
): Promise<void> {
  const { text: _text, ...said } = verdict;
  if (cli.print.format !== 'json' && cli.print.format !== 'jsonl')
    return cli.print.result({ ...said, milliseconds, [answer.kind]: toPlain(answer.value) }, [], verdict.action ?? verdict.state);
  const { writeExactJson } = await import('@surety/contract/exact-json');
  const head = JSON.stringify({ ...said, milliseconds }).slice(0, -1);
  cli.io.stdout.write(`${safeJson(`${head},"${answer.kind}":${writeExactJson(answer.value)}}`)}\n`);
}

/** The conditions, for the person at the terminal, when they may see them. Their absence hides nothing that was said. */
async function explain(cli: Cli, { action }: Verdict) {
  if (action === undefined) return undefined;
  return read(cli, explainAction, { action: action as never }).catch(() => undefined);
}

function nextLines({ state, action, request, expiresAt }: Verdict, nowMs: number): readonly string[] {
  if (state === 'held') {
    const left = expiresAt === undefined || Number.isNaN(Date.parse(expiresAt)) ? '' : `      ${timeLeft(expiresAt, nowMs)} left`;
    return [
      ...(request === undefined ? [] : [`  surety request show ${safeText(request)}${left}`]),
      '  Then repeat exactly this call, or add --wait.',
    ];
  }
  return action !== undefined && state === 'denied' ? [`  surety why ${safeText(action)}`] : [];
}
