import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashAccessToken } from '@surety/proof/dpop';
import { readJws } from '@surety/proof/jws';
import { findNewestNumber } from '#change/change-store';
import type { Authority, AuthorityNode } from '#http/testing/authority';
import { type Answer, assertionType, post } from '#http/testing/client';
import { openPool } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { spendKey } from '#ledger/commit-queue';
import type { RaceEnd } from './race-ends.ts';
import type { Attempt, RacePath } from './race-paths.ts';
import { exchanging, openRaceWorld, type Party, type RaceGround, type RaceWorld } from './race-world.ts';

export type Race = {
  readonly path: readonly [name: string, path: RacePath];
  readonly end: readonly [name: string, end: RaceEnd];
  /** How many milliseconds after the request was sent the end begins; negative: before. */
  readonly lagMs: number;
  /** Which node is asked. */
  readonly node: number;
  /** Whether the commit of the token is held up between its look at the changes and its end, until the end is acknowledged. */
  readonly isHeld: boolean;
};

/** What came of a race. `issued`: a token left. `deafMs`: how long after the end was acknowledged every node had heard of it. */
export type RaceResult = { readonly path: string; readonly issued: boolean; readonly deafMs: number };

type Running = { readonly ground: RaceGround; readonly world: RaceWorld; readonly race: Race };

/**
 * One race: a request for a token is under way while something that it stands on ends. However it comes out, once the end is
 * acknowledged no node issues anything more on it, and no token that was issued before or meanwhile opens any door, then or
 * when what had ended is made as good as new.
 */
export async function runRace(ground: RaceGround, race: Race): Promise<RaceResult> {
  const { nodes } = ground.authority;
  const [path, end] = [race.path[1], race.end[1]];
  const world = await insist(() => openRaceWorld(ground, path.needs));
  const running = { ground, world, race };
  const node = nodes[race.node % nodes.length] ?? assert.fail('there is no node');
  const attempt = await path.prepare(ground, world, node.url);
  const later = await Promise.all(nodes.map(({ url }) => path.prepare(ground, world, url)));
  let deafMs = 0;
  const finish = async () => {
    await end.run(ground, world);
    const heard = hear(ground.authority);
    const answers = await Promise.all(later.map((one) => one.send()));
    for (const { status } of answers) assert.notEqual(status, 200, tell(race, 'issued after the end was acknowledged'));
    deafMs = await heard;
  };
  const answer = await (race.isHeld ? holdUp(ground, attempt, finish) : runTogether(attempt, race.lagMs, finish));
  const isIssued = answer.status === 200;
  const token = isIssued && path.isForeign !== true ? String(answer.body['access_token']) : undefined;
  await opensNothing(running, token, answer);
  if (end.undo !== undefined) {
    await end.undo(ground, world);
    await hear(ground.authority);
    await opensNothing(running, token, answer);
  }
  return { path: race.path[0], issued: isIssued, deafMs };
}

/** What is only prepared may be prepared again: a computer that is busy with something else is no finding. */
async function insist<Result>(prepare: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await prepare();
    } catch (thrown) {
      if (tries === 4) throw thrown;
    }
  }
}

function tell({ path, end, lagMs, node, isHeld }: Race, what: string): string {
  return `${what}: ${path[0]}, ${end[0]}, node ${node}, ${isHeld ? 'held up' : `${lagMs} ms apart`}`;
}

/** Waits until every node has applied what is committed, and says how long that took, in milliseconds. */
async function hear({ db, nodes }: Authority): Promise<number> {
  const since = performance.now();
  const newest = await findNewestNumber(db);
  for (const { feed } of nodes) assert.ok(await feed.waitFor(newest, 5_000), 'a node did not hear of a change');
  return performance.now() - since;
}

async function runTogether(attempt: Attempt, lagMs: number, finish: () => Promise<void>): Promise<Answer> {
  const sent = sleep(Math.max(0, -lagMs)).then(attempt.send);
  await sleep(Math.max(0, lagMs));
  await finish();
  return sent;
}

/**
 * The slowest commit there is: another transaction has spent the same proof and not said yet whether it will have. The
 * statement has taken its snapshot, and looked at the changes by it; it goes on when the end is acknowledged.
 */
