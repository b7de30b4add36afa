import assert from 'node:assert/strict';
import { builtInRoles } from '@surety/contract/human';
import { test } from 'vitest';
import { openNode } from '#registry/testing/node';
import { abreast, announcedBy, eventsAbout, heldClock } from '#registry/testing/residents';
import { house } from '#testing/house';
import { defaultOrganisationPolicy, defaultRoles } from './default-policy.ts';
import { documentDigest } from './document-digest.ts';
import { openPolicyFacts } from './policy-facts.ts';
import { findPolicy, findPolicyVersion } from './policy-store.ts';
import { prepareHouse } from './prepare-house.ts';
import { publishPolicy } from './publish-policy.ts';
import { findRole, findRoleRevision, listRoles } from './role-store.ts';
import { setRole } from './set-role.ts';

const { db, feed, upToDate } = await openNode();
const { clock } = heldClock();
const room = { db, clock };
const facts = openPolicyFacts({ db, feed });

const policy = (id: string) => `@id("${id}")\npermit (principal is Agent, action, resource);`;

test('before the house has a policy, nobody is told that it has', async () => {
  await assert.rejects(facts.organisation(), { code: 'service.not_ready' });
  assert.deepEqual(await facts.roles(['owner']), []);
});

test('two nodes that start together give a new house one policy and one revision of each role', async () => {
  const done = await abreast(db, () => Promise.all([prepareHouse(db, clock), prepareHouse(db, clock), prepareHouse(db, clock)]));
  assert.equal(done.filter((didAnything) => didAnything).length, 1);
  assert.deepEqual(
    (await listRoles(db)).map(({ name, revision }) => [name, revision]),
    [...builtInRoles].sort().map((name) => [name, 1]),
  );
  assert.equal((await findPolicy(db))?.version, 1);
  assert.deepEqual(await eventsAbout(db, 'policy'), [
    { type: 'policy.published', actor: 'house', data: { version: 1, documentDigest: documentDigest(defaultOrganisationPolicy) } },
  ]);
  await upToDate();
  assert.deepEqual(await facts.organisation(), { version: 1, rules: [], text: defaultOrganisationPolicy });
});

test('what an administrator has set is not set back by the next start', async () => {
  await setRole(room, 'hum_x', { role: 'owner', document: { answersFor: '', description: 'narrowed' } });
  await publishPolicy(room, 'hum_x', { text: policy('ours') });
  assert.equal(await prepareHouse(db, clock), false);
  assert.equal((await findRole(db, 'owner'))?.document.description, 'narrowed');
  assert.equal((await findPolicy(db))?.text, policy('ours'));
});

test('a published policy is a new version, told and recorded; those before stay; the same again is nothing', async () => {
  const before = (await findPolicy(db))!;
  const announced = await announcedBy(db, async () => {
    const published = await publishPolicy(room, 'hum_y', { text: policy('newer') });
    assert.equal(published.version, before.version + 1);
    assert.equal(published.publishedBy, 'hum_y');
    assert.deepEqual(await publishPolicy(room, 'hum_z', { text: policy('newer') }), published);
  });
  assert.deepEqual(announced, ['changed policy']);
  assert.deepEqual(await findPolicyVersion(db, before.version), before);
  assert.deepEqual((await eventsAbout(db, 'policy')).at(-1), {
    type: 'policy.published',
    actor: 'hum_y',
    data: { version: before.version + 1, documentDigest: documentDigest(policy('newer')) },
  });
  await upToDate();
  assert.equal((await facts.organisation()).version, before.version + 1);
});

test('ten who publish at once make ten versions that count up by one', async () => {
  const before = (await findPolicy(db))!.version;
  const published = await Promise.all(
    Array.from({ length: 10 }, (_, at) => publishPolicy(room, 'hum_x', { text: policy(`p${at}`) })),
  );
  assert.deepEqual(
    published.map(({ version }) => version).sort((one, other) => one - other),
    Array.from({ length: 10 }, (_, at) => before + 1 + at),
  );
});

test('a role is set in revisions; facts show the newest, and only roles that are there', async () => {
  const announced = await announcedBy(db, async () => {
    await setRole(room, 'hum_x', { role: 'night-shift', document: { answersFor: policy('a'), description: '' } });
    await setRole(room, 'hum_x', { role: 'night-shift', document: { answersFor: policy('b'), description: '' } });
    await setRole(room, 'hum_x', { role: 'night-shift', document: { answersFor: policy('b'), description: '' } });
  });
  assert.deepEqual(announced, ['changed role:night-shift', 'changed role:night-shift']);
  assert.equal((await findRoleRevision(db, 'night-shift', 1))?.document.answersFor, policy('a'));
  await upToDate();
  assert.deepEqual(
    (await facts.roles(['no-such', 'night-shift'])).map(({ name, revision }) => [name, revision]),
    [['night-shift', 2]],
  );
  assert.deepEqual(
    (await eventsAbout(db, 'role:night-shift')).map(({ type, actor }) => [type, actor]),
    [
      ['role.set', 'hum_x'],
      ['role.set', 'hum_x'],
    ],
  );
});

test('policy that cannot be read is refused with the line and column, and nothing changes', async () => {
  const before = await findPolicy(db);
  const broken =
    '@id("one")\npermit (principal, action, resource);\n\n  forbid (principal, action, resource) when { context.nothing > 3 };\n';
  const thrown = await publishPolicy(room, 'hum_x', { text: broken }).catch(
    (error: unknown) => error as { code: string; issues: { path: string; message: string }[] },
  );
  assert.ok('issues' in thrown);
  assert.equal(thrown.code, 'policy.invalid');
  assert.deepEqual(
    thrown.issues.map(({ path }) => path),
    ['/text/4/3'],
  );
  for (const text of [
    'permit (',
    'permit (principal, action, resource)',
    'allow all;',
    'permit (principal == ?principal, action, resource);',
    '// \0',
  ]) {
    await assert.rejects(publishPolicy(room, 'hum_x', { text }), { code: 'policy.invalid' }, text);
    await assert.rejects(
      setRole(room, 'hum_x', { role: 'owner', document: { answersFor: text, description: '' } }),
      { code: 'policy.invalid' },
      text,
    );
  }
  assert.deepEqual(await findPolicy(db), before);
});

test('only the organisation holds: a role that asks for a person is refused', async () => {
  const holding = `@id("h")\n@hold("ask")\npermit (principal is Agent, action, resource);`;
  await assert.rejects(setRole(room, 'hum_x', { role: 'owner', document: { answersFor: holding, description: '' } }), {
    code: 'policy.invalid',
  });
  await publishPolicy(room, 'hum_x', { text: holding });
});

test('an empty policy is a policy: it permits nothing', async () => {
  await publishPolicy(room, 'hum_x', { text: '' });
  await upToDate();
  assert.equal((await facts.organisation()).text, '');
});

test('the house comes with the roles of the contract', () => {
  assert.deepEqual(Object.keys(defaultRoles).sort(), [...builtInRoles].sort());
});

test('when the record cannot be written, nothing was published, set or prepared', async () => {
  const broken = await house();
  const yard = { db: broken, clock };
  await broken.query('alter table entry rename to entry_gone');
  await assert.rejects(prepareHouse(broken, clock));
  await assert.rejects(publishPolicy(yard, 'hum_x', { text: policy('x') }));
  await assert.rejects(setRole(yard, 'hum_x', { role: 'owner', document: { answersFor: '', description: '' } }));
  assert.equal(await findPolicy(broken), undefined);
  assert.deepEqual(await listRoles(broken), []);
});
