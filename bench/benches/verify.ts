import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { ownCpuMicros } from '../harness/cpu.ts';
import { collectGarbage } from '../harness/collect-garbage.ts';
import type { Plan } from '../harness/plan.ts';
import { rowOf, type Row } from '../harness/row.ts';
import { type Side, takenBy, takeTurns } from '../harness/take-turns.ts';
import { type SignedCall, signCalls, signForgeries, type Verifier } from './verify/calls.ts';
import { joseVerifier } from './verify/jose.ts';
import { oauth4webapiVerifier } from './verify/oauth4webapi.ts';
import { ourVerifier } from './verify/ours.ts';
import { openWorld, type World } from './verify/world.ts';

type Case = { readonly name: string; readonly callsPerRound: number; readonly callsPerToken: number };

/**
 * One verification of a DPoP-bound access token at a resource server, with the replay table and the cut-offs looked up.
 * `verify`: a token that was seen before, with a fresh proof, as in all calls of an agent but its first. `verify first use`:
 * a token nobody has seen. The clock runs over verification alone; tokens and proofs are signed before it.
 */
export async function benchVerify(plan: Plan, give: (row: Row) => void): Promise<void> {
  const size = plan.quick ? 60 : 2_000;
  const cases: readonly Case[] = [
    { name: 'verify', callsPerRound: size, callsPerToken: size },
    { name: 'verify first use', callsPerRound: size / 2, callsPerToken: 1 },
  ];
  for (const one of cases) {
    plan.say(`${one.name}: ${one.callsPerRound} calls a round`);
    for (const row of await measure(plan, one)) give(row);
  }
}

async function measure(plan: Plan, { name, callsPerRound, callsPerToken }: Case): Promise<readonly Row[]> {
  const world = await openWorld();
  const verifiers = [ourVerifier(world), joseVerifier(world), oauth4webapiVerifier(world)] as const;
  const kept = callsPerToken === 1 ? [] : world.agents.map((agent) => world.signToken(agent));
  let calls: readonly SignedCall[] = [];
  const before = async (): Promise<void> => {
    for (const verifier of verifiers) await assertRefusals(world, verifier);
    const tokens = kept.length > 0 ? kept : Array.from({ length: callsPerRound }, (_, at) => world.signToken(world.agentAt(at)));
    calls = signCalls(world, tokens, callsPerRound);
  };
  const sides = [...verifiers, bareVerifier].map((verifier) => sideOf(verifier, () => calls));
  const taken = await takeTurns(sides, { rounds: plan.quick ? 2 : 11, before });
  const microsOf = ({ name: party }: Verifier) => takenBy(taken, party).micros;
  const [ours, ...peers] = verifiers;
  return [...peers, bareVerifier].map((peer) =>
    rowOf({
      bench: 'verify',
      case: name,
      unit: 'us CPU',
      better: 'lower',
      ours: microsOf(ours),
      peer: { name: peer.name, samples: microsOf(peer) },
      floor: microsOf(bareVerifier),
    }),
  );
}

/** The signature of the proof alone: what no verifier can do without. */
const bareVerifier: Verifier = {
  name: 'one bare ES256 verify',
  verify: ({ bare: { text, signature, key } }) => {
    if (!verify('sha256', text, key, signature)) throw new Error('a signature of our own does not hold');
  },
};

function sideOf(verifier: Verifier, callsNow: () => readonly SignedCall[]): Side<'micros'> {
  const round = async () => {
    const calls = callsNow();
    collectGarbage();
    const before = ownCpuMicros();
    for (const call of calls) await verifier.verify(call);
    return { micros: (ownCpuMicros() - before) / calls.length };
  };
  return { name: verifier.name, round };
}

/** Speed is not bought by looking away: each party refuses what must be refused, before every round. */
async function assertRefusals(world: World, verifier: Verifier): Promise<void> {
  const { fresh, forged } = signForgeries(world);
  await verifier.verify(fresh);
  for (const [what, call] of [['a proof that was used', fresh] as const, ...forged]) {
    await assert.rejects(async () => verifier.verify(call), Error, `${verifier.name} accepted ${what}`);
  }
}
