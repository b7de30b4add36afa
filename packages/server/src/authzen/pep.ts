import type { IncomingMessage } from 'node:http';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import type { Caller } from '#kernel/answer';
import { Fault } from '#kernel/fault';
import type { Spend } from '#ledger/commit-queue';
import { entryOf } from '#ledger/entry';
import type { ApplicationFact } from './application-facts.ts';
import type { AuthzenRoom } from './authzen-room.ts';

/** Who stands at the door of the house, and how a no is told there: the hall's part. */
export type AccessDoor = {
  /** RFC 9449 §7. Spends nothing. Faults `token.*`, `dpop.*`. */
  readonly authenticate: (request: IncomingMessage) => Promise<AuthenticatedCaller>;
  readonly spendOf: (caller: AuthenticatedCaller) => Spend;
  /** The house policy; a no is in the ledger before this rejects. */
  readonly permit: (caller: Caller, action: string, input: unknown) => Promise<void>;
  readonly nonce: () => string;
};

/** Who asks: a workload, for the application that it belongs to, on what was true when it came. */
export type Pep = {
  readonly caller: AuthenticatedCaller;
  readonly spend: Spend;
  readonly application: ApplicationFact;
  /** Number of the newest change that had been applied before anything was read. */
  readonly change: number;
};

export type PepAction = 'access:evaluate' | 'access:search' | 'access:request';

/**
 * Lets in who may ask: proven by its key, permitted by the house policy, and a PEP of an application. Anybody else has no
 * business to know what agents may do. Faults `token.*`, `dpop.*`, `access.denied`, `service.not_ready`.
 */
export async function admitPep(room: AuthzenRoom, door: AccessDoor, request: IncomingMessage, action: PepAction): Promise<Pep> {
  const caller = await door.authenticate(request);
  const { principal, kind, credential } = caller;
  await door.permit({ principal, kind, credential }, action, {});
  const change = newestChange(room);
  const application = await room.applications.ofPep(principal);
  if (application !== undefined) return { caller, spend: door.spendOf(caller), application, change };
  const why = 'This workload asks for no application.';
  const entry = entryOf({ type: 'api.denied', actor: principal, about: action, data: { reason: why } }, room.clock);
  const result = await room.queue.commit({ entries: [entry], spends: [door.spendOf(caller)] });
  throw result === 'replayed' ? new Fault('dpop.proof_replayed') : new Fault('access.denied', action, { why: [why] });
}

/** The same PEP on what is true now. Fault `access.denied` when its application is over. */
export async function renewPep(room: AuthzenRoom, pep: Pep): Promise<Pep> {
  const change = newestChange(room);
  const application = await room.applications.ofPep(pep.caller.principal);
  if (application === undefined) throw new Fault('access.denied', 'the application is over');
  return { ...pep, application, change };
}

/** Whose end makes an answer void, whatever it is about. */
export function pepKeys({ caller, application }: Pep): readonly string[] {
  return [caller.principal, caller.credential, caller.tokenId, application.id];
}

function newestChange({ feed }: AuthzenRoom): number {
  feed.catchUp();
  return feed.applied();
}
