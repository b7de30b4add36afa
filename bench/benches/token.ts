import { measureBareCrypto } from '../harness/bare-crypto.ts';
import { familyCpuMicros } from '../harness/cpu.ts';
import type { Plan } from '../harness/plan.ts';
import { rowOf, type Row } from '../harness/row.ts';
import type { Samples } from '../harness/samples.ts';
import { type Side, takenBy, takeTurns } from '../harness/take-turns.ts';
import { runLoad } from '../load/run-load.ts';
import { type Chain, openChain, signExchanges } from './token/exchange.ts';
import { assertIssuanceRefusals } from './token/refusals.ts';
import { startOidcProvider, startOurs } from './token/sides.ts';
import { fetchNonce, isIssued, signRequests, type TokenSide } from './token/token-side.ts';

/** Requests under way at a time. */
const connections = 16;

/** How many hops lie above the task that an exchange opens, with its own. */
const depths = [1, 3, 10] as const;

/** Clients that take turns. */
const clients = 64;

type Figure = 'perCpuSecond' | 'perCpuSecondWithStore' | 'rate' | 'p50Ms' | 'p99Ms' | 'serverMicros' | 'postgresMicros';

/**
 * `client_credentials` with private_key_jwt and DPoP, a nonce demanded, a JWT for one resource. Ours: the whole server with
 * its own PostgreSQL, every token recorded and every proof and assertion spent durably, with a new task for each. Beside
 * it oidc-provider, which keeps everything in memory. Both are children of this process, which sends what it has signed
 * before. `exchange depth=N` is beside our own `issue`: a delegation token becomes a token for a task N hops below the top, with
 * every link of its chain looked at and fenced.
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
      [...sides.map((side) => measured(side, plan)), ...depths.map((depth) => exchanging(ours, depth, plan))],
      { rounds: plan.quick ? 2 : 10, before },
    );
    const issuing = takenBy(taken, ours.name);
    for (const row of rowsOf(issuing, { name: peer.name, taken: takenBy(taken, peer.name) }, bare)) give(row);
    for (const depth of depths) give(exchangeRow(depth, takenBy(taken, exchangeName(depth)), issuing));
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

const exchangeName = (depth: number): string => `exchange depth=${depth}`;

/** One more hop below a chain that is there: the exchange is measured, not how its delegation tokens were got. */
function exchanging(side: TokenSide, depth: number, plan: Plan): Side<Figure> {
  let chain: Chain | undefined;
  const round = async (): Promise<Record<Figure, number>> => {
    const nonce = await fetchNonce(side);
    chain ??= await openChain(side, depth - 1, nonce);
    const requests = await signExchanges(side, chain, { count: plan.quick ? 300 : 2_000, nonce });
    const before = { server: await side.program.cpuMicros(), postgres: postgresMicros(side) };
    const load = await runLoad({ port: side.port, connections, requests, seconds: 60, check: isIssued });
    const server = (await side.program.cpuMicros()) - before.server;
    const postgres = postgresMicros(side) - before.postgres;
    plan.say(`token: ${exchangeName(depth)} ${Math.round(load.answered / load.seconds)} tokens/s`);
    return {
      perCpuSecond: load.answered / (server / 1_000_000),
      perCpuSecondWithStore: load.answered / ((server + postgres) / 1_000_000),
      rate: load.answered / load.seconds,
      p50Ms: load.p50Ms,
      p99Ms: load.p99Ms,
      serverMicros: server / load.answered,
      postgresMicros: postgres / load.answered,
    };
  };
  return { name: exchangeName(depth), round };
}

function exchangeRow(depth: number, { perCpuSecond }: Taken, issuing: Taken): Row {
  return rowOf({
    bench: 'token',
    case: exchangeName(depth),
    unit: 'req/cpu-s',
    better: 'higher',
    ours: perCpuSecond,
    peer: { name: 'own issue', samples: issuing.perCpuSecond },
  });
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
