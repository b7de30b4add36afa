import assert from 'node:assert/strict';
import { PolicyChange, type StageScope } from '@surety/contract/lab';
import fc from 'fast-check';
import { test } from 'vitest';
import { createDecider } from '#decision/decide-call';
import type { Caller } from '#kernel/answer';
import { silentLog } from '#kernel/log';
import { isStagedFor } from '#policy/is-staged-for';
import { findPolicy } from '#policy/policy-store';
import { publishPolicy } from '#policy/publish-policy';
import { eventsAbout, freshName } from '#registry/testing/residents';
import { registerWorkload } from '#registry/register-workload';
import { deployProposal, stageProposal } from './deploy-proposal.ts';
import { keepEffect, shadowProposal, withdrawProposal } from './proposal-life.ts';
import { getProposal } from './proposal-store.ts';
import { propose } from './propose.ts';
import { publishDirectly, publishRulesDirectly, rollBackPolicy, setRoleDirectly, viewVersion } from './publish-directly.ts';
import { readEffect } from './read-effect.ts';
import { confirmProposal } from './second-person.ts';
import { openShadow } from './shadow.ts';
import { findShadow } from './shadow-store.ts';
import { as, labHouse, policyOf, recordedAgent, start } from './testing/lab-house.ts';

const house = await labHouse();
const { lab: room, db, clock } = house;
const maya = as(await house.human({ roles: ['administrator'] }));
const luis = as(await house.human({ roles: ['security'] }));
const window = { days: 7, seconds: 20 };
const refused = (code: string) => ({ code });

/** From where every test begins: everything permitted, and nothing to measure a cut against but that. */
async function afresh(): Promise<number> {
  await publishPolicy({ db, clock }, 'hum_x', { text: `${start}\n// ${freshName('start')}` });
  const version = (await findPolicy(db))?.version ?? 0;
  await db.query(
    `insert into vetted_document (name, version, at) values ('policy', $1, now())
    on conflict (name) do update set version = excluded.version`,
    [version],
  );
  await house.upToDate();
  return version;
}

const made = (change: PolicyChange, by: Caller = maya) => propose(room, by, { title: 'a change', change });
const everyone: StageScope = { agents: [], groups: [], percent: 100 };

/** An agent whose every call of last week counts for most of what went out. */
async function busyAgent(calls: number) {
  const agent = await recordedAgent(house);
  await agent.repeat({ amount: 20 }, calls);
  const { name } = agent.system;
  const cut = `${start}\n@id("no-refunds") @because("x") forbid (principal is Agent, action == Action::"${name}.refund", resource);`;
  const tests = [
    { name: 'refunds end', call: { system: name, operation: 'refund', effect: 'money' }, expect: 'deny', policy: 'no-refunds' },
  ];
  return { ...agent, cut, tests };
}

test('a change that would cut much needs a second person, whatever way it goes', async () => {
  await afresh();
  const agent = await busyAgent(60);
  const effect = await readEffect(room, policyOf(agent.cut), window);
  assert.ok(effect.needsSecond, JSON.stringify(effect.replay));
  assert.match(effect.why, /60 of 60 calls that went out \(100\.0 %\)/);
  const before = await findPolicy(db);

  await assert.rejects(publishDirectly(room, maya, { text: agent.cut }), refused('policy.needs_second'));
  await assert.rejects(publishDirectly(room, maya, { text: '' }), refused('policy.needs_second'));
  const nothing = { role: 'owner', document: { answersFor: '', description: '' } };
  await assert.rejects(setRoleDirectly(room, maya, nothing), refused('policy.needs_second'));
  const proposal = await made(policyOf(agent.cut));
  await assert.rejects(deployProposal(room, maya, proposal.id), refused('policy.needs_second'));
  await assert.rejects(deployProposal(room, luis, proposal.id), refused('policy.needs_second'), 'to deploy is not to confirm');
  await assert.rejects(stageProposal(room, maya, proposal.id, everyone), refused('policy.needs_second'));
  // A test about something else does not speak of what is cut, nor one that its mandate refuses anyway.
  const aside = [
    { name: 'aside', call: { system: 'elsewhere', operation: 'wipe', effect: 'destructive' }, expect: 'permit' },
    { name: 'never', given: { mandate: { permissions: [] } }, call: agent.tests[0]?.call, expect: 'deny' },
  ];
  const aided = await made(policyOf(agent.cut, aside));
  await assert.rejects(deployProposal(room, maya, aided.id), refused('policy.needs_second'));
  assert.deepEqual(await findPolicy(db), before);
});

