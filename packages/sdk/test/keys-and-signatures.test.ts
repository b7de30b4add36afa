import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Approval } from '@surety/contract/approval';
import { importPublicKey, thumbprint } from '@surety/proof/jwk';
import { readJws, verifyJws } from '@surety/proof/jws';
import { beforeEach, test } from 'vitest';
import { createPrivateJwk, createSigningKey, importSigningKey } from '../src/agent-key.ts';
import { createKey, loadKey } from '../src/key-file.ts';
import { signAnswer, signAnswerTo, signMandate } from '../src/sign.ts';
import { SuretyError } from '../src/surety-error.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'surety-sdk-'));
});

const refused = (thrown: unknown): boolean => thrown instanceof SuretyError && thrown.code === 'local.key_file_refused';

test('a key is made once, in a file for its owner only, and is the same when read again', async () => {
  const path = join(folder, 'deep', 'keys', 'agent.jwk');
  const made = await createKey(path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(join(folder, 'deep', 'keys'))).mode & 0o777, 0o700);
  const read = await loadKey(path);
  assert.equal(read.jkt, made.jkt);
  assert.equal(read.jkt, thumbprint(made.publicJwk));
});

test('a key file is never overwritten, also when two begin at once', async () => {
  const path = join(folder, 'agent.jwk');
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => createKey(path)));
  const made = results.filter((result) => result.status === 'fulfilled');
  assert.equal(made.length, 1);
  for (const result of results) if (result.status === 'rejected') assert.ok(refused(result.reason));
  assert.equal((await loadKey(path)).jkt, made[0]?.value.jkt);
});

test("attack: a key that others can read is nobody's", async () => {
  const path = join(folder, 'agent.jwk');
  await createKey(path);
  for (const mode of [0o640, 0o604, 0o660, 0o644]) {
    await chmod(path, mode);
    await assert.rejects(loadKey(path), refused);
  }
});

test('what is no key is refused, and nothing of it is said', async () => {
  const jwk = await createPrivateJwk();
  const texts = [
    '',
    'secret',
    '{}',
    JSON.stringify({ ...jwk, crv: 'P-384' }),
    JSON.stringify({ ...jwk, d: undefined }),
    JSON.stringify({ kty: 'oct', k: 'c2VjcmV0' }),
  ];
  for (const text of texts) {
    const path = join(folder, 'other.jwk');
    await writeFile(path, text, { mode: 0o600 });
    await assert.rejects(
      loadKey(path),
      (thrown) =>
        refused(thrown) && !JSON.stringify([(thrown as SuretyError).message, (thrown as SuretyError).why]).includes('secret'),
      text,
    );
  }
  await assert.rejects(loadKey(join(folder, 'absent')), refused);
});

test('the private half cannot be read out of its handle', async () => {
  for (const key of [
    await createSigningKey(),
    await importSigningKey(await createPrivateJwk()),
    await createKey(join(folder, 'a.jwk')),
  ]) {
    assert.equal(key.privateKey.extractable, false);
    await assert.rejects(crypto.subtle.exportKey('jwk', key.privateKey as Parameters<typeof crypto.subtle.exportKey>[1]));
    assert.deepEqual(Object.keys(key.publicJwk), ['kty', 'crv', 'x', 'y']);
    assert.doesNotMatch(JSON.stringify(key), /"d"/);
  }
  assert.match(await readFile(join(folder, 'a.jwk'), 'utf8'), /"d":/);
});

test('an answer is signed in the form that is verified', async () => {
  const key = await createSigningKey();
  const approval = 'apr_01k9z7qh4m8y2c3d4e5f6g7h8j';
  const jws = await signAnswer(key, { approval, digest: 'abc', answer: 'refuse', reason: 'Ask DHL first' }, 1_764_000_000_500);
  const parsed = readJws(jws, { typ: 'surety-approval+jwt' });
  assert.equal(parsed.kid, key.jkt);
  assert.ok(verifyJws(parsed, importPublicKey(key.publicJwk)));
  const claims = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
  assert.deepEqual(claims, { approval, digest: 'abc', answer: 'refuse', reason: 'Ask DHL first', iat: 1_764_000_000 });
});

