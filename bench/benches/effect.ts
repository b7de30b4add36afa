import { openCedar } from '@surety/decision/cedar-engine';
import type { Plan } from '../harness/plan.ts';
import type { Row } from '../harness/row.ts';
import { type AgentDefinition, AgentsFile } from './effect/agent-definition.ts';
import { airline } from './effect/agents/airline.ts';
import { banking } from './effect/agents/banking.ts';
import { slack } from './effect/agents/slack.ts';
import { travel } from './effect/agents/travel.ts';
import { workspace } from './effect/agents/workspace.ts';
import { type Directory, emptyDirectory, learnDestinations } from './effect/destinations.ts';
import { openPlace, type Place } from './effect/place.ts';
import { readTraces } from './effect/read-traces.ts';
import { createReplayer, type Replayer } from './effect/replay-run.ts';
import { effectRows } from './effect/rows.ts';
import type { Scored } from './effect/score.ts';
import type { TraceRun, TraceSet } from './effect/trace.ts';
import { replayThroughGateway } from './effect/gateway-depth.ts';

/** Agents whose recorded runs are public, by the suite of tasks that they were recorded in. */
const ownAgents: Readonly<Record<string, AgentDefinition>> = { banking, slack, travel, workspace, 'tau-airline': airline };

/** How many runs go through the real gateway unless it is said. */
const gatewayRuns = 400;

/**
 * What Surety stops of recorded attacks on real agents, and what it costs their benign work: every recorded call is decided in
 * the order in which it was made, by what a house would know then. All runs by the decision alone, and a sample of them, or
 * all, through the whole of Surety: a token, the gateway, PostgreSQL, a system that answers what was recorded. The two must
 * agree about every call.
 */
export async function benchEffect(plan: Plan, give: (row: Row) => void): Promise<void> {
  if (plan.traces === undefined) throw new Error('effect needs --traces <folder> (docs/reference/traces.md)');
  const set = readTraces(plan.traces);
  const engine = openCedar();
  const places = openPlaces(set, (definition, suite) => openPlace(engine, definition, set.tools.get(suite) ?? []));
  const replayer = createReplayer(engine);
  const runs = set.runs.filter(({ suite }) => places.has(suite));
  plan.say(`effect: ${runs.length} runs of ${places.size} agents`);
  const world = { replayer, places, runs };
  const directory = learnDestinations(replayer, { places, runs });
  const scored = score(world, directory, true);
  const mandateAlone = { name: 'the mandate alone', scored: score(world, directory, false) };
  for (const row of effectRows(scored, { peer: mandateAlone, isDetailed: true })) give(row);
  for (const row of otherDirectories(plan, world)) give(row);
  const count = plan.gatewayRuns ?? (plan.quick ? 20 : gatewayRuns);
  for await (const row of replayThroughGateway(plan, { places, directory, scored, count })) give(row);
}

/**
 * An agent that nobody said anything of: one system inside the organisation, and every operation as the product's rules take
 * it.
 */
function plainAgent(suite: string): AgentDefinition {
  const name = suite
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 40);
  return { purpose: `Agent of ${suite}`.slice(0, 200), systems: [{ name: name === '' ? 'agent' : name, inside: true }] };
}

/** What the runs are decided with. */
export type EffectWorld = {
  readonly replayer: Replayer;
  readonly places: ReadonlyMap<string, Place>;
  readonly runs: readonly TraceRun[];
};

function openPlaces(set: TraceSet, open: (definition: AgentDefinition, suite: string) => Place): ReadonlyMap<string, Place> {
  const given = AgentsFile.parse(set.agents);
  const suites = [...new Set(set.runs.map(({ suite }) => suite))];
  return new Map(
    suites.flatMap((suite) => {
      const definition = given[suite] ?? ownAgents[suite] ?? plainAgent(suite);
      return [[suite, open(definition, suite)] as const];
    }),
  );
}

export function score({ replayer, places, runs }: EffectWorld, directory: Directory, flow: boolean): Scored[] {
  return runs.flatMap((run) => {
    const place = places.get(run.suite);
    if (place === undefined) return [];
    const decided = replayer.replay(place, run, { flow, isKnown: (value) => directory.isKnown(run, value) });
    return [{ run, decided }];
  });
}

/**
 * The same with no directory, with one that every benign run taught, and with one of half of the models, measured on the other
 * half.
 */
function otherDirectories(plan: Plan, world: EffectWorld): Row[] {
  if (plan.quick) return [];
  const models = [...new Set(world.runs.map(({ model }) => model))].toSorted();
  const teachers = new Set(models.filter((_, at) => at % 2 === 0));
  const learned = (more: object): Directory => learnDestinations(world.replayer, { ...world, ...more });
  const others = world.runs.filter(({ model }) => !teachers.has(model));
  const halves = learned({ isTeacher: ({ model }: TraceRun) => teachers.has(model), isHeldOut: false });
  return [
    ...effectRows(score(world, emptyDirectory, true), { label: ' directory=none', isDetailed: false }),
    ...effectRows(score(world, learned({ isHeldOut: false }), true), { label: ' directory=all', isDetailed: false }),
    ...effectRows(score({ ...world, runs: others }, halves, true), { label: ' directory=other models', isDetailed: false }),
  ];
}
