import assert from 'node:assert/strict';
import { decide } from '@surety/decision/decide';
import { ownCpuMicros } from '../harness/cpu.ts';
import { collectGarbage } from '../harness/collect-garbage.ts';
import type { Plan } from '../harness/plan.ts';
import { rowOf, type Row } from '../harness/row.ts';
import { type Side, takenBy, takeTurns } from '../harness/take-turns.ts';
import { type DecideWorld, openDecideWorld } from './decide/world.ts';

/** How many agents the decisions of one round are spread over when few are at work. */
const fewAtWork = 10;

const peerName = 'cedar-wasm 4, one set';

/** With as many policies in one set the official engine is not asked: it would take a third of a second for each decision. */
const mostForPeer = 10_000;

/**
 * One decision in process: every line of the intersection, for an agent with a mandate of its own among `mandates` agents,
 * against the official engine with all of these policies in one set, which is asked once and answers for no owner and no
 * role. The calls of a round are spread evenly over all agents; with `at work=10` over ten of them.
 */
export async function benchDecide(plan: Plan, give: (row: Row) => void): Promise<void> {
  for (const mandates of plan.quick ? [10, 100] : [10, 100, 1_000, 10_000, 100_000]) {
    plan.say(`decide: ${mandates} mandates`);
    const world = openDecideWorld(mandates);
    give(await measure(plan, world, { name: `decide mandates=${mandates} chain=1`, atWork: mandates }));
    if (mandates > 100)
      give(await measure(plan, world, { name: `decide mandates=${mandates} chain=1 at work=${fewAtWork}`, atWork: fewAtWork }));
    world.close();
  }
}

async function measure(plan: Plan, world: DecideWorld, { name, atWork }: { name: string; atWork: number }): Promise<Row> {
  // Gathering facts is no part of a decision, and must not fall to whoever asks of an agent first.
  for (let at = 0; at < atWork; at++) world.facts(at, 'within');
  const ours = sideOf('ours', plan, (turn) => decideOurs(world, spread(turn, atWork)));
  const peer = sideOf(peerName, plan, (turn) => decideInOneSet(world, spread(turn, atWork)));
  const isAsked = world.mandates <= mostForPeer;
  const before = (): void => assertRefusals(world, isAsked);
  const taken = await takeTurns(isAsked ? [ours, peer] : [ours], { rounds: plan.quick ? 3 : 11, before });
  return rowOf({
    bench: 'decide',
    case: name,
    unit: 'us CPU',
    better: 'lower',
    ours: takenBy(taken, 'ours').micros,
    peer: isAsked ? { name: peerName, samples: takenBy(taken, peerName).micros } : undefined,
  });
}

/** A turn lasts until it has taken this much CPU, and for some decisions at least. */
const turnMicros = { quick: 20_000, full: 300_000 } as const;
const leastDecisions = 5;

function sideOf(name: string, plan: Plan, decideOne: (turn: number) => void): Side<'micros'> {
  let turn = 0;
  const round = async () => {
    collectGarbage();
    const before = ownCpuMicros();
    const limit = plan.quick ? turnMicros.quick : turnMicros.full;
    let decisions = 0;
    for (let spent = 0; decisions < leastDecisions || spent < limit; spent = ownCpuMicros() - before) {
      decideOne(turn++);
      decisions++;
    }
    return { micros: (ownCpuMicros() - before) / decisions };
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

function decideInOneSet(world: DecideWorld, at: number): void {
  const { permits } = world.everyone.evaluate(world.request(at, 'within'));
  if (permits.length !== 1) throw new Error('a call within the mandate was not permitted');
}

function assertRefusals(world: DecideWorld, isPeerAsked: boolean): void {
  const { engine, facts, everyone, request } = world;
  const last = world.mandates - 1;
  assert.equal(decide(facts(last, 'beyond'), engine).reason, 'mandate.constraint');
  assert.equal(decide({ ...facts(last, 'within'), isFresh: false }, engine).outcome, 'deny');
  const other = { ...facts(last, 'within'), mandate: facts(0, 'within').mandate };
  if (last > 0) assert.equal(decide(other, engine).reason, 'mandate.invalid', 'the mandate of another agent counts');
  if (isPeerAsked) assert.deepEqual(everyone.evaluate(request(last, 'beyond')).permits, []);
}