test('a mandate is signed in the form that is verified, and cannot be taken for an answer', async () => {
  const key = await createSigningKey();
  const jws = await signMandate(key, { digest: 'abc', agent: 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j' }, 1_764_000_000_500);
  assert.ok(verifyJws(readJws(jws, { typ: 'surety-mandate+jwt' }), importPublicKey(key.publicJwk)));
  assert.throws(() => readJws(jws, { typ: 'surety-approval+jwt' }));
});

test('nothing that is not an answer gets a signature', async () => {
  const key = await createSigningKey();
  const malformed = (thrown: unknown): boolean => thrown instanceof SuretyError && thrown.code === 'request.malformed';
  await assert.rejects(signAnswer(key, { approval: 'act_1', digest: 'abc', answer: 'approve' }, 0), malformed);
  await assert.rejects(
    signAnswer(key, { approval: 'apr_01k9z7qh4m8y2c3d4e5f6g7h8j', digest: 'abc', answer: 'approve', reason: '\u202ehidden' }, 0),
    malformed,
  );
});

const asked: Approval = Approval.parse({
  id: 'apr_01k9z7qh4m8y2c3d4e5f6g7h8j',
  action: 'act_01k9z7qh4m8y2c3d4e5f6g7h8j',
  agent: 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j',
  agentName: 'refund-bot',
  requester: 'hum_01k9z7qh4m8y2c3d4e5f6g7h8k',
  requesterName: 'Dana Levi',
  system: 'payments',
  operation: 'refund',
  effect: 'money',
  argumentsText: '{"amount":420,"order":"8841"}',
  definition: 'def',
  mandateVersion: 3,
  policyVersion: 1,
  because: 'over its €250 limit',
  answerable: 'hum_01k9z7qh4m8y2c3d4e5f6g7h8j',
  answerableName: 'Maya Okafor',
  state: 'pending',
  askedAt: '2026-11-25T02:00:00.000Z',
  expiresAt: '2026-11-25T02:10:00.000Z',
  validUntil: null,
  answeredBy: null,
  answeredByName: null,
  answeredAt: null,
  reason: null,
  // Computed once with another program, over the texts that contract/call.ts and contract/question.ts describe.
  callDigest: 'Gd0oNNVpjFCSCfkO-4xs21YWCxIYfc-puV1Yt2hHxys',
  questionDigest: 'J8rSJ4UezRqrH6YK-dMUGA8dYmcSZqqUi3ew2DXZgyg',
});

test('an answer to a request is signed once both of its digests follow from what it shows', async () => {
  const key = await createSigningKey();
  const jws = await signAnswerTo(key, asked, { answer: 'approve' }, 1_764_000_000_500);
  const claims = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
  assert.deepEqual(claims, { approval: asked.id, digest: asked.questionDigest, answer: 'approve', iat: 1_764_000_000 });
});

test('change any member of a question, and it gets no signature (P6)', async () => {
  const key = await createSigningKey();
  const answered = [
    'requesterName',
    'answerableName',
    'state',
    'validUntil',
    'answeredBy',
    'answeredByName',
    'answeredAt',
    'reason',
  ];
  const differs = (thrown: unknown): boolean => thrown instanceof SuretyError && thrown.code === 'local.digest_differs';
  const members = Object.keys(asked).filter((member) => !answered.includes(member)) as (keyof Approval)[];
  assert.equal(members.length, 18);
  for (const member of members) {
    for (const value of [typeof asked[member] === 'number' ? 9 : `${String(asked[member])} `, null, '\ud800']) {
      await assert.rejects(
        signAnswerTo(key, { ...asked, [member]: value as never }, { answer: 'approve' }, 0),
        differs,
        `${member}: ${String(value)}`,
      );
    }
  }
});
