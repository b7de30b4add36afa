import assert from 'node:assert/strict';
import { test } from 'vitest';
import { AgentId, DisplayName, HumanId, idPrefixes, Instant, Name, PlainText, PrincipalId, WorkloadId } from './id.ts';

const body = '01k9z7qh4m8y2c3d4e5f6g7h8j';

test('an id is a prefix that says the kind, and 26 characters of lower-case Crockford base 32', () => {
  assert.equal(AgentId.safeParse(`agt_${body}`).success, true);
  for (const wrong of [
    `hum_${body}`,
    `agt_${body}0`,
    `agt_${body.slice(1)}`,
    `AGT_${body}`,
    `agt_${body.toUpperCase()}`,
    body,
    '',
  ]) {
    assert.equal(AgentId.safeParse(wrong).success, false, wrong);
  }
});

test('the letters that people mistake are not in it', () => {
  for (const letter of ['i', 'l', 'o', 'u', '-', '_', ' '])
    assert.equal(HumanId.safeParse(`hum_${letter}${body.slice(1)}`).success, false);
});

test('an id with a line break behind it is another text', () => {
  assert.equal(AgentId.safeParse(`agt_${body}\n`).success, false);
  assert.equal(Name.safeParse('refund-bot\n').success, false);
});

test('a principal is a human, a workload or an agent, and nothing else', () => {
  for (const prefix of ['hum', 'wkl', 'agt']) assert.equal(PrincipalId.safeParse(`${prefix}_${body}`).success, true);
  assert.equal(PrincipalId.safeParse(`tok_${body}`).success, false);
  assert.equal(WorkloadId.safeParse(`wkl_${body}`).success, true);
});

test('prefixes are three letters and unique', () => {
  const prefixes = Object.values(idPrefixes);
  assert.equal(new Set(prefixes).size, prefixes.length);
  for (const prefix of prefixes) assert.match(prefix, /^[a-z]{3}$/);
});

test('an id can never be a name: what people type means one thing', () => {
  assert.equal(Name.safeParse(`agt_${body}`).success, false);
});

test('a name is short, lower case, and starts with a letter or digit', () => {
  for (const right of ['a', 'refund-bot', '0', 'a'.repeat(63)]) assert.equal(Name.safeParse(right).success, true, right);
  for (const wrong of ['', '-a', 'A', 'a_b', 'a.b', 'ä', 'a'.repeat(64), 'a/b', '../a'])
    assert.equal(Name.safeParse(wrong).success, false, wrong);
});

test('what is shown is what was meant: no control, bidi or zero-width characters', () => {
  const hidden = ['\u0000', '\u001b', '\u0085', '\u009b', '\u00ad', '\u200b', '\u202e', '\u2066', '\ufeff', '\u2028', '\u2029'];
  for (const character of [...hidden, '\n', '\t', '\r'])
    assert.equal(DisplayName.safeParse(`Maya${character}Okafor`).success, false);
  for (const name of ['Maya Okafor', 'Ólafur Ragnarsson', '山田 太郎', 'refund-bot 🤖'])
    assert.equal(DisplayName.safeParse(name).success, true, name);
  for (const character of hidden.slice(0, -2)) assert.equal(PlainText.safeParse(`two${character}lines`).success, false);
  assert.equal(PlainText.safeParse('two\nlines').success, true);
  assert.equal(PlainText.safeParse('two\tlines').success, false);
});

test('an instant is RFC 3339 in UTC', () => {
  assert.equal(Instant.safeParse('2026-11-25T02:28:00Z').success, true);
  assert.equal(Instant.safeParse('2026-11-25T02:28:00.123Z').success, true);
  for (const wrong of ['2026-11-25T02:28:00+01:00', '2026-11-25T02:28:00', '2026-02-30T00:00:00Z', '2026-11-25', 'now']) {
    assert.equal(Instant.safeParse(wrong).success, false, wrong);
  }
});
