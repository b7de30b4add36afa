import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateSigningKey } from '@surety/proof/jwk';
import { test } from 'vitest';
import { house } from '#testing/house';
import { listAgentsOf } from './agent-store.ts';
import { changeAgent } from './change-agent.ts';
import { changeHuman } from './change-human.ts';
import { listActiveCredentials } from './credential-store.ts';
import { enrolKey } from './enrol-key.ts';
import { openEnrolment } from './open-enrolment.ts';
import { registerAgent } from './register-agent.ts';
import { announcedBy, freshName, heldClock, residents } from './testing/residents.ts';

const db = await house();
const { clock } = heldClock();
const { human, agent } = residents(db, clock);
const room = { db, clock };

/** Enough rounds for both orders to come up, also on a busy computer. */
const rounds = Array.from({ length: 48 }, (_, at) => at);

const register = (owner: string) =>
  registerAgent(room, owner, {
    name: freshName('late'),
    displayName: 'Late',
    purpose: 'p',
    owner,
    deputies: [],
    riskTier: 'low',
    autonomy: 'observe',
    manifest: {},
  });

test('an agent that is registered, or taken over, while its owner leaves is either refused or cut off with them', async () => {
  const outcomes = new Set<string>();
  for (const round of rounds) {
    const owner = await human();
    const other = await agent();
    const leave = () => changeHuman(room, 'hum_x', { human: owner.id, state: 'left' });
    const afterwards = async (work: () => Promise<unknown>) => {
      await sleep(round % 12);
      return work();
    };
    const take = () => changeAgent(room, 'hum_x', { agent: other.id, owner: owner.id });
    let tries: PromiseSettledResult<unknown>[] = [];
    const announced = await announcedBy(db, async () => {
      tries = await Promise.allSettled([leave(), afterwards(() => register(owner.id)), afterwards(take)]);
    });
    for (const { status, ...why } of tries) {
      outcomes.add(status);
      if ('reason' in why) assert.equal((why.reason as { code: string }).code, 'human.not_active');
    }
    for (const { id } of await listAgentsOf(db, owner.id)) assert.ok(announced.includes(`cutoff ${id}`), id);
  }
  assert.ok(outcomes.has('rejected') && outcomes.has('fulfilled'), 'both orders were seen');
});

test('a key that is enrolled while its person leaves does not stay', async () => {
  for (const round of rounds) {
    const one = await human();
    const { code } = await openEnrolment(room, 'hum_x', { principal: one.id, seconds: 60 });
    const enrol = () => enrolKey(room, { code, jwk: generateSigningKey().publicJwk, label: 'x' });
    const leave = () => changeHuman(room, 'hum_x', { human: one.id, state: 'left' });
    await Promise.allSettled(round % 2 === 0 ? [enrol(), leave()] : [leave(), enrol()]);
    assert.deepEqual(await listActiveCredentials(db, one.id), []);
  }
});
