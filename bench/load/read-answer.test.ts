import assert from 'node:assert/strict';
import { test } from 'vitest';
import { AnswerReader, type HttpAnswer } from './read-answer.ts';

const withLength = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}';
const chunked =
  'HTTP/1.1 401 Unauthorized\r\nDPoP-Nonce: n1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n';

/** Every way to cut a text in two. */
function* cuts(whole: string): Generator<readonly [Buffer, Buffer]> {
  for (let at = 1; at < whole.length; at++) yield [Buffer.from(whole.slice(0, at)), Buffer.from(whole.slice(at))];
}

for (const [name, whole, status, body] of [
  ['a length', withLength, 200, '{"a":1}'],
  ['chunks', chunked, 401, 'abcdefg'],
] as const) {
  test(`an answer with ${name} is read wherever the network cuts it, and the next one after it`, () => {
    for (const [first, rest] of cuts(whole)) {
      const reader = new AnswerReader();
      assert.equal(reader.take(first), undefined);
      for (const bytes of [rest, Buffer.from(whole)]) {
        const answer = reader.take(bytes) as HttpAnswer;
        assert.equal(answer.status, status);
        assert.equal(answer.body.toString(), body);
      }
    }
  });
}

test('headers are found by their names in small letters', () => {
  assert.equal(new AnswerReader().take(Buffer.from(chunked))?.headers.get('dpop-nonce'), 'n1');
});

test('what is no answer, or one without an end, is refused', () => {
  assert.throws(() => new AnswerReader().take(Buffer.from('SSH-2.0-x\r\n\r\n')), /no HTTP/);
  assert.throws(() => new AnswerReader().take(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), /without a length/);
});
