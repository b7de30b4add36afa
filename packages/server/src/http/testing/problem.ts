import assert from 'node:assert/strict';
import { Problem } from '@surety/contract/problem';
import type { Answer } from './client.ts';

/** Asserts a problem document (RFC 9457) with the header fields that every answer has. */
export function isProblem({ status, headers, body }: Answer, code: string, expected: number): void {
  assert.deepEqual([body['code'], status], [code, expected], JSON.stringify(body));
  assert.equal(headers.get('content-type'), 'application/problem+json');
  const problem = Problem.parse(body);
  assert.equal(problem.type, `urn:surety:fault:${code}`);
  assert.equal(problem.status, status);
  assert.match(problem.requestId, /^req_/);
  assert.equal(headers.get('x-request-id'), problem.requestId);
  assert.ok(problem.next.length > 5);
  isGuarded(headers);
}

/** Header fields of every answer. */
export function isGuarded(headers: Headers): void {
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('x-frame-options'), 'DENY');
  assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
  assert.ok(headers.get('cache-control'));
  assert.equal(headers.get('x-powered-by'), null);
  assert.equal(headers.get('access-control-allow-origin'), null);
}