export async function holdUp(
  { authority }: Pick<RaceGround, 'authority'>,
  { send, proof }: Attempt,
  finish: () => Promise<void>,
): Promise<Answer> {
  const pool = openPool(authority.databaseUrl, 1);
  const holder = await pool.connect();
  try {
    await holder.query('begin');
    await holder.query('insert into spent_proof (key, expires_at) values ($1, now())', [spendKey('dpop', proof.jkt, proof.jti)]);
    const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
    let isAnswered = false;
    const sent = send().finally(() => (isAnswered = true));
    for (;;) {
      const waiting = await authority.db.query('select 1 from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
        rows[0]?.pid,
      ]);
      if (waiting.rowCount > 0 || isAnswered) break;
      await sleep(2);
    }
    await finish();
    await holder.query('rollback');
    return await sent;
  } finally {
    holder.release(true);
    await pool.end();
  }
}

/** Nothing that was given out on what has ended is worth anything at any node. */
async function opensNothing({ ground, world, race }: Running, token: string | undefined, answer: Answer): Promise<void> {
  const { authority } = ground;
  const { last, other, tasks } = world;
  const [path, end] = [race.path[1], race.end[1]];
  const isOfChain = end.ends.includes('chain');
  for (const node of authority.nodes) {
    const dead = async (one: string, by: Party, key = by.client.dpopKey) => {
      assert.equal(await admits(node, one, { client: by.client, key }), false, tell(race, 'a door opened'));
      assert.equal(await isKnown(authority, node, { token: one, by }), false, tell(race, 'introspection vouched for it'));
    };
    if (isOfChain) {
      await dead(world.token, last);
      assert.notEqual((await last.client.token({ task: tasks.last }, node.url)).status, 200, tell(race, 'the task went on'));
    }
    const offer = isOfChain && !end.isLast ? world.offers.pop() : undefined;
    if (offer !== undefined)
      assert.notEqual(
        (await last.client.token(exchanging(offer), node.url)).status,
        200,
        tell(race, 'what was handed on before was taken over'),
      );
    if (token === undefined) continue;
    if (path.isOffer === true) {
      const { status } = await other.client.token(exchanging(token), node.url);
      assert.notEqual(status, 200, tell(race, 'what was handed on was taken over'));
      continue;
    }
    const isOfCopy = path.stands === 'platform' || path.stands === 'document';
    if (!isOfCopy) await dead(token, last, ['consent', 'code'].includes(path.stands) ? last.key : undefined);
    assert.equal(await isKnown(authority, node, { token, by: last }), false, tell(race, 'introspection vouched for it'));
    const renewed = await last.client.token({ task: String(answer.body['task']) }, node.url);
    assert.notEqual(renewed.status, 200, tell(race, 'the task of the token went on'));
  }
}

/** Whether the door of a protected system or of the API lets a token in. */
export async function admits(
  { authenticator }: AuthorityNode,
  token: string,
  { client, key }: { readonly client: Party['client']; readonly key: Party['key'] },
): Promise<boolean> {
  const { aud } = readJws(token, { typ: 'at+jwt' }).claims;
  const audience = typeof aud === 'string' ? aud : '';
  const ath = hashAccessToken(token);
  const dpop = client.proof({ htm: 'POST', htu: audience, ath, nonce: authenticator.nonce(), jti: crypto.randomUUID() }, {}, key);
  for (;;) {
    try {
      await authenticator.authenticate({ method: 'POST', url: audience, audience, authorization: `DPoP ${token}`, dpop: [dpop] });
      return true;
    } catch (thrown) {
      assert.ok(thrown instanceof Fault, String(thrown));
      if (thrown.code === 'token.ended') return false;
      assert.equal(thrown.code, 'service.not_ready');
      await sleep(50);
    }
  }
}

async function isKnown(
  { issuer }: Authority,
  node: AuthorityNode,
  { token, by }: { readonly token: string; readonly by: Party },
): Promise<boolean> {
  const form = new URLSearchParams({
    token,
    client_assertion_type: assertionType,
    client_assertion: by.client.assertion({ aud: issuer }),
  });
  const { status, body } = await post(`${node.url}/introspect`, form);
  return status === 200 && body['active'] === true;
}
