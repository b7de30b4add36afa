import assert from 'node:assert/strict';
import { MandateDocument } from '@surety/contract/mandate';
import { test } from 'vitest';
import { aDocument } from '../test/a-call.ts';
import { compileMandate } from './compile-mandate.ts';
import { readPolicies } from './read-policies.ts';

function compiled(document: MandateDocument) {
  const found = compileMandate({ id: 'man_1', document });
  assert.ok(found.ok, JSON.stringify(found));
  return found.mandate;
}

function issues(permission: object) {
  const found = compileMandate({
    id: 'man_1',
    document: aDocument({ permissions: [{ system: 'payments', actions: ['refund'], ...permission }] }),
  });
  return found.ok ? [] : found.issues;
}

test('each permission is one policy that a person can read', () => {
  const { permits, holds, needs } = compiled(
    aDocument({
      permissions: [
        {
          system: 'payments',
          actions: ['refund'],
          where: { '/amount': { max: 250 }, '/currency': { in: ['EUR'] } },
          hold: [{ when: { '/amount': { over: 100 } }, because: 'Larger.' }],
        },
        {
          system: 'crm',
          actions: ['get_*', 'list'],
          hours: { from: '08:00', until: '18:00', zone: 'Europe/Berlin', days: ['mon'] },
        },
      ],
    }),
  );
  assert.deepEqual(
    permits.map(({ id }) => id),
    ['mandate:man_1/p1', 'mandate:man_1/p2'],
  );
  assert.deepEqual(
    holds.map(({ id }) => id),
    ['mandate:man_1/p1/h1'],
  );
  assert.equal(
    permits[0]?.text,
    `permit (principal == Agent::"agt_00000000000000000000000001", action in [Action::"payments.refund"], resource == System::"payments")
when {
  context.facts.at has "/amount" && (context.facts.at["/amount"] has number && context.facts.at["/amount"].number.lessThanOrEqual(decimal("250.0"))) &&
  context.facts.at has "/currency" && (context.facts.at["/currency"] has text && ["EUR"].contains(context.facts.at["/currency"].text))
};`,
  );
  assert.equal(
    permits[1]?.text,
    `permit (principal == Agent::"agt_00000000000000000000000001", action, resource == System::"crm")
when {
  (context.facts.operation like "get_*" || context.facts.operation == "list") &&
  context.facts.hours["08:00-18:00 Europe/Berlin mon"]
};`,
  );
  assert.deepEqual(
    [needs.pointers, needs.hours.map(({ key }) => key), needs.args],
    [['/amount', '/currency'], ['08:00-18:00 Europe/Berlin mon'], []],
  );
});

test('whatever a document holds, its policies are Cedar over the words of a call', () => {
  const nasty = [
    '"',
    '\\',
    '\\"',
    '*',
    '\n',
    '\u0000',
    '\u202e',
    '😀',
    '\\u{41}',
    '${x}',
    '"; forbid (principal, action, resource);',
  ];
  const document = aDocument({
    permissions: nasty.map((text) => ({
      system: 'payments',
      actions: [text, `${text}*`],
      where: {
        [`/${text.replaceAll('~', '~0').replaceAll('/', '~1')}`]: {
          in: [text, true, -5, Number.MAX_SAFE_INTEGER],
          like: text,
          notLike: `*${text}`,
          eachIn: [text],
          max: '-0.0001',
          min: '-922337203685477.5808',
          maxLength: 0,
          maxItems: 3,
        },
      },
      hold: [
        { when: { '/x': { absent: true } }, because: 'x' },
        { when: { '/x': { in: ['a', 1, false] } }, because: 'y' },
        { because: 'z' },
      ],
    })),
  });
  const { permits, holds } = compiled(document);
  for (const { text } of [...permits, ...holds]) {
    const read = readPolicies(text, { holds: false });
    assert.ok(read.ok && read.policies.length === 1, `${text}\n${JSON.stringify(read)}`);
  }
});

test('what Cedar or this computer cannot hold is refused with its place', () => {
  assert.deepEqual(
    issues({ where: { '/amount': { max: '922337203685477.5808' } } }).map(({ path }) => path),
    ['/permissions/0/where/~1amount/max'],
  );
  assert.deepEqual(
    issues({ hold: [{ because: 'x', when: { '/a': { under: '-999999999999999' } } }] }).map(({ path }) => path),
    ['/permissions/0/hold/0/when/~1a/under'],
  );
  assert.deepEqual(
    issues({ hours: { from: '08:00', until: '18:00', zone: 'Europe/Atlantis' } }).map(({ path }) => path),
    ['/permissions/0/hours/zone'],
  );
  assert.deepEqual(
    issues({ where: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`/a${at}`, { max: 1, min: 0 }])) }).map(
      ({ path }) => path,
    ),
    ['/permissions/0/where'],
  );
  assert.deepEqual(
    issues({ actions: ['\ud800'] }).map(({ path }) => path),
    ['/permissions/0/actions/0'],
  );
  assert.deepEqual(
    issues({ where: { '/a': { like: '\udc00' } } }).map(({ path }) => path),
    ['/permissions/0/where/~1a'],
  );
  assert.deepEqual(
    issues({
      where: {
        '/a': { in: Array.from({ length: 200 }, () => 'x'.repeat(500)) },
        '/b': { in: Array.from({ length: 200 }, () => 'x'.repeat(500)) },
        '/c': { eachIn: Array.from({ length: 200 }, () => 'x'.repeat(500)) },
        '/d': { eachIn: Array.from({ length: 200 }, () => 'x'.repeat(500)) },
        '/e': { eachIn: Array.from({ length: 200 }, () => 'x'.repeat(500)) },
      },
    }).map(({ path }) => path),
    ['/permissions'],
  );
});
