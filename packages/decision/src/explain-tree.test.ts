import assert from 'node:assert/strict';
import { test } from 'vitest';
import { aCall, aDocument, type CallChanges, permitAll } from '../test/a-call.ts';
import { openCedar } from './cedar-engine.ts';
import { decide } from './decide.ts';
import { explainTree } from './explain-tree.ts';
import { tellModel } from './tell-model.ts';

const engine = openCedar();

function explained(changes: CallChanges) {
  const facts = aCall(engine, changes);
  const decision = decide(facts, engine);
  return { decision, lines: explainTree(facts, engine, decision) };
}

const within = aDocument({
  permissions: [
    { system: 'payments', actions: ['refund'], where: { '/amount': { max: '250' }, '/currency': { in: ['EUR', 'USD'] } } },
  ],
});

test('every line is judged by itself, also after the one that decided: all that stood in the way is there, in order', () => {
  const { lines } = explained({
    document: within,
    arguments: { amount: 420, currency: 'GBP' },
    roles: { owner: '' },
    organisation: `${permitAll} @id("frozen") @because("Nothing moves today.") forbid (principal, action in Action::"money", resource);`,
  });
  assert.deepEqual(
    lines.map(({ link, verdict, reason, decided }) => [link, verdict, reason, decided]),
    [
      ['agent', 'permits', null, false],
      ['owner', 'permits', null, false],
      ['task', 'permits', null, false],
      ['system', 'permits', null, false],
      ['mandate', 'denies', 'mandate.constraint', true],
      ['owner', 'denies', 'owner.may_not_answer', false],
      ['organisation', 'denies', 'organisation.forbidden', false],
    ],
  );
  const [mandate] = lines.filter(({ decided }) => decided);
  assert.deepEqual(
    mandate?.conditions.map(({ holds, found }) => [holds, found]),
    [
      [false, '420'],
      [false, '"GBP"'],
    ],
  );
  assert.deepEqual(
    mandate?.changes.map(({ text }) => text),
    ['the mandate, with /amount up to 420', 'the mandate, with "GBP" among what /currency may be'],
  );
  assert.deepEqual(
    lines.at(-1)?.changes.map(({ text, power }) => [text, power.map((one) => ('role' in one ? one.role : one.kind))]),
    [['organisation/frozen changed, so that it does not forbid this', ['administrator', 'security']]],
  );
});

test('the smallest change is enough: a mandate that is as wide as it says lets the same call pass', () => {
  const amount = (max: string) =>
    aDocument({ permissions: [{ system: 'payments', actions: ['refund'], where: { '/amount': { max } } }] });
  const { lines } = explained({ document: amount('250'), arguments: { amount: 420.5 } });
  const found = /up to (\S+)/.exec(lines.find(({ decided }) => decided)?.changes[0]?.text ?? '')?.[1];
  assert.equal(explained({ document: amount(found ?? ''), arguments: { amount: 420.5 } }).decision.outcome, 'permit');
});

test('without a mandate the lines after it are asked all the same', () => {
  const { lines } = explained({ facts: { mandate: undefined }, roles: { owner: '' } });
  assert.deepEqual(
    lines.slice(4).map(({ link, verdict, reason }) => [link, verdict, reason]),
    [
      ['mandate', 'denies', 'mandate.none'],
      ['owner', 'denies', 'owner.may_not_answer'],
      ['organisation', 'permits', null],
    ],
  );
});

test('where the operation is not known nothing can be asked of a policy, and that is said', () => {
  const { lines } = explained({ facts: { operation: undefined } });
  assert.deepEqual([...new Set(lines.slice(4).map(({ verdict }) => verdict))], ['not_reached']);
  assert.equal(lines[3]?.reason, 'operation.unknown');
});

test('attack: a model is not told what a rule of the organisation measures, only what its @tell says (I32)', () => {
  const limit = 'context.facts.at has "/amount" && context.facts.at["/amount"].number.lessThanOrEqual(decimal("10000.0"))';
  const organisation = (annotations: string) =>
    `${permitAll} @id("two") ${annotations} permit (principal, action in Action::"money", resource) unless { ${limit} };`;
  const secret = explained({
    arguments: { amount: 20_000 },
    organisation: organisation('@hold("More than 10000 needs two.")'),
  }).decision;
  assert.equal(secret.outcome, 'hold');
  assert.match(secret.because, /More than 10000/);
  assert.doesNotMatch(`${secret.forModel} ${tellModel(secret, 'payments.refund')}`, /10000/);
  const open = organisation('@hold("More than 10000 needs two.") @tell("Finance looks at large refunds.")');
  assert.equal(
    explained({ arguments: { amount: 20_000 }, organisation: open }).decision.forModel,
    'Finance looks at large refunds.',
  );
  const forbid = `${permitAll} @id("no") @because("Over 9000 is forbidden.") forbid (principal, action, resource);`;
  const denied = explained({ organisation: forbid }).decision;
  assert.match(denied.because, /9000/);
  assert.doesNotMatch(tellModel(denied, 'payments.refund'), /9000/);
  assert.match(
    tellModel(denied, 'payments.refund'),
    /^Denied \(organisation\.forbidden\): payments\.refund\. .*An administrator can change that\./,
  );
});

test('of its own mandate a model is told everything, as its agent may know it', () => {
  const { decision } = explained({ document: within, arguments: { amount: 420, currency: 'EUR' } });
  assert.equal(decision.forModel, undefined);
  assert.equal(
    tellModel(decision, 'payments.refund'),
    'Denied (mandate.constraint): payments.refund. The mandate permits payments.refund only when /amount is at most 250. ' +
      'The person who answers for this agent can change that. Do not retry with other arguments to get around this.',
  );
});

test('however long a name or a reason is, a model reads at most 400 characters', () => {
  const long = 'x'.repeat(5_000);
  const told = tellModel({ outcome: 'deny', reason: 'mandate.silent', because: long }, long);
  assert.ok(told.length <= 400, String(told.length));
  assert.match(told, /Do not retry/);
});
