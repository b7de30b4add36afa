import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { sseEvent, SseReader } from './sse-reader.ts';

function read(chunks: readonly Buffer[], maxLength = 1_000_000): { events: string[]; isTooLarge: boolean } {
  const events: string[] = [];
  const reader = new SseReader(maxLength, (text) => events.push(text));
  for (const chunk of chunks) reader.push(chunk);
  return { events, isTooLarge: reader.isTooLarge };
}

const one = (text: string): string[] => read([Buffer.from(text)]).events;

test('fields other than data, comments and empty events say nothing', () => {
  assert.deepEqual(one(': keep-alive\n\nid: 7\nretry: 10\nevent: message\ndata: a\n\ndata\n\ndata:\n\n'), ['a']);
});

test('lines of data are one text; one space after the colon is not part of it; any line ending will do', () => {
  assert.deepEqual(one('data: a\ndata:b\rdata:  c\r\n\r\n'), ['a\nb\n c']);
  assert.deepEqual(read([Buffer.from('data: a\r'), Buffer.from('\n\r'), Buffer.from('\ndata: b\n\n')]).events, ['a', 'b']);
});

test('what is not ended by an empty line is not an event', () => {
  assert.deepEqual(one('data: a\n'), []);
});

test('a line or an event that is too long ends the reading, not the memory', () => {
  assert.deepEqual(read([Buffer.from(`data: ${'x'.repeat(50)}`), Buffer.from('x'.repeat(60))], 100), {
    events: [],
    isTooLarge: true,
  });
  assert.deepEqual(
    read(
      Array.from({ length: 30 }, () => Buffer.from('data: xxxxx\n')),
      100,
    ),
    { events: [], isTooLarge: true },
  );
});

test('whatever is written is read back, however it is cut into pieces', () => {
  const texts = fc.array(
    fc
      .string({ unit: 'grapheme' })
      .map((text) => text.toWellFormed().replaceAll(/\r\n?/g, '\n'))
      .filter((text) => text !== ''),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 9 }), (written, size) => {
      const bytes = Buffer.from(written.map(sseEvent).join(''));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      assert.deepEqual(read(chunks).events, written);
    }),
  );
});

test('many short lines cost no more than their length', () => {
  const bytes = Buffer.from('data\n'.repeat(400_000));
  const startedAt = performance.now();
  read([bytes]);
  assert.ok(performance.now() - startedAt < 2_000);
});
