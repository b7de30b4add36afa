import assert from 'node:assert/strict';
import { getStatus } from '@surety/contract/oversight-routes';
import { test } from 'vitest';
import { actingAgent, activityHouse } from './testing/activity-house.ts';

const house = await activityHouse();
const { db, ask } = house;

type Status = Awaited<ReturnType<typeof ask<typeof getStatus>>>;
const read = (): Promise<Status> => ask(getStatus, {});
const stateOf = ({ checks }: Status, check: string) => checks.find((one) => one.check === check)?.state;

test('status: what there is, who enforces, and what waits', async () => {
  assert.equal((await read()).claimed, false);
  const one = await actingAgent(house);
  await one.park('{"amount":300}');
  const status = await read();
  assert.deepEqual([status.claimed, status.agents, status.systems, status.waiting], [true, 1, 1, 1]);
  assert.deepEqual([status.issuer, status.gateway], ['http://127.0.0.1:7070', 'http://127.0.0.1:7071']);
  assert.deepEqual(
    status.points.map(({ id, name }) => [id, name]),
    [[house.point.id, 'test']],
  );
  assert.ok((status.points[0]?.seenMsAgo ?? Infinity) < 4_000);
  assert.equal(status.log.size, 0);
  assert.ok(status.log.unsequenced > 0);
  await house.sequence();
  const after = await read();
  assert.ok(after.log.size > 0);
  assert.equal(after.log.unsequenced, 0);
});

test('status: each thing that is not well says so, and what to do', async () => {
  assert.deepEqual(
    [stateOf(await read(), 'PostgreSQL'), stateOf(await read(), 'change feed'), stateOf(await read(), 'sequencer')],
    ['ok', 'ok', 'ok'],
  );
  assert.equal(stateOf(await read(), 'standby'), 'warning');
  assert.equal(stateOf(await read(), 'administrators'), 'warning');
  await house.human({ roles: ['administrator'] });
  await house.human({ roles: ['administrator'] });
  assert.equal(stateOf(await read(), 'administrators'), 'ok');
  house.trouble.says = 'the stored head was not signed by this log';
  const sick = await read();
  assert.deepEqual(
    sick.checks.filter(({ state }) => state === 'problem').map(({ check, fact }) => [check, fact]),
    [['sequencer', 'the stored head was not signed by this log']],
  );
  house.trouble.says = undefined;
});

test('status: a point that is silent for two leases is not among those that enforce', async () => {
  await db.query(
    `insert into enforcement_point (id, name, change, seen_at) values ('pnt_gone', 'gone', 0, clock_timestamp() - interval '4100 milliseconds')`,
  );
  assert.ok(!(await read()).points.some(({ id }) => id === 'pnt_gone'));
});
