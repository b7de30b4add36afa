import { getMandate } from '#delegation/mandate-store';
import { findTask } from '#delegation/task-store';
import type { Caller } from '#kernel/answer';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { type HouseContext, plainHouseContext } from '#policy/house-policy';
import { findCredential } from '#registry/credential-store';
import { findPrincipal } from '#registry/find-principal';
import { findPasskey } from '#signin/passkey-store';

/** How a request names what it is about. Read from validated input; a member that is not there is not named. */
type Named = Readonly<Record<string, unknown>>;

/** The member of the input that names what an action is about, and how to come from it to a principal. */
const subjects: Readonly<Record<string, (db: Db, input: Named) => Promise<string | undefined>>> = {
  'agent:change': async (_db, input) => textOf(input['agent']),
  'agent:move': async (_db, input) => textOf(input['agent']),
  'agent:stop': async (_db, input) => textOf(input['agent']),
  'agent:start': async (_db, input) => textOf(input['agent']),
  'workload:move': async (_db, input) => textOf(input['workload']),
  'human:change': async (_db, input) => textOf(input['human']),
  'enrolment:open': async (_db, input) => textOf(input['principal']),
  'credential:revoke': async (db, input) => (await findCredential(db, textOf(input['credential']) ?? ''))?.principal,
  'passkey:read': async (_db, input) => textOf(input['human']),
  'passkey:revoke': async (db, input) => (await findPasskey(db, textOf(input['passkey']) ?? ''))?.human,
  'mandate:give': async (_db, input) => textOf(namedOf(input['document'])['agent']),
  'mandate:end': (db, input) => agentOfMandate(db, textOf(input['mandate']) ?? ''),
  'task:end': async (db, input) => (await findTask(db, textOf(input['task']) ?? ''))?.agent,
};

/**
 * How a caller stands to what a request is about, read from the database at this moment: a right that has just ended does
 * not count. What does not exist belongs to nobody; the verb says that it is not there, to those who may ask.
 */
export async function houseContextOf(db: Db, caller: Caller, action: string, input: unknown): Promise<HouseContext> {
  const named = namedOf(input);
  const ref = await subjects[action]?.(db, named);
  const about = ref === undefined ? undefined : await findPrincipal(db, ref);
  if (about === undefined) return plainHouseContext;
  const owner = about.kind === 'human' ? undefined : about.one.owner;
  return {
    owns: owner === caller.principal,
    self: about.one.id === caller.principal,
    handsOver: await handsOver(db, owner, textOf(named['owner'])),
    from: about.one.state,
    to: textOf(named['to']) ?? '',
  };
}

/** Whether the request names another owner than there is. A name that means nobody is another. */
async function handsOver(db: Db, owner: string | undefined, ref: string | undefined): Promise<boolean> {
  if (ref === undefined) return false;
  return (await findPrincipal(db, ref))?.one.id !== owner;
}

function namedOf(value: unknown): Named {
  return typeof value === 'object' && value !== null ? (value as Named) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

async function agentOfMandate(db: Db, id: string): Promise<string | undefined> {
  try {
    return (await getMandate(db, id)).agent;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'mandate.not_found') return undefined;
    throw thrown;
  }
}
