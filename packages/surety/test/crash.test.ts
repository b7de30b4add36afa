import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished, test } from 'vitest';
import { findClaim } from '../src/claim-file.ts';
import type { ByHand } from './by-hand.ts';
import { claimAs, classify, hire, type Person, protect, refunds } from './company.ts';
import { assertNothingLost, assertUnknown, type KeptLog, readLog } from './crash-check.ts';
import { type Acknowledged, emptyAcknowledged, startLoad } from './crash-load.ts';
import { openRecordingSystem, type RecordingSystem, until } from './recording-system.ts';
import { freePort, startSurety, type SuretyChild } from './surety-child.ts';

const rounds = Number(process.env['SURETY_CRASH_ROUNDS'] ?? 5);

/** One data folder with everything on it, that outlives each crash. */
type World = {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly payments: RecordingSystem;
  readonly maya: Person;
  readonly agents: readonly ByHand[];
  readonly slow: ByHand;
  readonly acknowledged: Acknowledged;
  surety: SuretyChild;
  kept: KeptLog | undefined;
};

async function openWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), `surety-test-${process.pid}-`));
  const env = {
    SURETY_DATA_DIR: folder,
    SURETY_PORT: String(await freePort()),
    SURETY_GATEWAY_PORT: String(await freePort()),
    SURETY_HOLD_MS: '5000',
  };
  const payments = await openRecordingSystem();
  const world: Partial<World> & { surety?: SuretyChild } = {
    folder,
    env,
    payments,
    acknowledged: emptyAcknowledged(),
    kept: undefined,
  };
  onTestFinished(async () => {
    await world.surety?.end('SIGTERM');
    await payments.close();
    await rm(folder, { recursive: true, force: true });
  });
  const surety = (world.surety = await startSurety(env));
  const maya = await claimAs(surety.at, await claimCode(folder));
  await protect(maya, 'payments', payments.url);
  await classify(maya, 'payments', 'refund', 'money');
  const hireOne = (name: string) => hire(surety.at, maya, { name, permissions: refunds });
  const agents = [await hireOne('held'), await hireOne('one'), await hireOne('two'), await hireOne('three')];
  return Object.assign(world, { maya, agents, slow: await hireOne('slow') }) as World;
}

async function claimCode(folder: string): Promise<string> {
  let code = '';
  await until('there is a claim code', async () => (code = (await findClaim(folder))?.code ?? '') !== '');
  return code;
}

/** The server process of PostgreSQL, as it wrote its number down. */
function postmaster({ folder }: World): number {
  return Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

const kinds: Readonly<Record<string, (world: World) => Promise<void>>> = {
  Surety: async (world) => {
    await world.surety.end('SIGKILL');
    world.surety = await startSurety(world.env);
  },
  PostgreSQL: async (world) => {
    process.kill(postmaster(world), 'SIGKILL');
  },
  'Surety and PostgreSQL': async (world) => {
    const pid = postmaster(world);
    const gone = world.surety.end('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await gone;
    world.surety = await startSurety(world.env);
  },
};

for (const [victim, kill] of Object.entries(kinds)) {
  test(
    `${rounds} times kill -9 of ${victim} under load: it comes back by itself, and nothing that was acknowledged is lost`,
    { timeout: 30_000 + rounds * 20_000 },
    async () => {
      const world = await openWorld();
      const back: number[] = [];
      for (let round = 0; round < rounds; round++) {
        back.push(await crash(world, `${round}`, kill));
        // A database that crashes again and again is started again ever more slowly; a node that is started anew forgets that.
        if (round % 4 === 3) await restart(world);
      }
      const { acknowledged, kept } = world;
      const { unknown } = assertNothingLost(kept?.entries ?? [], acknowledged, await effectsOf(world));
      await restart(world); // what the old node might still have carried is nobody's now
      await assertUnknown(world.maya, unknown);
      console.log(
        `kill -9 of ${victim}, ${rounds} rounds: back after ${Math.max(...back)} ms at most; ${acknowledged.allowed.length} calls, ` +
          `${acknowledged.denied.length} refusals, ${acknowledged.answered.length} yeses, ${acknowledged.tokens.length} tokens acknowledged, none lost; ` +
          `${unknown.length} outcomes unknown; ${kept?.entries.length ?? 0} entries verified`,
      );
      assert.ok(acknowledged.allowed.length > rounds * 10 && acknowledged.answered.length >= rounds, 'there was no load');
    },
  );
}

async function restart(world: World): Promise<void> {
  assert.equal(await world.surety.end('SIGTERM'), 0);
  world.surety = await startSurety(world.env);
}

/** Load, a call in flight, the crash, and the load again until calls pass; then everything is looked at. */
async function crash(world: World, name: string, kill: (world: World) => Promise<void>): Promise<number> {
  const { agents, maya, acknowledged, payments, slow } = world;
  const load = startLoad(agents, maya, acknowledged, name);
  const order = `slow-${name}`;
  const inFlight = slow.call('payments', 'slow', { order }).catch(() => undefined);
  await until('a call is in flight, and others pass', () => payments.waiting() > 0 && load.count() > 5);
  await pause(randomInt(100, 300));
  const from = performance.now();
  await kill(world);
  const before = load.count();
  await until('calls pass again', () => load.count() > before + 5, 30_000).catch((cause: unknown) => {
    throw new Error(`after the crash nothing passes: ${load.lastWords()}\n${world.surety.stderr()}`, { cause });
  });
  const back = Math.round(performance.now() - from);
  payments.release();
  await inFlight;
  await pause(100);
  await load.end();
  world.kept = await readLog(maya, world.kept);
  assertNothingLost(world.kept.entries, acknowledged, await effectsOf(world));
  return back;
}

async function effectsOf({ payments }: World): Promise<string[]> {
  return (await payments.ledger()).filter((order) => !order.startsWith('slow-'));
}
