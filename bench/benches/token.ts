import { measureBareCrypto } from '../harness/bare-crypto.ts';
import { familyCpuMicros } from '../harness/cpu.ts';
import type { Plan } from '../harness/plan.ts';
import { rowOf, type Row } from '../harness/row.ts';
import type { Samples } from '../harness/samples.ts';
import { type Side, takenBy, takeTurns } from '../harness/take-turns.ts';
import { runLoad } from '../load/run-load.ts';
import { assertIssuanceRefusals } from './token/refusals.ts';
import { startOidcProvider, startOurs } from './token/sides.ts';
import { fetchNonce, isIssued, signRequests, type TokenSide } from './token/token-side.ts';

/** Requests under way at a time. */
const connections = 16;

/** Clients that take turns. */
const clients = 64;

type Figure = 'perCpuSecond' | 'perCpuSecondWithStore' | 'rate' | 'p50Ms' | 'p99Ms' | 'serverMicros' | 'postgresMicros';

/**
 * `client_credentials` with private_key_jwt and DPoP, a nonce demanded, a JWT for one resource. Ours: the whole server with
 * its own PostgreSQL, every token recorded and every proof and assertion spent durably, with a new task for each. Beside
 * it oidc-provider, which keeps everything in memory. Both are children of this process, which sends what it has signed
 * before.
 */
export async function benchToken(plan: Plan, give: (row: Row) => void): Promise<void> {
  const sides: TokenSide[] = [];
  try {
    plan.say('token: starting both servers');
    const ours = await startOurs(plan, clients);
    sides.push(ours);
    const peer = await startOidcProvider(plan, clients);
    sides.push(peer);
    const bare: number[] = [];
    const before = (): void => {
      const { verifyMicros, signMicros } = measureBareCrypto(plan.quick ? 100 : 1_000);
      bare.push(1_000_000 / (2 * verifyMicros + signMicros));
    };
    const taken = await takeTurns(
      sides.map((side) => measured(side, plan)),
      { rounds: plan.quick ? 2 : 10, before },
    );
    for (const row of rowsOf(takenBy(taken, ours.name), { name: peer.name, taken: takenBy(taken, peer.name) }, bare)) give(row);
  } finally {
    await Promise.all(sides.map(({ program }) => program.close()));
  }
}

/** The refusals come after the clock has stopped, in every round. */
function measured(side: TokenSide, plan: Plan): Side<Figure> {
  const seconds = plan.quick ? 1 : 3;
  let expected = 400;
  const round = async (): Promise<Record<Figure, number>> => {
    const requests = signRequests(side, { count: Math.ceil(expected * seconds * 1.5), nonce: await fetchNonce(side) });
    const before = { server: await side.program.cpuMicros(), postgres: postgresMicros(side) };
    const load = await runLoad({ port: side.port, connections, requests, seconds, check: isIssued });
    const server = (await side.program.cpuMicros()) - before.server;
    const postgres = postgresMicros(side) - before.postgres;
    await assertIssuanceRefusals(side);
    expected = load.answered / load.seconds;
    plan.say(`token: ${side.name} ${Math.round(expected)} tokens/s`);
    return {
      perCpuSecond: load.answered / (server / 1_000_000),
      perCpuSecondWithStore: load.answered / ((server + postgres) / 1_000_000),
      rate: expected,
      p50Ms: load.p50Ms,
      p99Ms: load.p99Ms,
      serverMicros: server / load.answered,
      postgresMicros: postgres / load.answered,
    };
  };
  return { name: side.name, round };
}

function postgresMicros({ postgresPid }: TokenSide): number {
  return postgresPid === undefined ? 0 : familyCpuMicros(postgresPid);
}

type Taken = Readonly<Record<Figure, Samples>>;

type Case = { readonly name: string; readonly unit: string; readonly better: 'lower' | 'higher'; readonly figure: Figure };

const cases: readonly Case[] = [
  { name: 'issue', unit: 'req/cpu-s', better: 'higher', figure: 'perCpuSecond' },
  { name: 'issue with postgres', unit: 'req/cpu-s', better: 'higher', figure: 'perCpuSecondWithStore' },
  { name: 'issue rate', unit: 'req/s', better: 'higher', figure: 'rate' },
  { name: 'issue p50', unit: 'ms', better: 'lower', figure: 'p50Ms' },
  { name: 'issue p99', unit: 'ms', better: 'lower', figure: 'p99Ms' },
  { name: 'issue cpu server', unit: 'us CPU', better: 'lower', figure: 'serverMicros' },
];

/** The floor of a token is two signatures verified and one made, and nothing else. */
function rowsOf(ours: Taken, peer: { readonly name: string; readonly taken: Taken }, bare: Samples): readonly Row[] {
  const rows = cases.map(({ name, unit, better, figure }) =>
    rowOf({
      bench: 'token',
      case: name,
      unit,
      better,
      ours: ours[figure],
      peer: { name: peer.name, samples: peer.taken[figure] },
      floor: unit === 'req/cpu-s' ? bare : undefined,
    }),
  );
  return [
    ...rows,
    rowOf({ bench: 'token', case: 'issue cpu postgres', unit: 'us CPU', better: 'lower', ours: ours.postgresMicros }),
  ];
}