test('the second person is another one, and says yes to what is there', async () => {
  await afresh();
  const agent = await busyAgent(60);
  const proposal = await made(policyOf(agent.cut));
  const said = { proposal: proposal.id, digest: proposal.digest };
  await assert.rejects(confirmProposal(room, luis, { ...said, cut: 60 }), refused('policy.changed'), 'nobody has looked yet');
  const { replay } = await keepEffect(room, proposal.id, window);
  await assert.rejects(confirmProposal(room, maya, { ...said, cut: replay.cut }), refused('proposal.not_second'));
  const owned = await registerWorkload({ db, clock }, maya.principal, {
    name: freshName('ci'),
    displayName: 'CI',
    owner: maya.principal as never,
    deputies: [],
  });
  const pipeline: Caller = { principal: owned.id, kind: 'workload', credential: 'crd_x' };
  await assert.rejects(confirmProposal(room, pipeline, { ...said, cut: replay.cut }), refused('proposal.not_second'));
  await assert.rejects(confirmProposal(room, luis, { ...said, cut: replay.cut - 1 }), refused('policy.changed'));
  await assert.rejects(confirmProposal(room, luis, { ...said, digest: 'x', cut: replay.cut }), refused('policy.changed'));
  assert.equal((await confirmProposal(room, luis, { ...said, cut: replay.cut })).confirmedBy, luis.principal);
  const deployed = await deployProposal(room, maya, proposal.id);
  assert.deepEqual([deployed.state, (await findPolicy(db))?.version], ['enforced', deployed.version]);
  assert.deepEqual(
    (await eventsAbout(db, proposal.id)).map(({ type, actor }) => [type, actor]),
    [
      ['proposal.made', maya.principal],
      ['proposal.confirmed', luis.principal],
      ['proposal.moved', maya.principal],
    ],
  );
});

test('what a workload proposes, the person who answers for it cannot confirm', async () => {
  await afresh();
  const agent = await busyAgent(40);
  const owned = await registerWorkload({ db, clock }, maya.principal, {
    name: freshName('ci'),
    displayName: 'CI',
    owner: maya.principal as never,
    deputies: [],
  });
  const pipeline: Caller = { principal: owned.id, kind: 'workload', credential: 'crd_x' };
  const proposal = await made(policyOf(agent.cut), pipeline);
  assert.deepEqual([proposal.proposedBy, proposal.answerable], [owned.id, maya.principal]);
  const { replay } = await keepEffect(room, proposal.id, window);
  const said = { proposal: proposal.id, digest: proposal.digest, cut: replay.cut };
  await assert.rejects(confirmProposal(room, maya, said), refused('proposal.not_second'));
  await confirmProposal(room, luis, said);
  assert.equal((await deployProposal(room, pipeline, proposal.id)).state, 'enforced');
});

test('tests that say so make a cut one person can answer for; tests that fail stop everything', async () => {
  await afresh();
  const agent = await busyAgent(60);
  const wrong = await made(policyOf(agent.cut, [{ ...agent.tests[0], expect: 'permit', policy: undefined }]));
  await assert.rejects(deployProposal(room, maya, wrong.id), refused('policy.tests_failed'));
  const proposal = await made(policyOf(agent.cut, agent.tests));
  const deployed = await deployProposal(room, maya, proposal.id);
  assert.equal(deployed.effect?.replay.cutUntested, 0);
  assert.equal((await viewVersion(db, deployed.version ?? 0)).tests.length, 1);
  // The tests stay with the policy: what would fail them cannot be published without them.
  await assert.rejects(publishDirectly(room, maya, { text: start }), refused('policy.tests_failed'));
});

test('several small cuts, none of which needs anybody, count together', async () => {
  await afresh();
  const many = await busyAgent(100);
  const few = [await busyAgent(1), await busyAgent(1)] as const;
  const forbid = ({ system }: { system: { name: string } }, id: string) =>
    `\n@id("${id}") @because("x") forbid (principal is Agent, action == Action::"${system.name}.refund", resource);`;
  assert.ok(many);
  const week = { days: 7, seconds: 20 };
  const all = (await readEffect(room, policyOf(start), week)).replay.allowed;
  // As many more as make each of the two cuts less than a twentieth, and both together more.
  const base = Math.floor(all / 24);
  await few[0].repeat({ amount: 1 }, base);
  await few[1].repeat({ amount: 1 }, base);
  await publishDirectly(room, maya, { text: start + forbid(few[0], 'one') });
  await house.upToDate();
  await assert.rejects(
    publishDirectly(room, maya, { text: start + forbid(few[0], 'one') + forbid(few[1], 'two') }),
    refused('policy.needs_second'),
  );
});

