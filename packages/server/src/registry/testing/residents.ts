import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from '@surety/contract/agent';
import type { Human } from '@surety/contract/human';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { signJws } from '@surety/proof/jws';
import { lockChanges } from '#change/change-store';
import type { Db } from '#kernel/db';
import { addHuman } from '../add-human.ts';
import { changeHuman } from '../change-human.ts';
import { addKey } from '../enrol-key.ts';
import { moveAgent } from '../move-agent.ts';
import { registerAgent } from '../register-agent.ts';

/** A clock that tests hold in their hands. Each look moves it by a millisecond, so that ids sort in the order of acts. */
export function heldClock(start = Date.parse('2026-03-02T09:00:00.000Z')) {
  let now = start;
  return { clock: () => (now += 1), pass: (ms: number) => void (now += ms) };
}

let names = 0;

export function freshName(stem: string): string {
  names += 1;
  return `${stem}-${names}`;
}

/** Sets up people and agents of one house. Everything goes through the verbs. */
export function residents(db: Db, clock: () => number) {
  const house = { db, clock };
  const human = async (change: { roles?: string[]; state?: Human['state'] } = {}): Promise<Human> => {
    const name = freshName('person');
    const added = await addHuman(house, 'house', {
      name,
      displayName: `Person ${name}`,
      title: '',
      groups: [],
      roles: change.roles ?? [],
    });
    return change.state === undefined || change.state === 'active'
      ? added
      : changeHuman(house, 'house', { human: added.id, state: change.state });
  };
  const agent = async (change: { owner?: string; deputies?: string[]; state?: Agent['state'] } = {}): Promise<Agent> => {
    const name = freshName('agent');
    const owner = change.owner ?? (await human()).id;
    const made = await registerAgent(house, owner, {
      name,
      displayName: `Agent ${name}`,
      purpose: 'answers letters',
      owner,
      deputies: change.deputies ?? [],
      riskTier: 'medium',
      autonomy: 'act_within_limits',
      manifest: {},
    });
    const path = { draft: [], active: ['active'], suspended: ['active', 'suspended'], retired: ['retired'] } as const;
    let moved = made;
    for (const to of path[change.state ?? 'draft'])
      moved = await moveAgent(house, owner, { agent: made.id, to, reason: 'set-up' });
    return moved;
  };
  const keyOf = async (principal: string): Promise<SigningKey & { credential: string }> => {
    const key = generateSigningKey();
    const { id } = await db.transaction((tx) => addKey(tx, clock, { principal, jwk: key.publicJwk, label: 'test' }));
    return { ...key, credential: id };
  };
  return { human, agent, keyOf };
}

/** What the ledger has about something, in order. */
export async function eventsAbout(
  db: Db,
  about: string,
): Promise<{ type: string; actor: string; data: Record<string, unknown> }[]> {
  const { rows } = await db.query<{ type: string; actor: string; body: string }>(
    'select type, actor, body from entry where about = $1 order by at, id',
    [about],
  );
  return rows.map(({ type, actor, body }) => ({
    type,
    actor,
    data: (JSON.parse(body) as { data: Record<string, unknown> }).data,
  }));
}

/** What was announced while `work` ran, as `what key`. */
export async function announcedBy(db: Db, work: () => Promise<unknown>): Promise<string[]> {
  const { rows: before } = await db.query<{ newest: number }>('select coalesce(max(number), 0) as newest from change');
  await work();
  const { rows } = await db.query<{ what: string; key: string }>(
    'select what, key from change where number > $1 order by number',
    [before[0]?.newest ?? 0],
  );
  return rows.map(({ what, key }) => `${what} ${key}`);
}

/** Runs work while no change can be announced, so that all of it comes as far as it can before any of it commits. */
export async function abreast<Result>(db: Db, work: () => Promise<Result>): Promise<Result> {
  const warm = Array.from({ length: 6 }, () => db.query('select pg_sleep(0.02)'));
  await Promise.all(warm);
  let started: Promise<Result> | undefined;
  await db.transaction(async (tx) => {
    await lockChanges(tx);
    started = work();
    await sleep(150);
  });
  return started as Promise<Result>;
}

/** A compact JWS of a person over claims. */
export function signed(key: SigningKey, typ: string, claims: object, kid?: string): string {
  return signJws(key, kid === undefined ? { typ } : { typ, kid }, JSON.stringify(claims));
}
