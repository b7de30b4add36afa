import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { checkVersion } from './check-version.ts';
import { readMessage } from './read-message.ts';
import { Rejection } from './rejection.ts';

/** Whatever arrives, reading it either gives a message or a rejection that can be sent: nothing else is thrown. */
function holds(bytes: Uint8Array, headers: Record<string, string>): void {
  try {
    const message = readMessage(bytes, 64);
    checkVersion(headers, message);
  } catch (thrown) {
    assert.ok(thrown instanceof Rejection, String(thrown));
    assert.ok(thrown.status >= 400 && thrown.status < 500);
    assert.equal(typeof (JSON.parse(thrown.text(1)) as { error: { code: unknown } }).error.code, 'number');
  }
}

const headers = fc.dictionary(
  fc.constantFrom('mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-param-x'),
  fc.oneof(fc.constantFrom('2026-07-28', '2025-11-25', 'tools/call'), fc.string()),
);

test('any bytes (I24)', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), headers, holds), { numRuns: 2_000 });
});

test('any JSON, and any message with any of its members gone wrong', () => {
  const wrong = fc.oneof(fc.jsonValue(), fc.constantFrom('2.0', 'tools/call', 'resources/read'));
  const message = fc.record(
    {
      jsonrpc: fc.oneof({ weight: 5, arbitrary: fc.constant<unknown>('2.0') }, wrong),
      id: wrong,
      method: wrong,
      params: wrong,
      result: wrong,
      error: wrong,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), message), headers, (value, given) => holds(Buffer.from(JSON.stringify(value)), given)),
    { numRuns: 3_000 },
  );
});
