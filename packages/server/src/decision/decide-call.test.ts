import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Call } from '@surety/contract/call';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import { type ExactRecord, isExactRecord, readExactJson } from '@surety/contract/exact-json';
import type { Effect } from '@surety/contract/system';
import { MandateDocument } from '@surety/contract/mandate';
import { digestCall } from '@surety/decision/call-digest';
import type { GivenApproval } from '@surety/decision/call-facts';
import { openCedar } from '@surety/decision/cedar-engine';
import { test } from 'vitest';
import { addSystem } from '#catalogue/add-system';
import { classifyOperation } from '#catalogue/classify-operation';
import { removeSystem } from '#catalogue/remove-system';
import { openSystemFacts } from '#catalogue/system-facts';
import { announce } from '#change/announce';
import { openAuthorityFacts } from '#delegation/authority-facts';
import { endMandate } from '#delegation/end-mandate';
import { endTask } from '#delegation/end-task';
import { giveMandate } from '#delegation/give-mandate';
import { openTask } from '#delegation/open-task';
import { readMandate } from '#delegation/read-mandate';
import { acceptManifest } from '#federation/accept-manifest';
import { createSealer } from '#keys/seal';
import { openPolicyFacts } from '#policy/policy-facts';
import { prepareHouse } from '#policy/prepare-house';
import { publishPolicy } from '#policy/publish-policy';
import { setRole } from '#policy/set-role';
import { changeAgent } from '#registry/change-agent';
import { changeHuman } from '#registry/change-human';
import { moveAgent } from '#registry/move-agent';
import { openPrincipalFacts } from '#registry/principal-facts';
import { revokeCredential } from '#registry/revoke-credential';
import { openNode } from '#registry/testing/node';
import { freshName, heldClock, residents, signed } from '#registry/testing/residents';
import { readInputs } from './call-inputs.ts';
import { createDecider } from './decide-call.ts';

const { db, feed, upToDate } = await openNode();
const { clock, pass } = heldClock();
const { human, agent, keyOf } = residents(db, clock);
const house = { db, clock };
await prepareHouse(db, clock);

const room = {
  db,
  feed,
  clock,
  engine: openCedar(),
  facts: openPrincipalFacts({ db, feed }),
  policies: openPolicyFacts({ db, feed }),
  systems: openSystemFacts({ db, feed }),
  authority: openAuthorityFacts({ db, feed }),
};
const decider = createDecider(room);
const again = decider.recompute;

const effects: Readonly<Record<string, Effect>> = { refund: 'money', list: 'read', note: 'write' };

/** A system, and an agent with a mandate for it, a task, and the caller it is. */
async function scene(change: { permissions?: object[]; autonomy?: MandateDocument['autonomy']; role?: string } = {}) {
  const role = change.role ?? 'owner';
  const owner = await human({ roles: [role] });
  const key = await keyOf(owner.id);
  const catalogue = {
    db,
    clock,
    sealer: createSealer(randomBytes(32)),
    allowCommands: false,
    describe: async () => Object.keys(effects).map((name) => ({ name, inputSchema: {}, definition: { name } })),
  };
  const system = await addSystem(catalogue, owner.id, {
    name: freshName('payments'),
    upstream: { kind: 'mcp-http', url: 'https://pay.example/mcp' },
  });
  for (const [operation, effect] of Object.entries(effects))
    await classifyOperation(house, owner.id, { system: system.id, operation, effect });
  const one = await agent({ owner: owner.id, state: 'active' });
  const instance = await keyOf(one.id);
  const give = async (permissions: object[]) => {
    const document = MandateDocument.parse({
      agent: one.id,
      purpose: 'Refund orders',
      autonomy: change.autonomy ?? 'act',
      expiresAt: '2027-01-01T00:00:00Z',
      permissions,
    });
    const signature = signed(key, 'surety-mandate+jwt', {
      digest: readMandate({ document }).digest,
      agent: one.id,
      iat: Math.floor(clock() / 1000),
    });
    return giveMandate(house, owner.id, { document, signature });
  };
  const limits = [
    {
      system: system.name,
      actions: ['refund', 'list'],
      where: { '/amount': { max: 250 } },
      hold: [{ when: { '/amount': { over: 100 } }, because: 'Larger refunds need a look.' }],
    },
  ];
  const mandate = await give(change.permissions ?? limits);
  const task = await db.transaction((tx) =>
    openTask(tx, clock, one.id, { agent: one.id, trigger: 'agent', purpose: 'today', lifetimeSeconds: 3600 }),
  );
  const caller: AuthenticatedCaller = {
    principal: one.id,
    kind: 'agent',
    credential: instance.credential,
    jkt: 'jkt',
    task: task.id,
    tokenId: `tok_${randomBytes(8).toString('hex')}`,
    issuedAtSeconds: Math.floor(clock() / 1000) + 60,
    expiresAtSeconds: Math.floor(clock() / 1000) + 360,
    proofId: 'proof',
    proofIssuedAtSeconds: Math.floor(clock() / 1000),
  };
  const call = (operation: string, args: string): Call => {
    const read = readExactJson(args) as ExactRecord;
    assert.ok(isExactRecord(read));
    return {
      protocol: 'mcp',
      system: system.name,
      operation,
      arguments: read,
      digest: digestCall({ agent: one.id, system: system.name, operation, arguments: read }),
    };
  };
  const decided = async (operation = 'refund', args = '{"amount":50}') =>
    (await decider.decide(caller, call(operation, args))).decision;
  await upToDate();
  return { owner, system, agent: one, mandate, task, caller, call, decided, give };
}

