import { familyCpuMicros } from '../harness/cpu.ts';
import type { Plan } from '../harness/plan.ts';
import { type Program, startProgram } from '../harness/program.ts';
import type { Row } from '../harness/row.ts';
import { type Side, takeTurns } from '../harness/take-turns.ts';
import { runLoad } from '../load/run-load.ts';
import type { RelayStart, RelayStarted } from '../programs/relay-program.ts';
import type { UpstreamStart, UpstreamStarted } from '../programs/upstream-program.ts';
import { type GuardedPlace, openPlace } from './gateway/agents.ts';
import { guardedCall, isAnswered, plainCall, type Tool } from './gateway/calls.ts';
import { assertCallRefusals } from './gateway/refusals.ts';
import { type Figure, gatewayRows } from './gateway/rows.ts';

/** How many calls are under way at a time: one, to see what a call costs its caller; several, to see what it costs the server. */
const concurrencies = [1, 16] as const;

const secret = 'Bearer the-system-own-credential';

/** How many agents the house has, where growth is looked for. */
const few = 10;
const many = { quick: 200, full: 10_000 } as const;

/**
 * MCP `tools/call` of one kilobyte to an upstream that answers at once: through the whole of Surety (token, proof of key,
 * decision, durable intent and outcome, the system's own credential), through a relay that does nothing, and direct. Two
 * houses, with few and with many agents, take turns with the others.
 */
export async function benchGateway(plan: Plan, give: (row: Row) => void): Promise<void> {
  const programs: Program[] = [];
  const begin = async (name: string): Promise<Program> => {
    const program = await startProgram(name, { ...plan, profileFolder: undefined });
    programs.push(program);
    return program;
  };
  try {
    plan.say('gateway: starting the servers');
    const upstream = await begin('upstream-program');
    const { port } = await upstream.ask<UpstreamStarted>('start', { secret } satisfies UpstreamStart);
    const relay = await begin('relay-program');
    const relayed = await relay.ask<RelayStarted>('start', { secret, upstream: `http://127.0.0.1:${port}` } satisfies RelayStart);
    const agentsOf = { few, many: plan.quick ? many.quick : many.full };
    const upstreamUrl = `http://127.0.0.1:${port}/mcp`;
    const fewPlace = await openPlace(plan, { agents: agentsOf.few, upstreamUrl, secret });
    programs.push(fewPlace.program);
    plan.say(`gateway: adding ${agentsOf.many} agents`);
    const manyPlace = await openPlace({ ...plan, profileFolder: undefined }, { agents: agentsOf.many, upstreamUrl, secret });
    programs.push(manyPlace.program);
    const commits: number[] = [];
    const before = async (round: number): Promise<void> => {
      await assertCallRefusals(fewPlace, upstream);
      await assertCallRefusals(manyPlace, upstream);
      const ms = await fewPlace.program.ask<number>('commitMs', plan.quick ? 20 : 200);
      if (round > 0) commits.push(ms);
      plan.say(`gateway: round ${round}`);
    };
    const sides = concurrencies.flatMap((connections) => [
      plainSide(plan, { name: 'direct', port, connections, program: upstream }),
      plainSide(plan, { name: 'relay', port: relayed.port, connections, program: relay }),
      guardedSide(plan, { name: 'write', place: fewPlace, connections, tool: 'update_record' }),
      guardedSide(plan, { name: 'read', place: fewPlace, connections, tool: 'lookup_record' }),
      guardedSide(plan, { name: 'write among many', place: manyPlace, connections, tool: 'update_record' }),
    ]);
    const taken = await takeTurns(sides, { rounds: plan.quick ? 2 : 10, before });
    for (const row of gatewayRows({ taken, commits, concurrencies, agentsOf })) give(row);
  } finally {
    await Promise.all(programs.map((program) => program.close()));
  }
}

type PlainSide = { readonly name: string; readonly port: number; readonly connections: number; readonly program: Program };

function plainSide(plan: Plan, { name, port, connections, program }: PlainSide): Side<Figure> {
  const make = async (count: number) => Array.from({ length: count }, () => plainCall(port, secret, { tool: 'update_record' }));
  return loaded(plan, { name: `${name} c=${connections}`, port, connections, program, make });
}

type GuardedSide = { readonly name: string; readonly place: GuardedPlace; readonly connections: number; readonly tool: Tool };

function guardedSide(plan: Plan, { name, place, connections, tool }: GuardedSide): Side<Figure> {
  const make = async (count: number) => {
    const { holders, nonce } = await place.prepare();
    const target = { port: place.port, resource: place.resource, nonce };
    return Array.from({ length: count }, (_, at) => guardedCall(target, holders[at % holders.length] ?? never(), { tool }));
  };
  const { port, program, postgresPid } = place;
  return loaded(plan, { name: `${name} c=${connections}`, port, connections, program, make, postgresPid });
}

function never(): never {
  throw new RangeError('no agents are at work');
}

type Loaded = PlainSide & { readonly make: (count: number) => Promise<readonly Buffer[]>; readonly postgresPid?: number };

function loaded(plan: Plan, { name, port, connections, program, make, postgresPid }: Loaded): Side<Figure> {
  const seconds = plan.quick ? 0.5 : 1.5;
  let expected = 1_500;
  const postgresMicros = () => (postgresPid === undefined ? 0 : familyCpuMicros(postgresPid));
  const round = async (): Promise<Record<Figure, number>> => {
    const requests = await make(Math.ceil(expected * seconds * 1.5));
    const before = { server: await program.cpuMicros(), postgres: postgresMicros() };
    const load = await runLoad({ port, connections, requests, seconds, check: isAnswered });
    const server = (await program.cpuMicros()) - before.server;
    expected = load.answered / load.seconds;
    return {
      p50Ms: load.p50Ms,
      p99Ms: load.p99Ms,
      rate: expected,
      serverMicros: server / load.answered,
      postgresMicros: (postgresMicros() - before.postgres) / load.answered,
    };
  };
  return { name, round };
}