test('an agent proposes nothing, whatever the house policy would say', async () => {
  await afresh();
  const { agent } = await recordedAgent(house);
  const caller: Caller = { principal: agent.id, kind: 'agent', credential: 'crd_x' };
  const proposal = await made(policyOf(start));
  await assert.rejects(made(policyOf(start), caller), refused('access.denied'));
  await assert.rejects(shadowProposal(room, caller, proposal.id), refused('access.denied'));
  await assert.rejects(publishDirectly(room, caller, { text: `${start}//` }), refused('access.denied'));
  await assert.rejects(stageProposal(room, caller, proposal.id, everyone), refused('access.denied'));
  await assert.rejects(deployProposal(room, caller, proposal.id), refused('access.denied'));
});

test('of two that deploy at once against the same version, one does, and the other is told that it changed', async () => {
  const before = await afresh();
  const proposals = await Promise.all(['one', 'two', 'three'].map((id) => made(policyOf(`${start}\n// ${id}`))));
  const done = await Promise.allSettled([
    ...proposals.map(({ id }) => deployProposal(room, maya, id)),
    publishDirectly(room, luis, { text: `${start}\n// directly` }),
  ]);
  assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const one of done) if (one.status === 'rejected') assert.equal((one.reason as { code: string }).code, 'policy.changed');
  assert.equal((await findPolicy(db))?.version, before + 1);
  const base = { policy: before, roles: {} };
  await assert.rejects(propose(room, maya, { title: 'late', change: policyOf(start), base }), refused('policy.changed'));
});

test('a staged version is in force for whom it says and for nobody else, and each decision names the one that it was made by', async () => {
  const before = await afresh();
  const inside = await recordedAgent(house);
  const outside = await recordedAgent(house);
  const strict = [inside, outside].reduce(
    (text, { system: { name } }) =>
      `${text}\n@id("no-${name}") @because("x") forbid (principal is Agent, action == Action::"${name}.refund", resource);`,
    start,
  );
  const proposal = await made(policyOf(strict));
  const staged = await stageProposal(room, maya, proposal.id, { agents: [inside.agent.id], groups: [], percent: 0 });
  await house.upToDate();
  assert.deepEqual([staged.state, staged.version], ['staged', before + 1]);
  assert.equal((await inside.call({ amount: 1 })).decision.reason, 'organisation.forbidden');
  assert.equal((await outside.call({ amount: 1 })).kind, 'go');
  const { rows } = await db.query<{ actor: string; version: number }>(
    `select actor, (body::jsonb -> 'data' ->> 'policyVersion')::int as version from entry
     where actor = any($1) and type in ('call.intended', 'call.denied')`,
    [[inside.agent.id, outside.agent.id]],
  );
  assert.deepEqual(
    new Map(rows.map(({ actor, version }) => [actor, version])),
    new Map([
      [inside.agent.id, before + 1],
      [outside.agent.id, before],
    ]),
  );
  assert.equal((await findPolicy(db))?.version, before, 'it is not the policy of the house');
  // Wider, by the one who answers; then for everyone.
  await stageProposal(room, maya, proposal.id, everyone);
  await house.upToDate();
  assert.equal((await outside.decided({ amount: 1 })).reason, 'organisation.forbidden');
  const deployed = await deployProposal(room, maya, proposal.id);
  await house.upToDate();
  assert.deepEqual([deployed.state, deployed.version, (await findPolicy(db))?.version], ['enforced', before + 1, before + 1]);
  assert.equal((await outside.decided({ amount: 1 })).reason, 'organisation.forbidden');
});