test('a call is decided on what the rooms below know, with what the ledger says of it', async () => {
  const { owner, system, agent: one, mandate, task, caller, call } = await scene();
  const before = feed.applied();
  const judged = await decider.decide(caller, call('refund', '{"amount":50.0}'));
  assert.deepEqual([judged.decision.outcome, judged.decision.reason], ['permit', 'permitted']);
  assert.deepEqual(judged.decision.policies, [
    `mandate:${mandate.id}/p1`,
    'role:owner/role.everything',
    'organisation/organisation.start',
  ]);
  assert.deepEqual(
    [judged.answerable, judged.effect, judged.mandate, judged.policyVersion],
    [owner.id, 'money', { id: mandate.id, version: 1 }, 1],
  );
  assert.ok(judged.definition.length > 40);
  assert.deepEqual(judged.fence, {
    change: before,
    keys: [one.id, caller.credential, caller.tokenId, task.id, owner.id, system.id, 'policy', 'role:owner'],
  });
});

test('the record of a decision holds every digit, and the decision computed from it again is the same', async () => {
  const { caller, call, mandate } = await scene();
  for (const args of [
    '{"amount":50.0}',
    '{"amount":420}',
    '{"amount":150}',
    '{"amount":9007199254740993,"deep":{"__proto__":[1e2,null,"é"]}}',
    '{}',
  ]) {
    const judged = await decider.decide(caller, call('refund', args));
    assert.ok(judged.inputs.includes(args.slice(1, -1)), 'as it was written');
    const { recomputed, conditions, inputs, because, mandateVersion, policies } = await again(judged.inputs, judged.decision);
    assert.deepEqual(
      [recomputed, because, mandateVersion, policies],
      ['same', judged.decision.because, mandate.version, judged.decision.policies],
    );
    assert.ok(conditions.some(({ text }) => text.startsWith('/amount is')));
    assert.deepEqual(inputs?.call.arguments, call('refund', args).arguments);
  }
});

test('what is computed again is what was decided then, not what would be decided now', async () => {
  const { caller, call, give, agent: one, owner, system } = await scene();
  const judged = await decider.decide(caller, call('refund', '{"amount":50}'));
  await give([{ system: system.name, actions: ['list'] }]);
  await moveAgent(house, owner.id, { agent: one.id, to: 'suspended', reason: 'test' });
  assert.equal((await again(judged.inputs, judged.decision)).recomputed, 'same');
});

test('an entry that says something else than its record is found out, and a record that is broken or of a changed document says nothing', async () => {
  const { caller, call, mandate } = await scene();
  const { inputs, decision } = await decider.decide(caller, call('refund', '{"amount":420}'));
  assert.equal(decision.outcome, 'deny');
  assert.equal((await again(inputs, { ...decision, reason: 'permitted' })).recomputed, 'different');
  assert.equal((await again(inputs, { ...decision, policies: ['x'] })).recomputed, 'different');
  assert.equal(
    (await again(inputs, { ...decision, reason: 'proof.replayed' })).recomputed,
    'same',
    'it failed for this after it was decided',
  );
  const forged = Buffer.from(inputs.toString().replace('"amount":420', '"amount":42'));
  assert.equal((await again(forged, decision)).recomputed, 'different');
  assert.equal((await again(Buffer.from('{}'), decision)).recomputed, 'not_possible');
  assert.equal((await again(Buffer.from('no JSON'), decision)).recomputed, 'not_possible');
  await db.query(
    `update mandate set document = jsonb_set(document, '{permissions,0,where,/amount,max}', '"1000"') where id = $1`,
    [mandate.id],
  );
  const gone = await again(inputs, decision);
  assert.deepEqual([gone.recomputed, gone.because, gone.conditions], ['not_possible', decision.because, []]);
});

