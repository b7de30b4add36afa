import assert from 'node:assert/strict';
import { test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { newId } from '#kernel/id';
import { house } from '#testing/house';
import { countLiveTokens } from './live-tokens.ts';
import { openLogReader } from './log-reader.ts';
import { type AuditEvent, entryOf, record } from './record.ts';
import { anEvent } from './testing/log-house.ts';

const db = await house();
const at = () => 1_790_000_000_123;

test('the body of an entry is canonical: members in order, one spelling, the time in UTC', () => {
  const event: AuditEvent = { type: 'task.ended', actor: 'agt_a', about: 'tsk_b', task: 'tsk_b', data: { agent: 'agt_a' } };
  const entry = entryOf(event, at);
  assert.equal(
    entry.body,
    `{"about":"tsk_b","actor":"agt_a","at":"2026-09-21T14:13:20.123Z","data":{"agent":"agt_a"},"id":"${entry.id}","task":"tsk_b","type":"task.ended"}`,
  );
  assert.equal(entry.at.getTime(), at());
  assert.ok(!entryOf({ ...event, task: undefined }, at).body.includes('"task"'));
});

test('the same data gives the same text, whatever the order of its members', () => {
  const one = entryOf({ type: 'workload.moved', actor: 'a', about: 'b', data: { from: 'x', to: 'y', reason: 'z' } }, at);
  const other = entryOf({ type: 'workload.moved', actor: 'a', about: 'b', data: { reason: 'z', to: 'y', from: 'x' } }, at);
  assert.equal(one.body.replace(one.id, ''), other.body.replace(other.id, ''));
});

test('one event is one line of JSON, whatever is in it', () => {
  const { body } = entryOf(anEvent('a\nb\r\u001b[31m"}\u2028{"type":"x"}'), at);
  for (const broken of ['\n', '\r', '\u001b']) assert.ok(!body.includes(broken));
  assert.equal(JSON.parse(body).data.reason, 'a\nb\r\u001b[31m"}\u2028{"type":"x"}');
});

test('what its contract does not know is not recorded, and the fault does not quote it', () => {
  const secret = 'canary-1234';
  for (const data of [
    { from: 'active', to: 'x', reason: 'y', extra: secret },
    { from: secret },
    { from: 'a', to: 'b', reason: secret.repeat(200) },
  ]) {
    assert.throws(
      () => entryOf({ type: 'agent.moved', actor: 'a', about: 'b', data } as never, at),
      (fault: Error & { code: string; detail: string }) =>
        fault.code === 'internal' && !`${fault.message}${fault.detail}`.includes(secret),
    );
  }
  assert.throws(() => entryOf(anEvent('lone \ud800'), at), { code: 'internal' });
});

test('a record is kept with the act, or not at all', async () => {
  const about = newId<string>('agent');
  await assert.rejects(
    db.transaction(async (tx) => {
      await record(tx, systemClock, anEvent('x', about));
      throw new Error('the act failed');
    }),
  );
  assert.equal((await openLogReader(db).newest({ about: [about], limit: 10 })).length, 0);
  await db.transaction((tx) => record(tx, systemClock, anEvent('x', about)));
  assert.equal((await openLogReader(db).newest({ about: [about], limit: 10 })).length, 1);
});

test('the log is read by what it is about, by actor and by type, newest or oldest first, page by page', async () => {
  const reader = openLogReader(db);
  const about = newId<string>('agent');
  const entries = [];
  for (let made = 0; made < 7; made++) {
    entries.push(await record(db, () => Date.now() + made, anEvent(`${made}`, about)));
    await record(db, () => Date.now() + made, {
      type: 'token.revoked',
      actor: 'hum_reader',
      about,
      data: { tokenId: `tok_${made}` },
    });
  }
  const filter = { about: [about], types: ['agent.moved'] as const, limit: 3 };
  const first = await reader.newest(filter);
  const second = await reader.newest({ ...filter, before: first.at(-1)!.id });
  const third = await reader.newest({ ...filter, before: second.at(-1)!.id });
  assert.deepEqual(
    [...first, ...second, ...third].map(({ id }) => id),
    entries.toReversed().map(({ id }) => id),
  );
  assert.deepEqual(
    (await reader.oldest({ ...filter, after: entries[2]!.id })).map(({ id }) => id),
    entries.slice(3, 6).map(({ id }) => id),
  );
  assert.equal((await reader.newest({ actor: 'hum_reader', limit: 100 })).length, 7);
  assert.deepEqual(await reader.newest({ about: [], limit: 10 }), []);
});

test('what is sealed comes only where it was asked for', async () => {
  const reader = openLogReader(db);
  const about = newId<string>('agent');
  const entry = await record(db, systemClock, { ...anEvent('x', about), sealed: Buffer.from('sealed') });
  assert.equal((await reader.newest({ about: [about], limit: 1 }))[0]?.sealed, null);
  assert.deepEqual((await reader.newest({ about: [about], limit: 1 }, { sealed: true }))[0]?.sealed, Buffer.from('sealed'));
  assert.deepEqual(await reader.find(entry.id), { ...entry, index: null });
  assert.equal(await reader.find(newId('event')), undefined);
});

test('tokens that live are counted: not the expired ones, not the revoked ones, not those of others', async () => {
  const agent = newId<string>('agent');
  const now = Date.now();
  const issue = (about: string, tokenId: string, livesMs: number) =>
    record(db, () => now - 1000, {
      type: 'token.issued',
      actor: about,
      about,
      data: {
        tokenId,
        credential: 'crd_1',
        task: null,
        audience: 'x',
        jkt: 'j',
        expiresAt: new Date(now + livesMs).toISOString(),
      },
    });
  await issue(agent, 'tok_1', 60_000);
  await issue(agent, 'tok_2', 60_000);
  await issue(agent, 'tok_3', -1);
  await issue(newId('agent'), 'tok_4', 60_000);
  await record(db, systemClock, { type: 'token.revoked', actor: agent, about: agent, data: { tokenId: 'tok_2' } });
  assert.equal(await countLiveTokens(db, agent, now), 1);
  assert.equal(await countLiveTokens(db, newId('agent'), now), 0);
});
