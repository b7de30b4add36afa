import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Mandate, MandateDocument } from '@surety/contract/mandate';
import type { SigningKey } from '@surety/proof/jwk';
import { generateSigningKey } from '@surety/proof/jwk';
import { test } from 'vitest';
import { addSystem } from '#catalogue/add-system';
import type { CatalogueHouse } from '#catalogue/catalogue-house';
import { removeSystem } from '#catalogue/remove-system';
import type { Db } from '#kernel/db';
import { createSealer } from '#keys/seal';
import { changeAgent } from '#registry/change-agent';
import { changeHuman } from '#registry/change-human';
import { listCredentials } from '#registry/credential-store';
import { revokeCredential } from '#registry/revoke-credential';
import { openNode } from '#registry/testing/node';
import { announcedBy, eventsAbout, freshName, heldClock, residents, signed } from '#registry/testing/residents';
import { house } from '#testing/house';
import { openAuthorityFacts } from './authority-facts.ts';
import { endMandate } from './end-mandate.ts';
import { giveMandate } from './give-mandate.ts';
import { findMandateVersion, getMandate, listMandates } from './mandate-store.ts';
import { checkStoredMandate } from './mandate-signature.ts';
import { readMandate } from './read-mandate.ts';
import { brokenSignature, viewMandate } from './view-mandate.ts';

const { db, feed, upToDate } = await openNode();
const { clock, pass } = heldClock();
const { human, agent, keyOf } = residents(db, clock);
const room = { db, clock };
const facts = openAuthorityFacts({ db, feed });
const giver = await human({ roles: ['owner'] });
const key = await keyOf(giver.id);
const payments = await protectedSystem(db, giver.id);

async function protectedSystem(on: Db, owner: string): Promise<string> {
  const catalogue: CatalogueHouse = {
    db: on,
    clock,
    sealer: createSealer(randomBytes(32)),
    allowCommands: false,
    describe: async () => [],
  };
  return (
    await addSystem(catalogue, owner, {
      name: freshName('payments'),
      upstream: { kind: 'mcp-http', url: 'https://pay.example/mcp' },
    })
  ).name;
}

function documentFor(agentId: string, change: Record<string, unknown> = {}): MandateDocument {
  return MandateDocument.parse({
    agent: agentId,
    purpose: 'Refund orders',
    autonomy: 'act_within_limits',
    expiresAt: '2027-01-01T00:00:00Z',
    permissions: [{ system: payments, actions: ['refund_order'], where: { '/amount': { max: 250 } } }],
    ...change,
  });
}

function sign(
  document: MandateDocument,
  change: Record<string, unknown> = {},
  by: SigningKey = key,
  typ = 'surety-mandate+jwt',
): string {
  const { digest } = readMandate({ document });
  return signed(by, typ, { digest, agent: document.agent, iat: Math.floor(clock() / 1000), ...change });
}

const give = (document: MandateDocument, signature = sign(document), actor: string = giver.id) =>
  giveMandate(room, actor, { document, signature });

test('reading a document says what it means and the digest to sign, and changes nothing', async () => {
  const one = await agent();
  const document = documentFor(one.id);
  const read = readMandate({ document });
  const canonical =
    `{"agent":"${one.id}","autonomy":"act_within_limits","expiresAt":"2027-01-01T00:00:00Z","permissions":[{"actions":["refund_order"],` +
    `"system":"${payments}","where":{"/amount":{"max":"250"}}}],"purpose":"Refund orders"}`;
  assert.equal(read.digest, createHash('sha256').update(canonical).digest('base64url'));
  assert.ok(read.sentences.some((sentence) => sentence.includes('250')));
  assert.ok(read.policies.every(({ text }) => text.startsWith('permit')));
  assert.deepEqual(await listMandates(db, { agent: one.id, all: true }), []);
});

test('a mandate that is given is stored, recorded, told to every node, and its signature holds', async () => {
  const one = await agent({ owner: giver.id });
  const document = documentFor(one.id);
  let mandate: Mandate | undefined;
  const announced = await announcedBy(db, async () => (mandate = await give(document)));
  assert.ok(Mandate.safeParse(mandate).success);
  assert.equal(mandate?.version, 1);
  assert.deepEqual(announced, [`changed ${one.id}`]);
  const digest = readMandate({ document }).digest;
  assert.deepEqual(await eventsAbout(db, mandate?.id ?? ''), [
    { type: 'mandate.given', actor: giver.id, data: { agent: one.id, version: 1, documentDigest: digest } },
  ]);
  await upToDate();
  assert.deepEqual(await facts.mandate(one.id), {
    id: mandate?.id,
    version: 1,
    document,
    documentDigest: digest,
    signatureHolds: true,
  });
});