test('each way to end a right ends it as soon as the news is applied, and names the link', async () => {
  const cases: readonly [string, (at: Awaited<ReturnType<typeof scene>>) => Promise<unknown>][] = [
    ['agent.not_active', ({ agent: one, owner }) => moveAgent(house, owner.id, { agent: one.id, to: 'retired', reason: 'x' })],
    ['owner.not_active', ({ owner }) => changeHuman(house, 'house', { human: owner.id, state: 'left' })],
    ['owner.may_not_answer', ({ owner }) => changeHuman(house, 'house', { human: owner.id, roles: ['auditor'] })],
    ['mandate.none', ({ mandate, owner }) => endMandate(house, owner.id, { mandate: mandate.id })],
    ['mandate.silent', ({ give, system }) => give([{ system: system.name, actions: ['list'] }])],
    ['system.unknown', ({ system, owner }) => removeSystem(house, owner.id, { system: system.id })],
    ['held.autonomy', ({ agent: one, owner }) => changeAgent(house, owner.id, { agent: one.id, autonomy: 'propose' })],
    [
      'mandate.invalid',
      ({ mandate, agent: one }) =>
        db
          .query(`update mandate set document = jsonb_set(document, '{purpose}', '"another"') where id = $1`, [mandate.id])
          .then(() => db.transaction((tx) => announce(tx, [{ what: 'changed', key: one.id }]))),
    ],
  ];
  for (const [reason, end] of cases) {
    const at = await scene();
    assert.equal((await at.decided()).outcome, 'permit', reason);
    await end(at);
    await upToDate();
    const isLife = reason === 'agent.not_active' || reason === 'owner.not_active';
    if (isLife) await assert.rejects(at.decided(), { code: 'token.ended' }, 'what was issued before is dead');
    const later = { ...at.caller, issuedAtSeconds: Math.floor(Date.now() / 1000) + 60 };
    assert.equal((await decider.decide(later, at.call('refund', '{"amount":50}'))).decision.reason, reason);
  }
});

test('what was cut off since the caller was authenticated is a token that has ended', async () => {
  const ends: readonly ((at: Awaited<ReturnType<typeof scene>>) => Promise<unknown>)[] = [
    ({ task, owner }) => endTask(house, owner.id, { task: task.id }),
    ({ caller, owner }) => revokeCredential(house, owner.id, { credential: caller.credential as never }),
    ({ caller }) => db.transaction((tx) => announce(tx, [{ what: 'cutoff', key: caller.tokenId }])),
  ];
  for (const end of ends) {
    const at = await scene();
    await end(at);
    await upToDate();
    await assert.rejects(at.decided(), { code: 'token.ended' });
    await assert.rejects(decider.standing(at.caller), { code: 'token.ended' });
  }
});

test('a change that comes between reading and commit is above the fence', async () => {
  const { caller, call, owner } = await scene();
  const judged = await decider.decide(caller, call('refund', '{"amount":50}'));
  await changeHuman(house, 'house', { human: owner.id, roles: [] });
  const { rows } = await db.query<{ count: number }>('select count(*) as count from change where number > $1 and key = any($2)', [
    judged.fence.change,
    judged.fence.keys,
  ]);
  assert.equal(rows[0]?.count, 1);
});

test('a stale node denies, whatever it knows', async () => {
  const { caller, call } = await scene();
  const stale = createDecider({
    ...room,
    feed: { ...feed, isFresh: () => false, applied: () => feed.applied(), cutoffOf: () => undefined, catchUp: () => {} },
  });
  const { decision } = await stale.decide(caller, call('refund', '{"amount":50}'));
  assert.deepEqual([decision.outcome, decision.reason, decision.link], ['deny', 'house.stale', 'house']);
  assert.equal((await stale.standing(caller)).decision.reason, 'house.stale');
});

test('whoever is no agent, and whoever has no task, may call nothing', async () => {
  const { caller, call, owner, system } = await scene();
  const byHuman = await decider.decide(
    { ...caller, principal: owner.id, kind: 'human', task: undefined },
    call('refund', '{"amount":50}'),
  );
  assert.deepEqual([byHuman.decision.reason, byHuman.answerable], ['agent.not_active', owner.id]);
  assert.equal(
    (await decider.decide({ ...caller, task: undefined }, call('refund', '{"amount":50}'))).decision.reason,
    'task.ended',
  );
  assert.equal((await decider.standing({ ...caller, task: undefined })).decision.reason, 'task.ended');
  const guarded = await room.systems.byName(system.name);
  assert.ok(guarded !== undefined);
  assert.deepEqual([...(await decider.listable({ ...caller, task: undefined }, guarded))], []);
});

