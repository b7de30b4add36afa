import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { formatCheckpoint, openCheckpoint, parseCheckpoint } from '@surety/transparency/checkpoint';
import { formatVerifierKey, openNote, parseVerifierKey, signNote } from '@surety/transparency/note';
import { test } from 'vitest';
import { fromHex } from './reference-tree.ts';

/** The key and the note with which implementations of the format are compared. */
const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const seed = 'gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM';
const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const line = '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const note = `${text}\n${line}`;
const key = parseVerifierKey(vkey)!;

function aSigner(name: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
  return { name, publicKey: raw, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey), vkey: formatVerifierKey(name, raw) };
}

test('the published verifier key is read and written', () => {
  assert.equal(key.name, 'PeterNeumann');
  assert.equal(formatVerifierKey('PeterNeumann', key.publicKey), vkey);
});

test('no other text is that key: every part of it, every changed character, another length, another type', () => {
  for (let start = 0; start <= vkey.length; start++) {
    for (let end = start + 1; end <= vkey.length; end++) {
      if (end - start < vkey.length) assert.equal(parseVerifierKey(vkey.slice(start, end)), undefined);
    }
  }
  for (let at = 0; at < vkey.length; at++) {
    const changed = vkey.slice(0, at) + String.fromCharCode(vkey.charCodeAt(at) + 1) + vkey.slice(at + 1);
    assert.equal(parseVerifierKey(changed), undefined, changed);
  }
  assert.equal(parseVerifierKey('PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=='), undefined);
  assert.equal(parseVerifierKey('PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'), undefined);
  assert.equal(parseVerifierKey(`${vkey}\n`), undefined);
});

test('the published note is opened, and made again byte for byte', () => {
  assert.equal(openNote(note, key), text);
  const pkcs8 = Buffer.concat([fromHex('302e020100300506032b657004220420'), Buffer.from(seed, 'base64')]);
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const made = signNote(text, { name: 'PeterNeumann', publicKey: key.publicKey, sign: (bytes) => sign(null, bytes, privateKey) });
  assert.equal(made, note);
});

test('one changed character anywhere closes the note', () => {
  for (let at = 0; at < note.length; at++) {
    const changed = note.slice(0, at) + String.fromCharCode(note.charCodeAt(at) ^ 1) + note.slice(at + 1);
    assert.equal(openNote(changed, key), undefined, `at ${at}`);
  }
});

const malformed: readonly [says: string, note: string][] = [
  ['empty', ''],
  ['no signature', text],
  ['no signature behind the empty line', `${text}\n`],
  ['no empty line', text + line],
  ['not ended', note.slice(0, -1)],
  ['two ends', `${note}\n`],
  ['a line behind that is no signature', `${note}more\n`],
  ['a hyphen for the dash', note.replace('—', '-')],
  ['no space behind the dash', note.replace('— ', '—')],
  ['a name with a plus', note.replace('— PeterNeumann', '— Peter+Neumann')],
  ['a signature that is cut', note.replace('JnAM=', 'Jn==')],
  ['a loose bit in the base64', note.replace('JnAM=', 'JnAN=')],
  ['white space in the base64', note.replace('x08go', 'x08 go')],
  ['a carriage return', note.replace('problem,\n', 'problem,\r\n')],
  ['a NUL', note.replace('think', 'th\u0000nk')],
  ['a lone surrogate', note.replace('think', 'th\ud800nk')],
  ['a tab', note.replace('you think', 'you\tthink')],
  ['longer than a note may be', `${'a\n'.repeat(40_000)}\n${line}`],
];

for (const [says, bad] of malformed) {
  test(`a note with ${says} is none`, () => assert.equal(openNote(bad, key), undefined));
}

