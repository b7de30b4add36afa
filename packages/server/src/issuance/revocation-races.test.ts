import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJws } from '@surety/proof/jws';
import { afterAll, beforeAll, test } from 'vitest';
import { getTask } from '#delegation/task-store';
import { createCertificateReader } from '#authn/client-certificate';
import { addIssuer } from '#federation/add-issuer';
import { openDocumentHost } from '#federation/testing/document-host';
import { openPlatform } from '#federation/testing/platform';
import { openAuthority } from '#http/testing/authority';
import { type Answer, openClient } from '#http/testing/client';
import { changeHuman } from '#registry/change-human';
import { moveAgent } from '#registry/move-agent';
import { raceEnds } from './testing/race-ends.ts';
import { racePaths, ready } from './testing/race-paths.ts';
import { crmOf, exchanging, federating, openRaceWorld, openSigner, type RaceGround } from './testing/race-world.ts';
import { admits, holdUp, type Race, type RaceResult, runRace } from './testing/run-race.ts';

/** How many pairs are raced: a thousand by `SURETY_RACE_PAIRS=1000`. */
const pairs = Number(process.env['SURETY_RACE_PAIRS'] ?? 40);

/** The same pairs again by `SURETY_RACE_SEED`. */
const seed = Number(process.env['SURETY_RACE_SEED'] ?? randomInt(1_000_000));

/** Races that run at the same time. */
const atOnce = 3;

let ground: RaceGround;
let close: () => Promise<void>;

beforeAll(async () => {
  const certificateOf = createCertificateReader({ address: '127.0.0.1', header: 'client-cert' });
  const authority = await openAuthority({ nodes: 2, certificateOf });
  await authority.system('crm');
  await authority.system('erp');
  const platform = await openPlatform({ audience: authority.issuer, now: authority.clock });
  await authority.settled(
    addIssuer(federating(authority), authority.admin, {
      name: 'github',
      kind: 'github',
      issuer: platform.issuer,
      keys: { from: 'discovery' },
      algs: ['ES256'],
      isInternal: false,
    }),
  );
  const documents = await openDocumentHost();
  await authority.settled(
    addIssuer(federating(authority), authority.admin, {
      name: 'apps',
      kind: 'client-document',
      issuer: documents.host,
      keys: { from: 'discovery' },
      isInternal: false,
      receiver: (await authority.human(['owner'])).id,
    }),
  );
  ground = { authority, platform, documents, partner: 'https://partner.example', signer: await openSigner(authority) };
  close = async () => {
    await platform.close();
    await documents.close();
    await authority.close();
  };
});
afterAll(() => close());

/** Every way to a token with every end of what it stands on. */
const matches = Object.entries(racePaths).flatMap((path) =>
  Object.entries(raceEnds)
    .filter(([, { ends }]) => ends.includes(path[1].stands))
    .map((end) => ({ path, end })),
);

async function runAll(races: readonly Race[]): Promise<RaceResult[]> {
  const results: RaceResult[] = [];
  let next = 0;
  const drive = async () => {
    for (;;) {
      const race = races[next++];
      if (race === undefined) return;
      results.push(await runRace(ground, race));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, drive));
  return results;
}

/** Of a great many: each way was gone both ways; and for how long a node had not heard of an end yet. */
function tellAll(results: readonly RaceResult[]): void {
  const counts = [...Map.groupBy(results, ({ path }) => path)].map(([path, some]) => {
    const issued = some.filter((one) => one.issued).length;
    assert.ok(issued > 0 && issued < some.length, `${path}: ${issued} of ${some.length} were issued`);
    return `${path}: ${issued} of ${some.length}`;
  });
  const deaf = results.map(({ deafMs }) => deafMs).toSorted((one, other) => one - other);
  console.log(counts.join('\n'), { deafMs: { p50: deaf[deaf.length >> 1], last: deaf.at(-1) } });
}

/** From a seed, so that what was found can be found again: every match in turn, a few milliseconds apart either way. */
function draw(count: number, isHeld: boolean): Race[] {
  return Array.from({ length: count }, (_, at) => {
    const turn = (at + 1) * 7_919 + seed * 31;
    const match = matches[turn % matches.length] ?? assert.fail('there is nothing to race');
    return { ...match, lagMs: (Math.floor(turn / matches.length) % 25) - 6, node: at % 2, isHeld };
  });
}

test(
  `whatever a token stands on ends while it is asked for: it opens nothing then, and nothing is issued after (${pairs} pairs, seed ${seed})`,
  async () => {
    const results = await runAll(draw(pairs, false));
    const issued = results.filter((one) => one.issued).length;
    assert.ok(issued > 0 && issued < results.length, `both orders were seen: ${issued} of ${results.length} were issued`);
    if (pairs >= 500) tellAll(results);
  },
  Math.max(60_000, pairs * 2_000),
);

const held = Math.min(Math.ceil(pairs / 2), matches.length);

test(
  `the same with a commit that is held up until the end is acknowledged (${held} of ${matches.length})`,
  async () => {
    const results = await runAll(draw(held, true));
    assert.ok(
      results.some((one) => one.issued),
      'the slow commits came through',
    );
  },
  Math.max(60_000, pairs * 2_000),
);

test('a delegation token that is given back while it is exchanged: what came of it has ended, or nothing does', async () => {
  const { authority } = ground;
  for (const lagMs of [0, 5, 30]) {
    const world = await openRaceWorld(ground, undefined);
    const subject = world.offers.pop() ?? '';
    const attempt = await ready(world.last.client, authority.issuer, exchanging(subject));
    let revoked: Promise<Answer> | undefined;
    const answer = await holdUp(ground, attempt, async () => {
      revoked = world.middle.client.ask('/revoke', subject);
      await sleep(lagMs);
    });
    assert.equal((await revoked)?.status, 200);
    const { rows } = await authority.db.query<{ id: string }>("select id from task where granted->>'offer' = $1", [
      readJws(subject, { typ: 'at+jwt' }).claims['jti'],
    ]);
    assert.equal(rows.length, Number(answer.status === 200));
    for (const { id } of rows)
      assert.equal((await getTask(authority.db, id)).state, 'ended', 'in the database, also when no node remembers');
  }
});

test('a token that was issued between two cut-offs of one second is ended by the second', async () => {
  const { authority } = ground;
  const house = { db: authority.db, clock: authority.clock };
  const [node] = authority.nodes;
  const agent = await authority.agent();
  const person = await authority.human(['administrator']);
  const blink = {
    agent: async () => {
      for (const to of ['suspended', 'active'] as const)
        await authority.settled(moveAgent(house, authority.admin, { agent: agent.id, to, reason: 'a race' }));
    },
    person: async () => {
      for (const state of ['suspended', 'active'] as const)
        await authority.settled(changeHuman(house, authority.admin, { human: person.id, state }));
    },
  };
  for (const [principal, twice, resource] of [
    [agent, blink.agent, crmOf(authority)],
    [person, blink.person, `${authority.issuer}/v1`],
  ] as const) {
    const client = openClient(authority.issuer, principal, resource, authority.clock);
    let late = 0;
    for (let round = 0; round < 4; round++) {
      await twice();
      const token = await client.accessToken();
      late += Number(await admits(node ?? assert.fail(), token, { client, key: client.dpopKey }));
      await twice();
      assert.equal(await admits(node ?? assert.fail(), token, { client, key: client.dpopKey }), false);
    }
    assert.equal(late, 4, 'each was good for a moment');
  }
});
