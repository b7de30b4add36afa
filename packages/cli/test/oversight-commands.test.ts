import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'vitest';
import type { Terminal } from './terminal.ts';
import { action, approvalOf, explanation, ids, signedIn } from './world.ts';

let terminal: Terminal;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

beforeEach(async () => {
  terminal = await signedIn();
});
afterEach(() => terminal.close());

test('request ls, show', async () => {
  terminal.server.answers['listApprovals'] = ({ state, mine }: { state?: string; mine: boolean }) => ({
    items: state === 'pending' && mine ? [approvalOf()] : [],
  });
  const { out } = await run('request ls --mine');
  assert.match(
    out,
    /REQUEST +STATE +ASKS +TO CALL +WITH +WHY A PERSON +ANSWERS +EXPIRES\napr_\S+ +▲ held +refund-bot +payments\.refund +\{"amount":420,"order":8841\} +over its €250 mandate +Maya Okafor +4 min\n/,
  );
  assert.match((await run('request ls --state all')).err, /Nothing waits for a person/);
  terminal.server.answers['getApproval'] = () => approvalOf();
  assert.match((await run(['request', 'show', ids.request])).out, /with: \{"amount":420,"order":8841\}/);
  assert.equal((await run('request show 5')).code, 2);
});

function answerRequests(): { signature?: string; digest: string } {
  const asked = approvalOf();
  const kept: { signature?: string; digest: string } = { digest: asked.questionDigest };
  terminal.server.answers['getApproval'] = () => asked;
  terminal.server.answers['answerApproval'] = ({ signature }: { signature: string }) => {
    kept.signature = signature;
    const { answer, reason } = claimsOf(signature);
    return approvalOf({
      state: answer === 'approve' ? 'approved' : 'refused',
      answeredBy: ids.maya,
      answeredByName: 'Maya Okafor',
      answeredAt: '2026-11-25T02:00:00Z',
      reason: reason ?? null,
      validUntil: answer === 'approve' ? new Date(Date.now() + 600_000).toISOString() : null,
    });
  };
  return kept;
}

function claimsOf(jws: string) {
  return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
}

test('request approve: shows the whole call, asks, and signs the digest of exactly this question', async () => {
  const kept = answerRequests();
  const { code, out, err, asked } = await run(['request', 'approve', ids.request], {
    tty: true,
    answers: [true],
    env: { NO_COLOR: '1' },
  });
  assert.equal(code, 0);
  assert.match(
    err,
    /▲ refund-bot asks to call payments\.refund \(money\)\n {2}with \{"amount":420,"order":8841\}\n {2}because over its €250 mandate\n/,
  );
  assert.deepEqual(asked, ['Say yes to exactly this call, once?']);
  assert.match(out, /✓ Approved, once, for 10 min\. refund-bot can go on\./);
  const { iat: _iat, ...claims } = claimsOf(kept.signature ?? '');
  assert.deepEqual(claims, { approval: ids.request, digest: kept.digest, answer: 'approve' });
});

test('request refuse: needs no confirmation, and the reason is signed', async () => {
  const kept = answerRequests();
  const { code, out } = await run(['request', 'refuse', ids.request, '--reason', 'Ask DHL first']);
  assert.equal(code, 0);
  assert.match(out, /✗ Refused\. refund-bot is told why\./);
  assert.equal(claimsOf(kept.signature ?? '').reason, 'Ask DHL first');
});

test('request approve: no yes without a person at a terminal or --yes', async () => {
  const kept = answerRequests();
  assert.equal((await run(['request', 'approve', ids.request])).code, 2);
  assert.equal((await run(['request', 'approve', ids.request], { tty: true, answers: [false] })).code, 2);
  assert.equal((await run(['request', 'approve', ids.request, '--dry-run'])).code, 0);
  assert.equal(kept.signature, undefined);
  assert.equal((await run(['request', 'approve', ids.request, '--yes'])).code, 0);
  assert.equal(claimsOf(kept.signature ?? '').remember, undefined);
});

test('request approve --remember: what is signed says that its destinations are known from now on', async () => {
  const kept = answerRequests();
  assert.equal((await run(['request', 'approve', ids.request, '--remember', '--yes'])).code, 0);
  assert.equal(claimsOf(kept.signature ?? '').remember, true);
});

const changed: readonly Readonly<Record<string, unknown>>[] = [
  { argumentsText: '{"amount":4,"order":8841}' },
  { argumentsText: '{"amount": 420,"order":8841}' },
  { argumentsText: '{"amount":420,"amount":420,"order":8841}' },
  { argumentsText: 'not json' },
  { argumentsText: '[]' },
  { id: ids.request.replace('8j', '8k') },
  { action: ids.action.replace('8j', '8k') },
  { agent: ids.etl },
  { agentName: 'etl-nightly' },
  { system: 'shop' },
  { operation: 'read' },
  { effect: 'read' },
  { callDigest: 'of-another-call' },
  { definition: 'of-what-it-was-before' },
  { mandateVersion: 4 },
  { mandateVersion: null },
  { policyVersion: 2 },
  { because: 'routine' },
  { answerable: ids.luis },
  { askedAt: '2026-11-25T02:00:00.001Z' },
  { expiresAt: '2036-11-25T02:00:00.000Z' },
  { questionDigest: 'of-another-question' },
];