test('versions count up and the one before is replaced, also when ten are given at once', async () => {
  const one = await agent();
  const document = documentFor(one.id);
  const given = await Promise.all(Array.from({ length: 10 }, () => give(document)));
  assert.deepEqual(
    given.map(({ version }) => version).sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  const all = await listMandates(db, { agent: one.id, all: true });
  assert.deepEqual(
    all.filter(({ state }) => state === 'active').map(({ version }) => version),
    [10],
  );
  assert.equal(all.filter(({ state }) => state === 'replaced').length, 9);
  assert.deepEqual((await findMandateVersion(db, one.id, 3))?.document, document);
});

test('only what the giver signed is given: another document, agent, person, key, type or time is refused', async () => {
  const [one, other, eve] = [await agent(), await agent(), await human({ roles: ['owner'] })];
  const evesKey = await keyOf(eve.id);
  const document = documentFor(one.id);
  const wider = documentFor(one.id, { permissions: [{ system: payments, actions: ['*'] }] });
  const attempts: readonly (readonly [string, Promise<unknown>])[] = [
    ['a wider document under the old signature', give(wider, sign(document))],
    ['another digest', give(document, sign(document, { digest: 'x' }))],
    ['another agent', give(document, sign(document, { agent: other.id }))],
    ['signed by another person', give(document, sign(document, {}, evesKey))],
    ['given by another person', give(document, sign(document), eve.id)],
    ['given by an agent', give(document, sign(document), other.id)],
    ['a key nobody enrolled', give(document, sign(document, {}, generateSigningKey()))],
    ['signed as an approval', give(document, sign(document, {}, key, 'surety-approval+jwt'))],
    ['signed an hour ago', give(document, sign(document, { iat: Math.floor(clock() / 1000) - 3600 }))],
    ['signed tomorrow', give(document, sign(document, { iat: Math.floor(clock() / 1000) + 86_400 }))],
    [
      'signed without a time',
      give(document, signed(key, 'surety-mandate+jwt', { digest: readMandate({ document }).digest, agent: one.id })),
    ],
    ['claims beyond those of a mandate', give(document, sign(document, { scope: 'all' }))],
    ['no signature', give(document, '')],
  ];
  const outcomes = await Promise.allSettled(attempts.map(([, attempt]) => attempt));
  outcomes.forEach((outcome, at) => {
    assert.equal(
      outcome.status === 'rejected' && (outcome.reason as { code: string }).code,
      'signature.invalid',
      attempts[at]?.[0],
    );
  });
  assert.deepEqual(await listMandates(db, { agent: one.id, all: true }), []);
});

test('what cannot hold is refused with where and why', async () => {
  const one = await agent();
  const issuesOf = async (work: Promise<unknown>) => {
    const thrown = (await work.then(
      () => undefined,
      (error: unknown) => error,
    )) as { code: string; issues: { path: string }[] } | undefined;
    assert.equal(thrown?.code, 'mandate.invalid');
    return thrown?.issues.map(({ path }) => path);
  };
  assert.deepEqual(await issuesOf(give(documentFor(one.id, { expiresAt: '2026-01-01T00:00:00Z' }))), ['/document/expiresAt']);
  const stranger = documentFor(one.id, {
    permissions: [
      { system: payments, actions: ['a'] },
      { system: 'no-such', actions: ['a'] },
    ],
  });
  assert.deepEqual(await issuesOf(give(stranger)), ['/document/permissions/1/system']);
  const retired = await agent({ state: 'retired' });
  assert.deepEqual(await issuesOf(give(documentFor(retired.id))), ['/document/agent']);
  await assert.rejects(give(documentFor(`agt_${'0'.repeat(26)}`)), { code: 'agent.not_found' });
  const zone = documentFor(one.id, {
    permissions: [{ system: payments, actions: ['a'], hours: { from: '08:00', until: '18:00', zone: 'Mars/Olympus' } }],
  });
  assert.deepEqual(await issuesOf(Promise.resolve().then(() => readMandate({ document: zone }))), [
    '/document/permissions/0/hours/zone',
  ]);
  for (const odd of ['a\0b', 'half \ud800']) {
    const document = documentFor(one.id, { permissions: [{ system: payments, actions: [odd] }] });
    await issuesOf(Promise.resolve().then(() => readMandate({ document })));
  }
  readMandate({ document: documentFor(one.id, { permissions: [{ system: payments, actions: ['a\\u0000b'] }] }) });
});

test('a system that is no longer protected is not one a mandate can name', async () => {
  const gone = await protectedSystem(db, giver.id);
  await removeSystem({ db, clock }, giver.id, { system: gone });
  const one = await agent();
  await assert.rejects(give(documentFor(one.id, { permissions: [{ system: gone, actions: ['a'] }] })), {
    code: 'mandate.invalid',
  });
});

test('an ended mandate is ended once, and the agent has none', async () => {
  const one = await agent();
  const { id } = await give(documentFor(one.id));
  assert.ok((await facts.mandate(one.id))?.signatureHolds);
  const announced = await announcedBy(db, async () => {
    assert.equal((await endMandate(room, 'hum_x', { mandate: id })).state, 'ended');
    assert.equal((await endMandate(room, 'hum_y', { mandate: id })).state, 'ended');
  });
  assert.deepEqual(announced, [`changed ${one.id}`]);
  assert.deepEqual((await eventsAbout(db, id)).at(-1), {
    type: 'mandate.ended',
    actor: 'hum_x',
    data: { agent: one.id, version: 1 },
  });
  await upToDate();
  assert.equal(await facts.mandate(one.id), undefined);
  await assert.rejects(endMandate(room, 'hum_x', { mandate: `man_${'0'.repeat(26)}` }), { code: 'mandate.not_found' });
});

test('ending a mandate that was replaced leaves the one in force alone', async () => {
  const one = await agent();
  const first = await give(documentFor(one.id));
  const second = await give(documentFor(one.id));
  assert.equal((await endMandate(room, 'hum_x', { mandate: first.id })).state, 'replaced');
  assert.equal((await getMandate(db, second.id)).state, 'active');
});

const edits: readonly (readonly [string, string])[] = [
  ['a limit', `document = jsonb_set(document, '{permissions,0,where,/amount,max}', '"99999"')`],
  [
    'the limit and its digest',
    `document = jsonb_set(document, '{permissions,0,where,/amount,max}', '"99999"'), document_digest = 'x'`,
  ],
  ['the end', `document = jsonb_set(document, '{expiresAt}', '"2099-01-01T00:00:00Z"')`],
  ['the autonomy', `document = jsonb_set(document, '{autonomy}', '"act"')`],
  ['a member too many', `document = document || '{"note": "all"}'`],
  ['the whole document', `document = '{}'`],
  ['the digest', `document_digest = 'AAAA'`],
  ['the signature', `signature = 'a.b.c'`],
];

test.for(edits)('a row whose %s was edited behind our back holds nothing', async ([, edit]) => {
  const one = await agent();
  const { id } = await give(documentFor(one.id));
  await db.query(`update mandate set ${edit} where id = $1`, [id]);
  const fact = await openAuthorityFacts({ db, feed }).mandate(one.id);
  assert.equal(fact?.signatureHolds, false);
  const shown = await viewMandate(db, await getMandate(db, id)).catch((error: unknown) => error as { code: string });
  assert.ok('code' in shown ? shown.code === 'internal' : shown.sentences[0] === brokenSignature);
});

test('a document edited together with its digest, by someone who knows how it is computed, holds nothing', async () => {
  const one = await agent();
  const { id } = await give(documentFor(one.id));
  const wider = documentFor(one.id, { permissions: [{ system: payments, actions: ['*'] }] });
  await db.query('update mandate set document = $2, document_digest = $3 where id = $1', [
    id,
    JSON.stringify(wider),
    readMandate({ document: wider }).digest,
  ]);
  const fact = await openAuthorityFacts({ db, feed }).mandate(one.id);
  assert.deepEqual([fact?.documentDigest, fact?.signatureHolds], [readMandate({ document: wider }).digest, false]);
});

test('a signature is for the agent that it names, that the document names and that the row is of', async () => {
  const [one, other] = [await agent(), await agent()];
  const { id } = await give(documentFor(one.id));
  const stored = await getMandate(db, id);
  const keys = await listCredentials(db, giver.id);
  assert.ok(checkStoredMandate(stored, keys).signatureHolds);
  const document = documentFor(one.id);
  assert.ok(!checkStoredMandate({ ...stored, signature: sign(document, { agent: other.id }) }, keys).signatureHolds);
  assert.ok(
    !checkStoredMandate({ ...stored, agent: other.id, signature: sign(document, { agent: other.id }) }, keys).signatureHolds,
  );
  assert.ok(!checkStoredMandate(stored, []).signatureHolds);
});

test('a mandate moved to another agent, or said to be by another giver, holds nothing', async () => {
  const [one, other, eve] = [await agent(), await agent(), await human()];
  await keyOf(eve.id);
  const { id } = await give(documentFor(one.id));
  await db.query('update mandate set given_by = $2 where id = $1', [id, eve.id]);
  assert.equal((await openAuthorityFacts({ db, feed }).mandate(one.id))?.signatureHolds, false);
  await db.query('update mandate set given_by = $2, agent = $3 where id = $1', [id, giver.id, other.id]);
  assert.equal((await openAuthorityFacts({ db, feed }).mandate(other.id))?.signatureHolds, false);
});

test('an older, wider version made active again behind our back is not in force', async () => {
  const one = await agent();
  const wide = await give(documentFor(one.id, { permissions: [{ system: payments, actions: ['*'] }] }));
  const narrow = await give(documentFor(one.id));
  await db.query(`update mandate set state = 'replaced' where id = $1`, [narrow.id]);
  await db.query(`update mandate set state = 'active' where id = $1`, [wide.id]);
  assert.equal(await openAuthorityFacts({ db, feed }).mandate(one.id), undefined);
});

test('a giver who changes keys or leaves does not undo what they gave, but gives no more', async () => {
  const second = await human({ roles: ['owner'] });
  const old = await keyOf(second.id);
  const one = await agent();
  const document = documentFor(one.id);
  await give(document, sign(document, {}, old), second.id);
  await revokeCredential(room, 'hum_x', { credential: old.credential });
  assert.ok((await openAuthorityFacts({ db, feed }).mandate(one.id))?.signatureHolds);
  await assert.rejects(give(document, sign(document, {}, old), second.id), { code: 'signature.invalid' });
  const fresh = await keyOf(second.id);
  await changeHuman(room, 'hum_x', { human: second.id, state: 'suspended' });
  await assert.rejects(give(document, sign(document, {}, fresh), second.id), { code: 'signature.invalid' });
});

test('a signed mandate does not keep: ten minutes later it is not given any more', async () => {
  const one = await agent();
  const document = documentFor(one.id);
  const signature = sign(document);
  pass(601_000);
  await assert.rejects(give(document, signature), { code: 'signature.invalid' });
});

test('when the record cannot be written, nothing was given or ended', async () => {
  const broken = await house();
  const there = residents(broken, clock);
  const yard = { db: broken, clock };
  const owner = await there.human();
  const ownKey = await there.keyOf(owner.id);
  const name = await protectedSystem(broken, owner.id);
  const one = await there.agent({ owner: owner.id });
  const document = documentFor(one.id, { permissions: [{ system: name, actions: ['a'] }] });
  const first = await giveMandate(yard, owner.id, { document, signature: sign(document, {}, ownKey) });
  await broken.query('alter table entry rename to entry_gone');
  await assert.rejects(giveMandate(yard, owner.id, { document, signature: sign(document, {}, ownKey) }));
  await assert.rejects(endMandate(yard, owner.id, { mandate: first.id }));
  assert.deepEqual(
    (await listMandates(broken, { all: true })).map(({ id, state }) => [id, state]),
    [[first.id, 'active']],
  );
});

test('a mandate ends with the ownership it was given in, and does not come back with the owner who had it', async () => {
  const [next, one] = [await human({ roles: ['owner'] }), await agent({ owner: giver.id, state: 'active' })];
  const before = await give(documentFor(one.id));
  await upToDate();
  assert.equal((await facts.mandate(one.id))?.id, before.id);
  await changeAgent(room, 'hum_x', { agent: one.id, purpose: 'said otherwise' });
  await upToDate();
  assert.equal((await facts.mandate(one.id))?.id, before.id, 'what is not about who owns it leaves it in force');
  for (const owner of [next.id, giver.id]) {
    await changeAgent(room, 'hum_x', { agent: one.id, owner });
    await upToDate();
    assert.equal(await facts.mandate(one.id), undefined);
    assert.equal(await facts.hasLostMandate(one.id, clock()), true);
    assert.equal((await viewMandate(db, await getMandate(db, before.id))).state, 'ended');
    assert.deepEqual(await listMandates(db, { agent: one.id, all: false }), []);
  }
  const again = await give(documentFor(one.id));
  await upToDate();
  assert.deepEqual([(await facts.mandate(one.id))?.id, again.version], [again.id, before.version + 1]);
  assert.deepEqual(
    (await listMandates(db, { agent: one.id, all: true })).map(({ state }) => state),
    ['active', 'replaced'],
  );
});
