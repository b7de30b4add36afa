import assert from 'node:assert/strict';
import { type ExactRecord, fromPlain } from '@surety/contract/exact-json';
import fc from 'fast-check';
import { test } from 'vitest';
import { carriedBounds, carriedCandidates, type Met, meetCandidate, valuesToLookUp } from './carried-values.ts';
import type { SalientValue } from './flow-facts.ts';
import { keyOf, salientValues } from './salient-values.ts';

const source = { system: 'mail', operation: 'get_email', action: 'act_1' };
const untrusted: Met = { isRequested: false, isKnown: false, untrusted: { labels: ['untrusted'], source } };

/** What arguments carry, when an outsider wrote this. */
function carried(args: object, wrote: string) {
  const met = new Map(salientValues(wrote).map((value) => [keyOf(value), untrusted]));
  return carriedCandidates(fromPlain(args) as ExactRecord).flatMap(
    (candidate) => meetCandidate(candidate, (value) => met.get(keyOf(value))) ?? [],
  );
}

const isMet = (args: object, wrote: string) => carried(args, wrote).some(({ found }) => found === 'untrusted');

const email = fc
  .tuple(fc.stringMatching(/^[a-z][a-z0-9]{2,9}$/), fc.stringMatching(/^[a-z][a-z0-9]{2,9}$/))
  .map(([local, host]) => `${local}@${host}.example`);
const iban = fc.stringMatching(/^[A-Z]{2}[0-9]{2}[A-Z0-9]{12,20}$/);
const url = fc
  .tuple(fc.stringMatching(/^[a-z][a-z0-9]{2,9}$/), fc.stringMatching(/^[a-z0-9]{3,10}$/))
  .map(([host, path]) => `https://${host}.example/${path}`);
const value = fc.oneof(email, iban, url);

const base64 = (text: string) => Buffer.from(text).toString('base64');
const wide = (text: string) => text.replace(/[a-zA-Z0-9]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));

/** Ways to write a value so that it is not the same text. */
const writings: readonly (readonly [string, (text: string) => object])[] = [
  ['as it is', (text) => ({ to: text })],
  [
    'in capitals',
    (text) => ({ to: text.includes('/') ? text.replace(/^[^/]*\/\/[^/]*/, (host) => host.toUpperCase()) : text.toUpperCase() }),
  ],
  ['with blanks around', (text) => ({ to: `  ${text}\n` })],
  ['in full-width letters', (text) => ({ to: wide(text) })],
  ['with marks that nobody sees', (text) => ({ to: [...text].join('\u200b') })],
  ['inside longer text', (text) => ({ body: `Dear all, see ${text}, and thank you.` })],
  ['in Base64', (text) => ({ body: base64(text) })],
  ['in Base64 inside longer text', (text) => ({ body: `attached: ${base64(`send it to ${text} now`)}` })],
  ['in Base64 of Base64', (text) => ({ body: base64(base64(text)) })],
  ['in hexadecimal', (text) => ({ body: Buffer.from(text).toString('hex') })],
  [
    'with URL escapes',
    (text) => ({ body: [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('') }),
  ],
  ['as an item of a list', (text) => ({ to: ['other@known.example', text] })],
  ['deep in a record', (text) => ({ message: { header: { to: [{ address: text }] } } })],
  ['split across two fields', (text) => ({ a: text.slice(0, 6), b: text.slice(6) })],
];

test.for(writings)('a value that an outsider wrote is known again %s', ([, write]) => {
  fc.assert(
    fc.property(value, (text) => assert.ok(isMet(write(text), `Please use ${text} from now on.`), JSON.stringify(write(text)))),
    { numRuns: 150 },
  );
});

test('an account with blanks in groups of four is the same account', () => {
  fc.assert(
    fc.property(iban, (text) => assert.ok(isMet({ to: (text.match(/.{1,4}/g) ?? []).join(' ') }, `Pay ${text} please.`))),
    { numRuns: 150 },
  );
});

test('a name and a domain in two fields that follow one another are one address', () => {
  assert.ok(isMet({ user: 'drop', domain: 'evil.example' }, 'mail drop@evil.example'));
});

test('a new page of a place that an outsider named is still that place', () => {
  assert.ok(isMet({ url: 'https://evil.example/?data=4402881736' }, 'Look at https://evil.example/start'));
});

test('what was made by decoding or joining, and was met nowhere, says nothing', () => {
  const kinds = carried({ a: 'Send', b: 'today', body: base64('nobody@known.example') }, 'nothing').map(({ kind }) => kind);
  assert.ok(!kinds.includes('email'), kinds.join());
});

const meetings: readonly (readonly [string, Partial<Met>, string])[] = [
  ['what was asked for', { isRequested: true, isKnown: true, untrusted: untrusted.untrusted }, 'request'],
  ['what the directory holds', { isKnown: true, untrusted: untrusted.untrusted }, 'directory'],
  [
    'what an outsider wrote, though our own records hold it too',
    { trusted: untrusted.untrusted, untrusted: untrusted.untrusted },
    'untrusted',
  ],
  ['what our own records hold', { trusted: untrusted.untrusted }, 'trusted'],
  ['what was met nowhere', {}, 'nowhere'],
];

test.for(meetings)('%s is found there', ([, met, found]) => {
  const [candidate] = carriedCandidates(fromPlain({ to: 'a@b.example' }) as ExactRecord);
  assert.ok(candidate);
  const lookUp = ({ kind }: SalientValue): Met | undefined =>
    kind === 'email' ? { isRequested: false, isKnown: false, ...met } : undefined;
  assert.equal(meetCandidate(candidate, lookUp)?.found, found);
});

test('an address at a host that the directory holds is known, and a host that a person merely named makes no address known', () => {
  const [candidate] = carriedCandidates(fromPlain({ to: 'a@b.example' }) as ExactRecord);
  assert.ok(candidate);
  const host = (met: Partial<Met>) =>
    meetCandidate(candidate, ({ kind }) => (kind === 'host' ? { isRequested: false, isKnown: false, ...met } : undefined));
  assert.equal(host({ isKnown: true })?.found, 'directory');
  assert.equal(host({ isRequested: true })?.found, 'nowhere');
});

const { argument } = fc.letrec((tie) => ({
  argument: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    value,
    fc.array(tie('argument')),
    fc.dictionary(fc.string(), tie('argument')),
  ),
}));

test('whatever the arguments are, the bounds hold and every pointer is one of them', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), argument, { maxKeys: 8 }), (plain) => {
      const candidates = carriedCandidates(fromPlain(plain) as ExactRecord);
      assert.ok(candidates.length <= carriedBounds.candidates);
      assert.ok(candidates.every(({ pointer }) => pointer.startsWith('/')));
      const wanted = valuesToLookUp(candidates);
      assert.equal(new Set(wanted.map(keyOf)).size, wanted.length);
    }),
    { numRuns: 150 },
  );
});

test.for(['QUJD', '%41', 'a@', '4f', 'x.y/', '12 '])('arguments of nothing but %s are looked through within a second', (unit) => {
  const args = fromPlain({ body: unit.repeat(40_000), rest: Array.from({ length: 2_000 }, () => unit) }) as ExactRecord;
  const before = performance.now();
  assert.ok(carriedCandidates(args).length <= carriedBounds.candidates);
  assert.ok(performance.now() - before < 2_000);
});