test.for(changed)('attack: a server that shows %j and asks a signature for something else gets none: exit 8', async (lie) => {
  const kept = answerRequests();
  terminal.server.answers['getApproval'] = () => approvalOf(lie);
  for (const line of ['approve', 'refuse', 'show']) {
    const { code, out, err } = await run(['request', line, ids.request, ...(line === 'show' ? [] : ['--yes'])]);
    assert.deepEqual([code, out], [8, ''], line);
    assert.match(err, /Nothing was signed/);
  }
  assert.equal(kept.signature, undefined);
});

test('request wait: 0 for yes, 3 for no, 5 when nobody decided in time', async () => {
  const states = [{ state: 'pending' }, { state: 'approved', answeredByName: 'Maya Okafor' }];
  terminal.server.answers['getApproval'] = () => approvalOf(states.length > 1 ? states.shift() : states[0]);
  const yes = await run(['request', 'wait', ids.request]);
  assert.deepEqual([yes.code, yes.out, yes.err], [0, '✓ approved by Maya Okafor\n', '▲ waiting for Maya Okafor\n']);
  terminal.server.answers['getApproval'] = () => approvalOf({ state: 'refused', answeredByName: 'Maya Okafor', reason: 'no' });
  assert.equal((await run(['request', 'wait', ids.request])).code, 3);
  terminal.server.answers['getApproval'] = () => approvalOf({ state: 'expired' });
  assert.equal((await run(['request', 'wait', ids.request])).code, 5);
  terminal.server.answers['getApproval'] = () => approvalOf();
  assert.equal((await run(['request', 'wait', ids.request, '--wait', '10ms'])).code, 5);
});

test('why and who, at the root and below activity', async () => {
  terminal.server.answers['explainAction'] = () => explanation;
  for (const line of ['why', 'activity why'])
    assert.match((await run(`${line} ${ids.action}`)).out, /✗ amount is at most 250 {6}found 420/);
  const narrow = await run(['why', ids.action], { tty: true, columns: 80, env: { NO_COLOR: '1' } });
  assert.ok(
    narrow.out.split('\n').every((line) => line.length <= 80),
    narrow.out,
  );
  assert.match(narrow.out, /✓ agent refund-bot: Active\.\n {2}✗ the mandate of agent refund-bot {3}\(this decided\)\n/);
  assert.match(
    narrow.out,
    /Enough: the mandate, with \/amount up to 420\n +by Maya Okafor \(owner of refund-bot\), Ada \(administrator\)\n/,
  );
  terminal.server.answers['explainAction'] = () => ({ ...explanation, recomputed: 'different' });
  assert.equal((await run(['why', ids.action])).code, 8);
  terminal.server.answers['responsibleFor'] = () => ({
    action,
    sentence: 'Maya Okafor answered for this action at the time (head of support).',
    chain: [{ text: 'gave mandate man_1', at: '2026-11-14T00:00:00Z' }],
    entry: 90,
    checkpoint: null,
  });
  assert.match(
    (await run(['who', ids.action])).out,
    /^Maya Okafor answered for this action at the time \(head of support\)\.\n {2}gave mandate man_1 .*\n {2}entry 90 of the log: surety log prove 90\n$/,
  );
  assert.equal(JSON.parse((await run(['who', ids.action, '-o', 'json'])).out).entry, 90);
});

test('activity ls: filters go to the server; what became of each is a word and a sign', async () => {
  let asked: unknown;
  terminal.server.answers['listActions'] = (input) => {
    asked = input;
    return { items: [action] };
  };
  const { out } = await run('activity ls --agent refund-bot --system payments --state denied --limit 5');
  assert.match(
    out,
    /✗ denied +refund-bot +payments\.refund +order 8841, amount 420 +amount is at most 250, and is 420 +Maya Okafor/,
  );
  assert.deepEqual(asked, { agent: 'refund-bot', system: 'payments', state: 'denied', limit: 5 });
  assert.equal((await run('activity ls --state denid')).code, 2);
  assert.equal((await run('activity ls --limit many')).code, 2);
});

test('activity tail: each action once, and again when something became of it', async () => {
  const stop = new AbortController();
  const second = { ...action, id: ids.action.replace('8j', '8k') };
  const rounds = [[], [{ ...action, state: 'held' }], [second, { ...action, state: 'allowed' }], []];
  const asked: (string | undefined)[] = [];
  terminal.server.answers['listActions'] = ({ after, limit }: { after?: string; limit: number }) => {
    if (limit > 1) asked.push(after);
    const items = limit === 1 ? [] : rounds.shift();
    if (items === undefined) stop.abort();
    return { items: items ?? [] };
  };
  const { out } = await run('activity tail -o jsonl', { signal: stop.signal });
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => [JSON.parse(line).id, JSON.parse(line).state]),
    [
      [ids.action, 'held'],
      [ids.action, 'allowed'],
      [second.id, 'denied'],
    ],
  );
  assert.deepEqual(asked, [undefined, undefined, undefined, second.id, second.id]);
});