test('signatures by other keys are ignored, and cannot replace the one that is wanted', () => {
  const [log, witness, other] = [aSigner('log.example/1'), aSigner('witness.example/2'), aSigner('log.example/1')];
  const body = 'log.example/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n';
  const signed = signNote(body, log);
  const cosigned = signed + signNote(body, witness).split('\n\n')[1]! + signNote(body, other).split('\n\n')[1]!;
  for (const one of [log, witness, other]) assert.equal(openNote(cosigned, parseVerifierKey(one.vkey)!), body);
  assert.equal(openNote(signed, parseVerifierKey(witness.vkey)!), undefined);
  assert.equal(openNote(signed, parseVerifierKey(other.vkey)!), undefined);
});

test('a signature by the key that does not verify refuses the note, even beside one that does', () => {
  const log = aSigner('log.example/1');
  const good = signNote('one\n', log);
  const bad = signNote('two\n', log).split('\n\n')[1]!;
  assert.equal(openNote(good + bad, parseVerifierKey(log.vkey)!), undefined);
});

test('an empty line in the text belongs to the text', () => {
  const log = aSigner('log.example/1');
  const body = 'one\n\ntwo\n';
  assert.equal(openNote(signNote(body, log), parseVerifierKey(log.vkey)!), body);
});

test('what is not a text of a note is not signed', () => {
  const log = aSigner('log.example/1');
  for (const bad of ['', 'no end', 'tab\t\n', 'nul\u0000\n']) assert.throws(() => signNote(bad, log), RangeError);
  assert.throws(() => formatVerifierKey('with space', log.publicKey), RangeError);
  assert.throws(() => formatVerifierKey('name', log.publicKey.subarray(1)), RangeError);
});

test('the example of the checkpoint specification is read and written', () => {
  const example = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
  const checkpoint = parseCheckpoint(example)!;
  assert.equal(checkpoint.origin, 'example.com/behind-the-sofa');
  assert.equal(checkpoint.size, 20852163);
  assert.equal(formatCheckpoint(checkpoint), example);
});

const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
const checkpoints: readonly [says: string, text: string, isOne: boolean][] = [
  ['the least', `log\n0\n${root}\n`, true],
  ['an extension line', `log\n0\n${root}\nmore\n`, true],
  ['an empty origin', `\n0\n${root}\n`, false],
  ['a leading zero', `log\n01\n${root}\n`, false],
  ['a sign', `log\n-1\n${root}\n`, false],
  ['a plus', `log\n+1\n${root}\n`, false],
  ['hexadecimal', `log\n0x1\n${root}\n`, false],
  ['an exponent', `log\n1e3\n${root}\n`, false],
  ['a size that no double holds', `log\n9007199254740993\n${root}\n`, false],
  ['a size beyond 64 bits', `log\n99999999999999999999\n${root}\n`, false],
  ['a root of 31 bytes', `log\n0\nxRhqkYY+jh2QyAgBSqib9dqOPuHZ8HYw8DePaPGrYg==\n`, false],
  ['a root without padding', `log\n0\n${root.slice(0, -1)}\n`, false],
  ['an empty extension line', `log\n0\n${root}\n\nmore\n`, false],
  ['no end', `log\n0\n${root}`, false],
  ['two lines', `log\n0\n`, false],
];

for (const [says, body, isOne] of checkpoints) {
  test(`a checkpoint with ${says} is ${isOne ? 'read' : 'refused'}`, () =>
    assert.equal(parseCheckpoint(body) !== undefined, isOne));
}

test('a checkpoint is believed only under the signature of its log', () => {
  const log = aSigner('log.example/1');
  const checkpoint = { origin: 'log.example/1', size: 7, root: new Uint8Array(32).fill(9) };
  const signed = signNote(formatCheckpoint(checkpoint), log);
  assert.deepEqual(openCheckpoint(signed, parseVerifierKey(log.vkey)!), { ...checkpoint, root: Buffer.from(checkpoint.root) });
  assert.equal(openCheckpoint(signed.replace('\n7\n', '\n8\n'), parseVerifierKey(log.vkey)!), undefined);
  assert.throws(() => formatCheckpoint({ ...checkpoint, origin: 'two\nlines' }), RangeError);
  assert.throws(() => formatCheckpoint({ ...checkpoint, size: 1.5 }), RangeError);
});
