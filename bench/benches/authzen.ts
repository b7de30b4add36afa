import assert from 'node:assert/strict';
import { generateSigningKey } from '@surety/proof/jwk';
import { familyCpuMicros } from '../harness/cpu.ts';
import type { Plan } from '../harness/plan.ts';
import { type Row, rowOf, type RowSource } from '../harness/row.ts';
import { type Side, takenBy, takeTurns } from '../harness/take-turns.ts';
import { openConnection, postBytes } from '../load/http-connection.ts';
import type { HttpAnswer } from '../load/read-answer.ts';
import { runLoad } from '../load/run-load.ts';
import { type Asked, askedBytes, openAsked, type Prepared, recordQuestion, toolQuestion } from './authzen/asker.ts';

const connections = 16;
const batchSize = 50;
const [evaluation, evaluations] = ['/access/v1/evaluation', '/access/v1/evaluations'];

type Figure = 'p50Ms' | 'rate' | 'serverMicros' | 'postgresMicros';

/**
 * A decision over HTTP (AuthZEN): one question, about records of an application and about a call of an agent, and fifty at once;
 * beside an echo that decides nothing, bare and behind the same door.
 */
export async function benchAuthzen(plan: Plan, give: (row: Row) => void): Promise<void> {
  plan.say('authzen: starting the server');
  const asked = await openAsked(plan);
  try {
    const { started } = asked;
    const { port, doorPort, barePort, agent } = started;
    const item = (body: (at: number) => object) => ({ evaluations: Array.from({ length: batchSize }, (_, at) => body(at)) });
    const one =
      (body: (at: number, prepared: Prepared) => object, to = port, path = evaluation) =>
      ({ prepared, at }: Make) =>
        askedBytes(started, prepared, { port: to, path, body: body(at, prepared) });
    const tool = (at: number, { task }: Prepared) => toolQuestion(agent.id, task, at);
    const sides = [
      side(plan, asked, { name: 'bare', port: barePort, make: ({ at }) => bareBytes(barePort, recordQuestion(at)) }),
      side(plan, asked, { name: 'door', port: doorPort, make: one(recordQuestion, doorPort) }),
      side(plan, asked, { name: 'single', port, make: one(recordQuestion) }),
      side(plan, asked, { name: 'single tool', port, make: one(tool) }),
      side(plan, asked, { name: 'batch', port, make: one(() => item(recordQuestion), port, evaluations) }),
      side(plan, asked, {
        name: 'batch tool',
        port,
        make: one((_, prepared) => item((at) => tool(at, prepared)), port, evaluations),
      }),
    ];
    const before = async (round: number): Promise<void> => {
      await assertRefusals(asked);
      plan.say(`authzen: round ${round}`);
    };
    for (const row of rowsOf(await takeTurns(sides, { rounds: plan.quick ? 2 : 10, before }))) give(row);
  } finally {
    await asked.program.close();
  }
}

function bareBytes(port: number, body: object): Buffer {
  return postBytes(port, '/', { 'content-type': 'application/json' }, JSON.stringify(body));
}

type Make = { readonly prepared: Prepared; readonly at: number };
type SideSpec = { readonly name: string; readonly port: number; readonly make: (one: Make) => Buffer };

function side(plan: Plan, { program, started, prepare }: Asked, { name, port, make }: SideSpec): Side<Figure> {
  const seconds = plan.quick ? 0.4 : 1.5;
  let expected = name.startsWith('batch') ? 200 : 2_000;
  const round = async (): Promise<Record<Figure, number>> => {
    const prepared = await prepare();
    const requests = Array.from({ length: Math.ceil(expected * seconds * 1.5) }, (_, at) => make({ prepared, at }));
    const before = { server: await program.cpuMicros(), postgres: familyCpuMicros(started.postgresPid) };
    const load = await runLoad({ port, connections, requests, seconds, check: isPermitted });
    const server = (await program.cpuMicros()) - before.server;
    expected = load.answered / load.seconds;
    return {
      p50Ms: load.p50Ms,
      rate: expected,
      serverMicros: server / load.answered,
      postgresMicros: (familyCpuMicros(started.postgresPid) - before.postgres) / load.answered,
    };
  };
  return { name, round };
}

