import type { HttpBindings } from '@hono/node-server';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import type { Route } from '@surety/contract/route';
import { proofSpend } from '#enforcement/proof-spend';
import { type Caller, nobody } from '#kernel/answer';
import { Fault } from '#kernel/fault';
import { headerValues } from '#kernel/header-values';
import type { Permit } from '#kernel/perform';
import { entryOf } from '#ledger/entry';
import type { HallRoom } from './hall-room.ts';

type Incoming = HttpBindings['incoming'];

/**
 * Who asks at the door of a route. A principal proves itself (RFC 9449 §7), and its proof is spent, durably, before anything
 * is done; the address compared is the configured public one. A door that takes a one-time code lets anybody ask.
 */
export async function admitCaller(room: HallRoom, route: Route, incoming: Incoming): Promise<Caller> {
  if (route.door === 'code') return nobody;
  const caller = await authenticateRequest(room, incoming);
  const result = await orNotReady(room.queue.commit({ entries: [], spends: [proofSpend(caller)] }));
  if (result === 'replayed') throw new Fault('dpop.proof_replayed');
  const { principal, kind, credential } = caller;
  return { principal, kind, credential };
}

/** Who sent a request to our API, or to what answers beside it under the same address. Spends nothing. */
export function authenticateRequest(
  room: Pick<HallRoom, 'authenticator' | 'issuer'>,
  incoming: Pick<Incoming, 'method' | 'url' | 'rawHeaders'>,
): Promise<AuthenticatedCaller> {
  const authorization = headerValues(incoming, 'authorization');
  return room.authenticator.authenticate({
    method: incoming.method ?? '',
    url: room.issuer + (incoming.url ?? ''),
    audience: `${room.issuer}/v1`,
    authorization: authorization.length === 0 ? undefined : authorization.join(', '),
    dpop: headerValues(incoming, 'dpop'),
  });
}

/** The permit of the house, with every no to an authenticated principal in the ledger before it is told. */
export function recordingPermit({ permit, queue, clock }: Pick<HallRoom, 'permit' | 'queue' | 'clock'>): Permit {
  return async (caller, action, input) => {
    try {
      await permit(caller, action, input);
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code !== 'access.denied' || caller.kind === 'nobody') throw thrown;
      const reason = (thrown.why?.join(' ') ?? thrown.message).slice(0, 1_000);
      const entry = entryOf({ type: 'api.denied', actor: caller.principal, about: action, data: { reason } }, clock);
      await orNotReady(queue.commit({ entries: [entry], spends: [] }));
      throw thrown;
    }
  };
}

async function orNotReady<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : new Fault('service.not_ready', 'the record could not be written', { cause: thrown });
  }
}
