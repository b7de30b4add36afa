import type { Plan } from '../../harness/plan.ts';
import type { Row } from '../../harness/row.ts';
import { recordedResult, statedRequest } from './answers.ts';
import type { Directory } from './destinations.ts';
import { type GatewayHouse, openGatewayHouse } from './gateway-house.ts';
import type { Place } from './place.ts';
import { type Decided, isAgreed } from './replay-run.ts';
import { effectRows } from './rows.ts';
import type { Scored } from './score.ts';
import type { TraceCall, TraceRun } from './trace.ts';
import type { Surety } from '@surety/sdk/surety';

export type GatewayDepth = {
  readonly places: ReadonlyMap<string, Place>;
  readonly directory: Directory;
  /** What the decision alone came to. */
  readonly scored: readonly Scored[];
  /** How many runs to take. */
  readonly count: number;
};

/** How many disagreements are told in words. */
const mostTold = 20;

/**
 * Runs again through the whole of Surety: an agent with a token of its own calls under a task that a person asked for, through
 * the gateway, a system that answers what was recorded; whoever is asked answers with a signature. Gives what that came to, and
 * how often it was other than the decision alone.
 */
export async function* replayThroughGateway(plan: Plan, { places, directory, scored, count }: GatewayDepth): AsyncGenerator<Row> {
  const sample = takeSample(scored, count);
  if (sample.length === 0) return;
  plan.say(`effect: ${sample.length} runs through the gateway`);
  const house = await openGatewayHouse([...places.values()]);
  try {
    const played: Scored[] = [];
    let differ = 0;
    for (const { run, decided } of sample) {
      const place = places.get(run.suite);
      if (place === undefined) continue;
      await house.knowOnly(directory.listFor(run));
      // An agent of its own for every run: what was refused, or seen, in another run is nothing to this one.
      const through = await playRun(house, { place, run, agent: await house.hire(place) });
      played.push({ run, decided: through });
      const others = differences(through, decided);
      for (const words of others.slice(0, Math.max(0, mostTold - differ))) plan.say(`differs: ${run.id} ${words}`);
      differ += others.length;
      if (played.length % 50 === 0) plan.say(`effect: ${played.length} runs done, ${differ} calls differ`);
    }
    yield* effectRows(played, { label: ' gateway', isDetailed: false, isSample: sample.length < scored.length });
    yield differenceRow(differ, played);
  } finally {
    await house.close();
  }
}

/** Where two ways to decide one run came to something else, in words. */
function differences(through: readonly Decided[], alone: readonly Decided[]): readonly string[] {
  return through.flatMap(({ call, outcome, reason }, at) => {
    const other = alone[at];
    if (other?.outcome === outcome) return [];
    return [`call ${at} ${call.tool}: ${outcome} ${reason}, alone ${other?.outcome} ${other?.rule ?? other?.reason}`];
  });
}

function differenceRow(differ: number, played: readonly Scored[]): Row {
  return {
    bench: 'effect',
    case: 'calls decided otherwise through the gateway',
    unit: 'calls',
    better: 'lower',
    ours: differ,
    peer: null,
    floor: null,
    ratio: null,
    runs: Math.max(
      1,
      played.reduce((sum, { decided }) => sum + decided.length, 0),
    ),
    spread: [differ, differ],
  };
}

/** What part of a sample each kind of run is. */
const parts: readonly { readonly of: number; readonly is: (run: TraceRun) => boolean }[] = [
  { of: 0.5, is: ({ injection }) => injection === null },
  { of: 0.35, is: ({ isHijacked }) => isHijacked },
  { of: 0.15, is: ({ injection, isHijacked }) => injection !== null && !isHijacked },
];

/** Evenly over the agents and models, the same runs each time, in an order in which the directory changes little. */
function takeSample(scored: readonly Scored[], count: number): readonly Scored[] {
  if (count >= scored.length) return inOrder(scored);
  const sorted = scored.toSorted((one, other) => (one.run.id < other.run.id ? -1 : 1));
  const taken = parts.flatMap(({ of, is }) => {
    const kinds = [
      ...Map.groupBy(
        sorted.filter(({ run }) => is(run)),
        ({ run }) => run.suite,
      ).values(),
    ];
    return kinds.flatMap((all) => evenly(all, Math.round((count * of) / kinds.length)));
  });
  return inOrder(taken);
}

function evenly<One>(all: readonly One[], count: number): readonly One[] {
  const step = Math.max(1, all.length / Math.max(1, count));
  return Array.from({ length: Math.min(count, all.length) }, (_, at) => all[Math.floor(at * step)]).filter(
    (one) => one !== undefined,
  );
}