test('one stage at a time; rolling back ends it; a new policy ends it', async () => {
  const before = await afresh();
  const agent = await recordedAgent(house);
  const strict = `${start}\n@id("none") @because("x") forbid (principal is Agent, action == Action::"${agent.system.name}.refund", resource);`;
  const scope = { agents: [agent.agent.id], groups: [], percent: 0 };
  const one = await made(policyOf(strict));
  const other = await made(policyOf(`${strict}\n// other`));
  await stageProposal(room, maya, one.id, scope);
  await assert.rejects(stageProposal(room, maya, other.id, scope), refused('proposal.not_open'));
  await assert.rejects(withdrawProposal(room, maya, one.id), refused('proposal.not_open'));
  const back = await rollBackPolicy(room, luis, {});
  await house.upToDate();
  assert.deepEqual([back.version, (await getProposal(db, one.id)).state], [before, 'rolled_back']);
  assert.equal((await agent.decided({ amount: 1 })).outcome, 'permit');
  await stageProposal(room, maya, other.id, scope);
  const direct = await publishDirectly(room, maya, { text: `${start}\n// directly` });
  await house.upToDate();
  assert.equal(direct.version, before + 3, 'versions that were staged keep their numbers');
  assert.equal((await getProposal(db, other.id)).state, 'rolled_back');
  assert.equal((await agent.decided({ amount: 1 })).outcome, 'permit');
});