/** Every question of the load is one that is permitted: another answer means that something else was measured. */
function isPermitted({ status, body }: HttpAnswer): void {
  const text = body.toString('utf8', 0, 2_000);
  if (status !== 200 || !text.includes('"decision":true') || text.includes('"decision":false'))
    throw new Error(`no permit: ${status} ${text}`);
}

type Turns = Awaited<ReturnType<typeof takeTurns<Figure>>>;

function rowsOf(taken: Turns): readonly Row[] {
  const of = (name: string) => takenBy(taken, name);
  const each = (name: string) => of(name).serverMicros.map((micros) => micros / batchSize);
  const row = (name: string, unit: string, source: Pick<RowSource, 'ours' | 'peer' | 'floor'>): Row =>
    rowOf({ bench: 'authzen', case: name, unit, better: unit === 'req/s' ? 'higher' : 'lower', ...source });
  const door = { name: 'no-op behind the same door', samples: of('door').serverMicros };
  const floor = of('bare').serverMicros;
  return [
    row('evaluation', 'us CPU', { ours: of('single').serverMicros, peer: door, floor }),
    row('evaluation beside a bare echo', 'us CPU', {
      ours: of('single').serverMicros,
      peer: { name: 'no-op JSON echo', samples: floor },
    }),
    row('evaluation tool', 'us CPU', { ours: of('single tool').serverMicros, peer: door, floor }),
    row('evaluations batch=50 each', 'us CPU', {
      ours: each('batch'),
      peer: { name: 'evaluation', samples: of('single').serverMicros },
    }),
    row('evaluations tool batch=50 each', 'us CPU', {
      ours: each('batch tool'),
      peer: { name: 'evaluation tool', samples: of('single tool').serverMicros },
    }),
    row('evaluation with postgres', 'us CPU', {
      ours: sum(of('single').serverMicros, of('single').postgresMicros),
      peer: { name: door.name, samples: sum(of('door').serverMicros, of('door').postgresMicros) },
    }),
    row('evaluation p50', 'ms', { ours: of('single').p50Ms, peer: { name: door.name, samples: of('door').p50Ms } }),
    row('evaluation rate', 'req/s', { ours: of('single').rate, peer: { name: door.name, samples: of('door').rate } }),
  ];
}

function sum(samples: readonly number[], others: readonly number[]): readonly number[] {
  return samples.map((value, at) => value + (others[at] ?? Number.NaN));
}

/** What must be refused is refused in this very process: speed is not bought by looking away. */
async function assertRefusals({ started, prepare }: Asked): Promise<void> {
  const prepared = await prepare();
  const { port, agent } = started;
  const request = (body: object, change: Partial<Prepared> = {}) =>
    askedBytes(started, { ...prepared, ...change }, { port, path: evaluation, body });
  const used = request(recordQuestion(0));
  isPermitted(await send(port, used));
  const attempts: readonly (readonly [string, Buffer])[] = [
    ['a proof that was used', used],
    ['a proof by another key', request(recordQuestion(0), { key: generateSigningKey() })],
    ['a stale nonce', request(recordQuestion(0), { nonce: 'A'.repeat(32) })],
    ['no token', bareBytes(port, recordQuestion(0))],
    ['a record of another desk', request({ ...recordQuestion(0), resource: { type: 'record', id: 'r1' } })],
    ['the task of nobody', request(toolQuestion(agent.id, 'tsk_none', 0))],
    [
      'an operation that does not exist',
      request({ ...toolQuestion(agent.id, prepared.task, 0), resource: { type: 'tool', id: 'crm.none' } }),
    ],
  ];
  for (const [what, bytes] of attempts) {
    const { body } = await send(port, bytes);
    assert.ok(!body.includes('"decision":true'), `the decision point let pass ${what}`);
  }
}

async function send(port: number, request: Buffer): Promise<HttpAnswer> {
  const connection = await openConnection(port);
  try {
    return await connection.send(request);
  } finally {
    connection.close();
  }
}