function inOrder(scored: readonly Scored[]): readonly Scored[] {
  const order = ({ run }: Scored): string => `${run.suite} ${run.injection === null ? run.task : ''}`;
  return scored.toSorted((one, other) => (order(one) < order(other) ? -1 : order(one) > order(other) ? 1 : 0));
}

type Playing = { readonly place: Place; readonly run: TraceRun; readonly agent: Surety };

async function playRun(house: GatewayHouse, { place, run, agent }: Playing): Promise<Decided[]> {
  const worker = await underTask(house, { place, run, agent });
  const decided: Decided[] = [];
  for (const call of run.calls) {
    const system = place.systemOf(call.tool);
    const recorded = house.systemOf(system);
    const send = async (): Promise<Told> => {
      recorded.answerNext(recordedResult(call));
      return callUntilDecided(worker, worker.gateway(system.name), call);
    };
    const told = await send();
    const isRead = system.operations.get(call.tool)?.effect === 'read';
    decided.push({ call, isRead, outcome: told.outcome, reason: told.reason, rule: undefined });
    if (told.outcome !== 'hold' || told.approval === undefined) continue;
    await house.answer(told.approval, isAgreed(run, call));
    if (!isAgreed(run, call)) continue;
    const again = await send();
    if (again.outcome !== 'permit')
      throw new Error(`${run.id}: a yes to ${call.tool} did not let it through: ${again.outcome} ${again.reason}`);
  }
  return decided;
}

/** The same agent under a task of its own: of the person who asked, or, where no request was recorded, of the agent itself. */
async function underTask(house: GatewayHouse, { place, run, agent }: Playing): Promise<Surety> {
  const [first] = place.systems;
  if (run.prompt === '' || first === undefined) return agent;
  const { purpose, values } = statedRequest(run.prompt);
  const named = Object.fromEntries(values.map((value, at) => [`part-${at + 1}`, value]));
  const offer = await house.requester.delegate(agent.clientId, { purpose, ...(values.length === 0 ? {} : { values: named }) });
  return agent.forHuman(offer.value, { resource: agent.gateway(first.name) });
}

type Told = { readonly outcome: Decided['outcome']; readonly reason: string; readonly approval: string | undefined };

/** Reasons that say nothing of the call: the agent is told to try again in a moment. */
const undecided = new Set(['house.not_ready', 'house.stale']);
const tries = 20;

async function callUntilDecided(worker: Surety, url: string, call: TraceCall): Promise<Told> {
  for (let left = tries; ; left--) {
    const told = await callTool(worker, url, call);
    if (!undecided.has(told.reason) || left === 0) return told;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const version = '2026-07-28';
const envelope = { 'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': {} };

/** One `tools/call` of MCP 2026-07-28, and what came of it: an answer of the system, or what the guard says. */
async function callTool({ fetch }: Surety, url: string, { tool, args }: TraceCall): Promise<Told> {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args, _meta: envelope } };
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': version,
    'mcp-method': 'tools/call',
    'mcp-name': encodeURIComponent(tool) === tool ? tool : `=?base64?${Buffer.from(tool).toString('base64')}?=`,
  };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (response.status === 503) return { outcome: 'deny', reason: 'house.not_ready', approval: undefined };
  const { result, error } = lastMessage(text);
  const { status, reason, approval } = result?.isError === true ? (result.structuredContent ?? {}) : {};
  if (status === 'held') return { outcome: 'hold', reason: String(reason), approval };
  if (result !== undefined && status === undefined) return { outcome: 'permit', reason: 'permitted', approval: undefined };
  if (status === 'denied' || error !== undefined)
    return { outcome: 'deny', reason: String(reason ?? error?.message), approval: undefined };
  throw new Error(`${tool}: no answer that can be read: ${response.status} ${text.slice(0, 300)}`);
}

type Answer = {
  readonly result?: {
    readonly isError?: boolean;
    readonly structuredContent?: { readonly status?: string; readonly reason?: string; readonly approval?: string };
  };
  readonly error?: { readonly message?: string };
};

/** The answer in a body that is one message, or a stream of events. */
function lastMessage(text: string): Answer {
  if (!/^(?:event|data|:)/m.test(text) || text.startsWith('{')) return JSON.parse(text) as Answer;
  const events = text.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5)] : []));
  return JSON.parse(events.findLast((one) => one.includes('"result"') || one.includes('"error"')) ?? '{}') as Answer;
}