test('a list of tools shows what could be permitted', async () => {
  const { caller, system } = await scene();
  const guarded = await room.systems.byName(system.name);
  assert.ok(guarded !== undefined);
  assert.deepEqual([...(await decider.listable(caller, guarded))].sort(), ['list', 'refund']);
  assert.equal((await decider.standing(caller)).decision.outcome, 'permit');
  const observer = await scene({ autonomy: 'observe' });
  const seen = await room.systems.byName(observer.system.name);
  assert.ok(seen !== undefined);
  assert.deepEqual([...(await decider.listable(observer.caller, seen))], ['list']);
});

test('a copy of an agent that is made of something that nobody accepted only reads, until its owner accepts it', async () => {
  const { owner, caller, decided } = await scene();
  assert.equal((await decided()).outcome, 'permit');
  const digest = 'sha256:0123456789abcdef';
  await db.transaction(async (tx) => {
    await tx.query('update credential set manifest_digest = $2, manifest_accepted = false where id = $1', [
      caller.credential,
      digest,
    ]);
    await announce(tx, [{ what: 'changed', key: caller.credential }]);
  });
  await upToDate();
  const { outcome, reason, link } = await decided();
  assert.deepEqual([outcome, reason, link], ['deny', 'mandate.autonomy', 'agent']);
  assert.equal((await decided('list', '{"amount":50}')).outcome, 'permit');
  await acceptManifest(house, owner.id, { agent: caller.principal, digest });
  await upToDate();
  assert.equal((await decided()).outcome, 'permit');
});

test('a yes for exactly this call lifts the hold; after a change of mandate or policy it counts for nothing', async () => {
  const { caller, call, mandate, give, system } = await scene();
  const asked = call('refund', '{"amount":150}');
  const held = await decider.decide(caller, asked);
  assert.deepEqual([held.decision.outcome, held.decision.reason], ['hold', 'held.mandate']);
  const yes: GivenApproval = {
    id: 'apr_1',
    state: 'approved',
    callDigest: asked.digest,
    effect: held.effect,
    definition: held.definition,
    mandateVersion: mandate.version,
    policyVersion: held.policyVersion,
    validUntilMs: clock() + 60_000,
  };
  const approved = await decider.decide(caller, asked, yes);
  assert.deepEqual([approved.decision.outcome, approved.decision.reason], ['permit', 'approved']);
  assert.equal((await again(approved.inputs, approved.decision)).recomputed, 'same');
  assert.equal((await decider.decide(caller, call('refund', '{"amount":151}'), yes)).decision.outcome, 'hold');
  await give([{ system: system.name, actions: ['refund'], hold: [{ because: 'All refunds need a look.' }] }]);
  await upToDate();
  assert.equal((await decider.decide(caller, asked, yes)).decision.outcome, 'hold');
});

test('the policy of the organisation and of a role count from the moment they are published', async () => {
  const role = freshName('treasury');
  await setRole(house, 'house', {
    role,
    document: { answersFor: 'permit (principal, action in Action::"money", resource);', description: '' },
  });
  const { decided, caller, call } = await scene({ role });
  assert.equal((await decided()).outcome, 'permit');
  assert.equal((await decided('list')).reason, 'owner.may_not_answer');
  const before = await decider.decide(caller, call('refund', '{"amount":50}'));
  await setRole(house, 'house', { role, document: { answersFor: '', description: '' } });
  await upToDate();
  assert.equal((await decided()).reason, 'owner.may_not_answer');
  await setRole(house, 'house', { role, document: { answersFor: 'permit (principal, action, resource);', description: '' } });
  const { text } = await publishPolicy(house, 'house', {
    text: '@id("start") permit (principal, action, resource); @id("no-fifties") forbid (principal, action, resource) when { context.args.amount == 50 };',
  });
  assert.ok(text.length > 0);
  await upToDate();
  assert.deepEqual((await decided()).policies, ['organisation/no-fifties']);
  assert.equal((await again(before.inputs, before.decision)).recomputed, 'same', 'with the versions it was made with');
});

test('a task that has run out is over', async () => {
  const { decided } = await scene();
  pass(3_700_000);
  assert.equal((await decided()).reason, 'task.ended');
});

test('arguments as deep as a guard takes are decided and recorded', async () => {
  const { caller, call } = await scene();
  const deep = `{"amount":50,"x":${'['.repeat(62)}${']'.repeat(62)}}`;
  const judged = await decider.decide(caller, call('refund', deep));
  assert.ok(['permit', 'deny'].includes(judged.decision.outcome));
  assert.ok(readInputs(judged.inputs) !== undefined);
});
