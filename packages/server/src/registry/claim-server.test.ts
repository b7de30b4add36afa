import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { generateSigningKey } from '@surety/proof/jwk';
import { test } from 'vitest';
import { house } from '#testing/house';
import { claimServer } from './claim-server.ts';
import { listHumans } from './human-store.ts';
import { claimSeconds, openClaim } from './open-claim.ts';
import { openEnrolment } from './open-enrolment.ts';
import { announcedBy, eventsAbout, heldClock, residents } from './testing/residents.ts';

const claim = (code: string, name = 'maya') => ({
  code,
  name,
  displayName: 'Maya Okafor',
  title: 'head of support',
  jwk: generateSigningKey().publicJwk,
});

test('the first person becomes administrator with their key, and the record says so', async () => {
  const db = await house();
  const { clock } = heldClock();
  const { code, expiresAt } = await openClaim({ db, clock });
  assert.ok(Math.abs(Date.parse(expiresAt) - clock() - claimSeconds * 1000) < 100);

  const announced = await announcedBy(db, async () => {
    const { human, credential } = await claimServer({ db, clock }, claim(code));
    assert.deepEqual(human.roles, ['administrator', 'security', 'owner', 'approver']);
    assert.equal(human.state, 'active');
    assert.equal(credential.principal, human.id);
    assert.deepEqual(await listHumans(db), [human]);
    const events = await eventsAbout(db, human.id);
    assert.deepEqual(
      events.map(({ type, actor }) => [type, actor === human.id]),
      [
        ['human.added', true],
        ['credential.enrolled', true],
        ['server.claimed', true],
      ],
    );
    assert.deepEqual(events.at(-1)?.data, { jkt: credential.jkt });
  });
  assert.equal(announced.length, 1);
});

test('fifty who claim with one code at the same moment: one administrator', async () => {
  const db = await house();
  const { clock } = heldClock();
  const { code } = await openClaim({ db, clock });
  const tries = await Promise.allSettled(
    Array.from({ length: 50 }, (_, at) => claimServer({ db, clock }, claim(code, `p${at}`))),
  );
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal((await listHumans(db)).length, 1);
});

test('a server that has an owner has no other: neither by a code opened before nor by a new one', async () => {
  const db = await house();
  const { clock } = heldClock();
  const first = await openClaim({ db, clock });
  const second = await openClaim({ db, clock });
  await claimServer({ db, clock }, claim(second.code));
  await assert.rejects(claimServer({ db, clock }, claim(first.code, 'eve')), { code: 'claim.done' });
  await assert.rejects(claimServer({ db, clock }, claim(second.code, 'eve')), { code: 'claim.done' });
  await assert.rejects(openClaim({ db, clock }), { code: 'claim.done' });
});

test('opening a claim again voids the code before, also when two are opened at once', async () => {
  const db = await house();
  const { clock } = heldClock();
  const codes = await Promise.all(Array.from({ length: 8 }, () => openClaim({ db, clock })));
  const { rows } = await db.query<{ count: number }>(
    'select count(*) as count from enrolment where used_at is null and expires_at > $1',
    [new Date(clock())],
  );
  assert.deepEqual(rows, [{ count: 1 }]);
  const tries = await Promise.allSettled(codes.map(({ code }, at) => claimServer({ db, clock }, claim(code, `p${at}`))));
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a code that is late or of another kind claims nothing', async () => {
  const db = await house();
  const { clock, pass } = heldClock();
  const { code } = await openClaim({ db, clock });
  pass(claimSeconds * 1000);
  await assert.rejects(claimServer({ db, clock }, claim(code)), { code: 'claim.refused' });
  await assert.rejects(claimServer({ db, clock }, claim('0'.repeat(26))), { code: 'claim.refused' });
  assert.deepEqual(await listHumans(db), []);
});

test('a key that cannot be used leaves the claim open', async () => {
  const db = await house();
  const { clock } = heldClock();
  const { code } = await openClaim({ db, clock });
  await assert.rejects(claimServer({ db, clock }, { ...claim(code), jwk: { kty: 'oct', k: 'c2VjcmV0' } }), {
    code: 'key.refused',
  });
  assert.deepEqual(await listHumans(db), []);
  await claimServer({ db, clock }, claim(code));
});

test('an enrolment code of a person is no claim', async () => {
  const db = await house();
  const { clock } = heldClock();
  const one = await residents(db, clock).human();
  const { code } = await openEnrolment({ db, clock }, 'house', { principal: one.id, seconds: 900 });
  await assert.rejects(claimServer({ db, clock }, claim(code)), { code: 'claim.done' });
});

test('a code that stands for anybody claims nothing, even in a house without people', async () => {
  const db = await house();
  const { clock } = heldClock();
  const code = '0'.repeat(26);
  await db.query(`insert into enrolment (id, code_hash, principal, expires_at) values ('enr_1', $1, 'agt_1', $2)`, [
    createHash('sha256').update(code).digest(),
    new Date(clock() + 60_000),
  ]);
  await assert.rejects(claimServer({ db, clock }, claim(code)), { code: 'claim.refused' });
});

test('when the record cannot be written, the server was not claimed', async () => {
  const db = await house();
  const { clock } = heldClock();
  const { code } = await openClaim({ db, clock });
  await db.query('alter table entry rename to entry_gone');
  await assert.rejects(claimServer({ db, clock }, claim(code)));
  assert.deepEqual(await listHumans(db), []);
  await db.query('alter table entry_gone rename to entry');
  await claimServer({ db, clock }, claim(code));
});
