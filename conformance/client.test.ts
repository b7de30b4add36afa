import assert from 'node:assert/strict';
import { test } from 'vitest';
import { judgeClient } from './client/judge-client.ts';

test(
  'the client of the SDK passes every scenario about authorization, but for those on the list with a reason',
  { timeout: 120_000 },
  async () => {
    const judgements = await judgeClient();
    assert.deepEqual(
      judgements.flatMap(({ complaints }) => complaints),
      [],
    );
    const ran = judgements.map(({ rows }) => rows.length);
    assert.deepEqual(ran, [25, 14, 6], 'the suite ran other scenarios than before');
  },
);
