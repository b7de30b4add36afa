import assert from 'node:assert/strict';
import { faults, isFaultCode } from '@surety/contract/faults';
import type { Authority } from '#http/testing/authority';
import type { Answer } from '#http/testing/client';

/** Asserts a refusal in the form of RFC 6749 §5.2, with a nonce for the next try, and that no token was recorded. */
export async function refusesToken(
  authority: Authority,
  principal: string,
  answer: Promise<Answer>,
  { status, error }: { readonly status: number; readonly error: string },
): Promise<Answer> {
  const before = await authority.count('token.issued', principal);
  const refused = await answer;
  assert.deepEqual([refused.status, refused.body['error']], [status, error], JSON.stringify(refused.body));
  assert.equal(refused.headers.get('cache-control'), 'no-store');
  assert.match(refused.headers.get('content-type') ?? '', /^application\/json$/);
  assert.match(refused.headers.get('dpop-nonce') ?? '', /^[\w-]{32}$/);
  assert.match(String(refused.body['error_description']), /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/);
  const code = String(refused.body['code']);
  assert.ok(isFaultCode(code) && 'oauth' in faults[code] && faults[code].oauth === error, code);
  assert.equal(refused.body['request_id'], refused.headers.get('x-request-id'));
  assert.deepEqual(Object.keys(refused.body).sort(), ['code', 'error', 'error_description', 'request_id']);
  assert.equal(await authority.count('token.issued', principal), before);
  return refused;
}
