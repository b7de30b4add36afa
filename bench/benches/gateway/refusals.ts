import assert from 'node:assert/strict';
import { generateSigningKey } from '@surety/proof/jwk';
import type { Program } from '../../harness/program.ts';
import { openConnection } from '../../load/http-connection.ts';
import type { HttpAnswer } from '../../load/read-answer.ts';
import type { GuardedPlace } from './agents.ts';
import { type CallSpec, type GuardedTarget, guardedCall, isAnswered, plainCall } from './calls.ts';

const write: CallSpec = { tool: 'update_record' };

/** What must be refused is refused, and the system sees nothing of it. */
export async function assertCallRefusals(place: GuardedPlace, upstream: Program): Promise<void> {
  const { holders, nonce } = await place.prepare();
  const [holder, other] = holders;
  if (holder === undefined || other === undefined) throw new Error('no agents are at work');
  const target: GuardedTarget = { port: place.port, resource: place.resource, nonce };
  const stopped = await place.addHolder();
  isAnswered(await send(target, guardedCall(target, stopped, write)));
  await place.program.ask('suspend', stopped.id);
  const used = guardedCall(target, holder, write);
  isAnswered(await send(target, used));
  const seen = await upstream.ask<number>('seen');
  const attempts: readonly (readonly [string, Buffer])[] = [
    ['a proof that was used', used],
    ['a proof by another key', guardedCall(target, { ...holder, key: generateSigningKey() }, write)],
    ['the token of another agent', guardedCall(target, { ...holder, token: other.token }, write)],
    ['a token of an agent that is suspended', guardedCall(target, stopped, write)],
    ['a stale nonce', guardedCall({ ...target, nonce: 'A'.repeat(32) }, holder, write)],
    ['no token', plainCall(place.port, 'DPoP none', write)],
    ['more than the mandate permits', guardedCall(target, holder, { ...write, amount: 420 })],
    ['another address', guardedCall({ ...target, resource: `${target.resource}x` }, holder, write)],
  ];
  for (const [what, request] of attempts) {
    const { status, body } = await send(target, request);
    assert.ok(!body.includes('"found'), `the guard let pass ${what}: ${status}`);
  }
  assert.equal(await upstream.ask<number>('seen'), seen, 'the system saw a call that was refused');
}

async function send({ port }: GuardedTarget, request: Buffer): Promise<HttpAnswer> {
  const connection = await openConnection(port);
  try {
    return await connection.send(request);
  } finally {
    connection.close();
  }
}
