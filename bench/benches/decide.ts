import assert from 'node:assert/strict';
import { getHeapStatistics } from 'node:v8';
import { decide } from '@surety/decision/decide';
import { ownCpuMicros } from '../harness/cpu.ts';
import { collectGarbage } from '../harness/collect-garbage.ts';
import type { Plan } from '../harness/plan.ts';
import { type Row, rowOf } from '../harness/row.ts';
import { median } from '../harness/samples.ts';
import { type Side, type Taken, takenBy, takeTurns } from '../harness/take-turns.ts';
import { cedarInOneSet, cedarLineByLine, type DecidePeer, openCasbin } from './decide/peers.ts';
import { type DecideWorld, openDecideHouse } from './decide/world.ts';

/** How many agents the decisions of one round are spread over when few are at work. */
const fewAtWork = 10;

/** How much longer a decision may take among the most mandates than among the fewest is measured with chains of these lengths. */
const mostLinks = 4;

/**
 * One decision in process: every line of the intersection, for a chain of agents with a mandate each among `mandates`, beside
 * each peer. The calls of a round are spread evenly over all agents; with `at work=10` over ten of them.
 */
export async function benchDecide(plan: Plan, give: (row: Row) => void): Promise<void> {
  const byLinks = new Map<number, number[]>();
  for (const mandates of plan.quick ? [10, 100] : [10, 100, 1_000, 10_000, 100_000]) {
    plan.say(`decide: ${mandates} mandates`);
    const house = openDecideHouse(mandates);
    const peers = [cedarInOneSet, cedarLineByLine(), await openCasbin(house)];
    for (let links = 1; links <= (plan.quick ? 2 : mostLinks); links++) {
      const world = house.world(links);
      const name = `decide mandates=${mandates} chain=${links}`;
      const micros = await measure(plan, world, { name, atWork: mandates, peers, give });
      byLinks.set(links, [...(byLinks.get(links) ?? []), median(micros)]);
      if (mandates > 100 && links === 1)
        await measure(plan, world, { name: `${name} at work=${fewAtWork}`, atWork: fewAtWork, peers: [], give });
      give(allocation(plan, world));
    }
    house.close();
  }
  for (const [links, micros] of byLinks) give(flatness(links, micros));
}

type Measured = {
  readonly name: string;
  readonly atWork: number;
  readonly peers: readonly DecidePeer[];
  readonly give: (row: Row) => void;
};

/** Hands over a row for each peer, or one without, and gives our own samples. */
async function measure(plan: Plan, world: DecideWorld, { name, atWork, peers, give }: Measured): Promise<readonly number[]> {
  const asked = peers.filter(({ mostMandates }) => world.mandates <= mostMandates);
  // Gathering facts is no part of a decision, and must not fall to whoever asks of an agent first.
  for (let at = 0; at < atWork; at++) world.facts(at, 'within');
  const ours = sideOf('ours', plan, (turn) => decideOurs(world, spread(turn, atWork)));
  const others = asked.map((peer) => sideOf(peer.name, plan, (turn) => decideTheirs(peer, world, spread(turn, atWork))));
  const before = (): void => assertRefusals(world, asked);
  const taken = await takeTurns([ours, ...others], { rounds: plan.quick ? 3 : 9, before });
  const { micros } = takenBy(taken, 'ours');
  const row = (peer: DecidePeer | undefined): Row =>
    rowOf({ bench: 'decide', case: name, unit: 'us CPU', better: 'lower', ours: micros, peer: peer && samplesOf(taken, peer) });
  for (const peer of asked.length === 0 ? [undefined] : asked) give(row(peer));
  return micros;
}

function samplesOf(taken: ReadonlyMap<string, Taken<'micros'>>, { name }: DecidePeer) {
  return { name, samples: takenBy(taken, name).micros };
}

/** A turn lasts until it has taken this much CPU, and for some decisions at least. */
const turnMicros = { quick: 20_000, full: 200_000 } as const;

/** The clock is read after so many decisions, or after one that takes long by itself: reading it costs as much as deciding. */
const perReading = 50;
const longMicros = 200;

function sideOf(name: string, plan: Plan, decideOne: (turn: number) => void): Side<'micros'> {
  let turn = 0;
  let atOnce = 1;
  const round = async () => {
    collectGarbage();
    const before = ownCpuMicros();
    const limit = plan.quick ? turnMicros.quick : turnMicros.full;
    let decisions = 0;
    for (let spent = 0; spent < limit; spent = ownCpuMicros() - before) {
      for (let one = 0; one < atOnce; one++) decideOne(turn++);
      decisions += atOnce;
    }
    const micros = (ownCpuMicros() - before) / decisions;
    atOnce = micros > longMicros ? 1 : perReading;
    return { micros };
  };
  return { name, round };
}

/** Evenly, and never two neighbours one after the other. */
function spread(turn: number, over: number): number {
  return (turn * 7_919) % over;
}

function decideOurs({ engine, facts }: DecideWorld, at: number): void {
  const { outcome } = decide(facts(at, 'within'), engine);
  if (outcome !== 'permit') throw new Error(`a call within the mandate was decided ${outcome}`);
}

function decideTheirs(peer: DecidePeer, world: DecideWorld, at: number): void {
  if (!peer.decide(world, at, 'within')) throw new Error(`${peer.name} did not permit a call within the mandate`);
}

/** How many decisions are made between two looks at the heap: far fewer than fill what is cleared away now and then. */
const perLook = 40;

/** Bytes of the heap that one decision takes, by what the heap grew while nothing was cleared away. */
function allocation(plan: Plan, world: DecideWorld): Row {
  const grown: number[] = [];
  let turn = 0;
  for (let look = 0; look < 4 * (plan.quick ? 5 : 15); look++) {
    collectGarbage();
    const before = getHeapStatistics().used_heap_size;
    for (let one = 0; one < perLook; one++) decideOurs(world, spread(turn++, world.mandates));
    const bytes = (getHeapStatistics().used_heap_size - before) / perLook;
    if (bytes > 0 && look >= 4) grown.push(bytes);
  }
  const name = `allocated mandates=${world.mandates} chain=${world.links}`;
  return rowOf({ bench: 'decide', case: name, unit: 'B', better: 'lower', ours: grown });
}

/** How many times as long a decision takes among the most mandates as among the fewest. */
function flatness(links: number, micros: readonly number[]): Row {
  const [fewest = Number.NaN] = micros;
  const most = micros.at(-1) ?? Number.NaN;
  return rowOf({
    bench: 'decide',
    case: `most by fewest mandates chain=${links}`,
    unit: 'times',
    better: 'lower',
    ours: [most / fewest],
  });
}

function assertRefusals(world: DecideWorld, peers: readonly DecidePeer[]): void {
  const { engine, facts } = world;
  const last = world.mandates - 1;
  const reason = decide(facts(last, 'beyond'), engine).reason;
  assert.equal(reason, 'mandate.constraint');
  assert.equal(decide({ ...facts(last, 'within'), isFresh: false }, engine).outcome, 'deny');
  const other = { ...facts(last, 'within'), mandate: facts(0, 'within').mandate };
  if (last > 0) assert.equal(decide(other, engine).reason, 'mandate.invalid', 'the mandate of another agent counts');
  for (const peer of peers) assert.ok(!peer.decide(world, last, 'beyond'), `${peer.name} lets pass what is beyond the mandate`);
}
