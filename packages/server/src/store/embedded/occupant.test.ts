import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import { silentLog } from '#kernel/log';
import { temporaryFolder } from '#testing/temporary-folder';
import { enter, occupy, ownPlace } from './occupant.ts';
import { openEmbedded } from './open-embedded.ts';

const beat = { everyMs: 20, silentAfterMs: 300 };

test('a folder that another container or host keeps up is refused, naming it, before anything is touched', async () => {
  const data = temporaryFolder();
  const elsewhere = occupy(data, 'another boot pid:[1]', beat);
  onTestFinished(() => elsewhere.leave());
  await assert.rejects(openEmbedded({ data, log: silentLog }), (thrown: Error) => {
    assert.ok(thrown.message.includes(`pid=${process.pid} on the host or container "${hostname()}"`), thrown.message);
    return true;
  });
  assert.ok(!existsSync(join(data, 'postgres')) && !existsSync(join(data, 'postgres-password')));
});

test('a mark from elsewhere that has gone silent, torn or whole, is no obstacle', async () => {
  const data = temporaryFolder();
  const path = join(data, 'occupant.json');
  writeFileSync(path, JSON.stringify({ place: 'another boot pid:[1]', host: 'gone', pid: 1, beat: 1 }));
  await enter(data, ownPlace(), beat);
  writeFileSync(path, '{"place":');
  await enter(data, ownPlace(), beat);
  assert.ok(existsSync(path), 'our own mark is there');
});

test('a mark from here does not wait and does not refuse: the lock of the owner decides that', async () => {
  const data = temporaryFolder();
  const here = occupy(data, 'here', beat);
  const since = performance.now();
  await enter(data, 'here', beat);
  assert.ok(performance.now() - since < beat.silentAfterMs);
  here.leave();
  assert.ok(!existsSync(join(data, 'occupant.json')));
});

test('of two that enter an empty folder from different places at once, only one gets in while it keeps the mark up', async () => {
  const data = temporaryFolder();
  const arrive = async (place: string): Promise<string> => {
    await enter(data, place, beat);
    const occupant = occupy(data, place, beat);
    onTestFinished(() => occupant.leave());
    return place;
  };
  const arrived = await Promise.allSettled(['one', 'two', 'three'].map(arrive));
  assert.equal(arrived.filter((one) => one.status === 'fulfilled').length, 1);
});