test('whom a share of all agents means is the same everywhere and always, and a larger share means the same agents and more', () => {
  const ids = fc.array(fc.string({ minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 50 });
  const percent = fc.float({ min: 0, max: 100, noNaN: true });
  fc.assert(
    fc.property(ids, percent, percent, fc.string(), (agents, one, other, salt) => {
      const [less, more] = [Math.min(one, other), Math.max(one, other)];
      const at = (share: number, id: string) =>
        isStagedFor({ version: 1, salt, scope: { agents: [], groups: [], percent: share } }, id, []);
      for (const id of agents) {
        assert.equal(at(less, id), at(less, id));
        if (at(less, id)) assert.ok(at(more, id));
        assert.ok(!at(0, id) && at(100, id));
      }
    }),
  );
  const chosen = Array.from({ length: 10_000 }, (_, at) => `agt_${at}`).filter((id) =>
    isStagedFor({ version: 1, salt: 'ppl_x', scope: { agents: [], groups: [], percent: 20 } }, id, []),
  );
  assert.ok(Math.abs(chosen.length - 2_000) < 150, String(chosen.length));
  assert.ok(isStagedFor({ version: 1, salt: '', scope: { agents: [], groups: ['support'], percent: 0 } }, 'x', ['support']));
  assert.ok(!isStagedFor({ version: 1, salt: '', scope: { agents: [], groups: ['support'], percent: 0 } }, 'x', ['sales']));
});

test('any version can be put in force again in one act; what was just published is undone without further questions', async () => {
  const first = await afresh();
  const agent = await busyAgent(60);
  const proposal = await made(policyOf(agent.cut, agent.tests));
  await deployProposal(room, maya, proposal.id);
  const back = await rollBackPolicy(room, luis, {});
  await house.upToDate();
  assert.equal(back.text, (await viewVersion(db, first)).text);
  assert.equal((await getProposal(db, proposal.id)).state, 'rolled_back');
  assert.equal((await agent.decided({ amount: 1 })).outcome, 'permit');
  assert.deepEqual((await eventsAbout(db, 'policy')).at(-1)?.data, { from: first + 1, to: first, version: first + 2 });
  await assert.rejects(rollBackPolicy(room, luis, { to: 9_999 }), refused('policy.version_not_found'));
  // What was undone does not come back by undoing that.
  await db.query(`update policy_test_set set tests = '[]'`);
  await agent.repeat({ amount: 20 }, 200);
  await assert.rejects(rollBackPolicy(room, maya, {}), refused('policy.needs_second'));
});

test('a return to a version from long ago that cuts is a new policy like any other', async () => {
  await publishPolicy({ db, clock }, 'hum_x', { text: '// nothing is permitted' });
  const closed = (await findPolicy(db))?.version ?? 0;
  await afresh();
  await busyAgent(60);
  await publishDirectly(room, maya, { text: `${start}\n// newer` });
  await assert.rejects(rollBackPolicy(room, maya, { to: closed }), refused('policy.needs_second'));
});

test('a proposal in shadow decides beside, is counted, and changes no outcome', async () => {
  await afresh();
  const agent = await recordedAgent(house);
  const strict = `${start}\n@id("none") @because("x") forbid (principal is Agent, action in Action::"money", resource);`;
  const proposal = await made(policyOf(strict));
  const shadow = openShadow({ db, engine: room.engine, feed: house.feed, log: silentLog, keepEveryMs: 60_000 });
  const decider = createDecider({ ...house, shadow });
  const decide = async (amount: number) => (await decider.decide(agent.caller(), agent.call1(amount))).decision;
  const alone = await decide(20);
  await shadowProposal(room, maya, proposal.id);
  await house.upToDate();
  await shadow.settled();
  for (let at = 0; at < 20; at += 1) assert.deepEqual(await decide(20), alone);
  assert.equal((await decide(5_000)).reason, 'mandate.constraint');
  await shadow.settled();
  const seen = await findShadow(db, proposal.id);
  assert.deepEqual([seen?.decisions, seen?.differing, seen?.skipped], [21, 20, 0]);
  assert.deepEqual(
    seen?.differences.map(({ before, after, reasonAfter, decisions }) => [before, after, reasonAfter, decisions]),
    [['permit', 'deny', 'organisation.forbidden', 20]],
  );
  await withdrawProposal(room, maya, proposal.id);
  await house.upToDate();
  await shadow.settled();
  await decide(20);
  await shadow.settled();
  assert.equal((await findShadow(db, proposal.id))?.decisions, 21);
  await shadow.close();
});

test('more than can be looked at beside the work is skipped, and counted as skipped', async () => {
  await afresh();
  const agent = await recordedAgent(house);
  const proposal = await made(policyOf(`${start}\n// shadow`));
  await shadowProposal(room, maya, proposal.id);
  await house.upToDate();
  const shadow = openShadow({ db, engine: room.engine, feed: house.feed, log: silentLog, keepEveryMs: 60_000, maxWaiting: 3 });
  await shadow.settled();
  const noted: Parameters<typeof shadow.note>[] = [];
  const decider = createDecider({ ...house, shadow: { note: (...one) => void noted.push(one) } });
  await decider.decide(agent.caller(), agent.call1(20));
  for (let at = 0; at < 10; at += 1) for (const one of noted) shadow.note(...one);
  await shadow.settled();
  const seen = await findShadow(db, proposal.id);
  assert.deepEqual([seen?.decisions, seen?.skipped], [3, 7]);
  await withdrawProposal(room, maya, proposal.id);
  await shadow.close();
});

test('a rule about the past is counted anew for recorded calls, from what was done before each', async () => {
  await afresh();
  const agent = await recordedAgent(house);
  for (let order = 0; order < 6; order += 1) await agent.call({ amount: 20, order: order % 2 });
  const when = { system: agent.system.name, actions: ['refund'] };
  const past = { happened: when, by: 'anyone' as const, within: 'P30D', same: [{ here: '/order', there: '/order' }] };
  const once = { id: 'once', when, forbidIf: past, because: 'each order is refunded once' };
  const { replay } = await readEffect(room, PolicyChange.parse({ policy: { text: start, rules: [once] } }), window);
  // The first of each order goes, and every later one is refused.
  assert.deepEqual(
    replay.flips.filter((one) => one.agent === agent.agent.id).map((one) => [one.before, one.after, one.reasonAfter, one.calls]),
    [['permit', 'deny', 'history.forbidden', 4]],
  );
});

test('what a rule would have summed is not kept: it cannot be told what it would cut, and a second person looks', async () => {
  await afresh();
  const agent = await busyAgent(60);
  const when = { system: agent.system.name, actions: ['refund'] };
  const atLeast = { sum: '/amount', amount: '100' };
  const rule = { id: 'sum', when, forbidIf: { happened: when, by: 'anyone' as const, within: 'P30D', atLeast }, because: 'x' };
  const before = await findPolicy(db);
  await assert.rejects(publishRulesDirectly(room, maya, { rules: [rule] }), (thrown: { code?: string; why?: string[] }) => {
    assert.match(thrown.why?.[0] ?? '', /cannot be told: \d+ of/);
    return thrown.code === 'policy.needs_second';
  });
  assert.deepEqual(await findPolicy(db), before);
  const elsewhere = { ...rule, when: { system: 'elsewhere', actions: ['*'] } };
  const published = await publishRulesDirectly(room, maya, { rules: [elsewhere] });
  assert.deepEqual([published.text, published.rules], [before?.text, [elsewhere]]);
  assert.deepEqual((await publishDirectly(room, maya, { text: `${start}\n// rules stay` })).rules, [elsewhere]);
  await publishRulesDirectly(room, maya, { rules: [] });
});
