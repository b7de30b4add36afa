import { cpuOf, pinTo } from '../harness/cpu.ts';
import type { Plan } from '../harness/plan.ts';
import { type Program, startProgram } from '../harness/program.ts';
import { rowOf, type Row } from '../harness/row.ts';
import type { Samples } from '../harness/samples.ts';
import { type Side, type Taken, takenBy, takeTurns } from '../harness/take-turns.ts';
import type { AppendFigures, AppendRound, AppendStarted } from '../programs/append-program.ts';

const producers = 128;
const singles = 32;
const peerName = `one-row commits c=${singles}`;

type Figure = keyof AppendFigures;

/**
 * Entries of one kilobyte made durable: by the commit queue from 128 producers, each of which waits for its own entry, and
 * one row a commit over 32 connections, the same statement that a verb writes its entry with. The PostgreSQL is the embedded
 * one in a new folder; every entry counts only once the database has flushed it.
 */
export async function benchAppend(plan: Plan, give: (row: Row) => void): Promise<void> {
  const program = await startProgram('append-program', plan);
  try {
    const { postgresPid } = await program.ask<AppendStarted>('start', singles);
    if (plan.pin) pinTo(postgresPid, cpuOf.load);
    const seconds = plan.quick ? 0.5 : 3;
    const sides = [
      sideOf(program, 'ours', { way: 'queue', workers: producers, seconds }),
      sideOf(program, peerName, { way: 'one row a commit', workers: singles, seconds }),
    ];
    const flushes: number[] = [];
    const before = async (round: number): Promise<void> => {
      const ms = await program.ask<number>('flushMs', plan.quick ? 10 : 100);
      if (round > 0) flushes.push(ms);
      plan.say(`append: round ${round}`);
    };
    const taken = await takeTurns(sides, { rounds: plan.quick ? 2 : 10, before });
    const { acknowledged, kept } = await program.ask<{ acknowledged: number; kept: number }>('countEntries');
    if (acknowledged !== kept) throw new Error(`${acknowledged} entries were acknowledged and ${kept} are there`);
    for (const row of rowsOf(takenBy(taken, 'ours'), takenBy(taken, peerName), flushes)) give(row);
  } finally {
    await program.close();
  }
}

function sideOf(program: Program, name: string, round: AppendRound): Side<Figure> {
  return { name, round: () => program.ask<AppendFigures>('measureRound', round) };
}

type Case = { readonly name: string; readonly unit: string; readonly figure: Figure };

const cases: readonly Case[] = [
  { name: 'append', unit: 'entries/s', figure: 'rate' },
  { name: 'append p50', unit: 'ms', figure: 'p50Ms' },
  { name: 'append p99', unit: 'ms', figure: 'p99Ms' },
  { name: 'append cpu node', unit: 'us CPU', figure: 'nodeMicros' },
  { name: 'append cpu postgres', unit: 'us CPU', figure: 'postgresMicros' },
];

/** The floor of an answer is one kilobyte written and flushed to the same disk. */
function rowsOf(ours: Taken<Figure>, peer: Taken<Figure>, flushes: Samples): readonly Row[] {
  return cases.map(({ name, unit, figure }) =>
    rowOf({
      bench: 'append',
      case: name,
      unit,
      better: figure === 'rate' ? 'higher' : 'lower',
      ours: ours[figure],
      peer: { name: peerName, samples: peer[figure] },
      floor: figure === 'p50Ms' ? flushes : undefined,
    }),
  );
}
