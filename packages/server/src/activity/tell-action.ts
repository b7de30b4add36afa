import type { Action } from '@surety/contract/activity';
import { type Reason, reasons } from '@surety/contract/decision';
import { listPoints } from '#change/point-store';
import { type CallInputs, readInputs } from '#decision/call-inputs';
import { inputsPlace } from '#decision/inputs-place';
import type { Db } from '#kernel/db';
import { type Sealer, sealedDigest } from '#keys/seal';
import type { PrincipalFacts } from '#registry/principal-facts';
import { type ActionEntry, type ActionTrail, stateOf, summarise, textOf, toAction } from './action.ts';

export type TellRoom = {
  readonly db: Db;
  readonly sealer: Sealer;
  readonly facts: PrincipalFacts;
  /** How long an enforcement point may be silent before it counts as gone, in milliseconds. */
  readonly leaseMs: number;
};

/** Which enforcement points are alive, and since when: a call that one of them carries is still running. */
export type Living = (point: string, at: Date) => boolean;

/** How much the clock of a node may differ from the database's, in milliseconds: an entry has the one, a start the other. */
const clockDifferenceMs = 10_000;

export async function readLiving({ db, leaseMs }: Pick<TellRoom, 'db' | 'leaseMs'>): Promise<Living> {
  const started = new Map((await listPoints(db, 2 * leaseMs)).map(({ id, startedAt }) => [id, startedAt.getTime()]));
  return (point, at) => {
    const startedMs = started.get(point);
    return startedMs !== undefined && startedMs <= at.getTime() + clockDifferenceMs;
  };
}

/** What was sealed beside a decision, opened. Undefined when it is missing, is not what the entry names, or does not open. */
export function openInputs(sealer: Sealer, { entry, data }: ActionEntry): Buffer | undefined {
  if (entry.sealed === null || sealedDigest(entry.sealed) !== textOf(data, 'inputs')) return undefined;
  try {
    return sealer.open(inputsPlace(entry.about, entry.type), entry.sealed);
  } catch {
    return undefined;
  }
}

export function readOpened(opened: Buffer | undefined): CallInputs | undefined {
  return opened && readInputs(opened);
}

/** An action as people read it, with what only those who may see it are told. Undefined when its entry cannot be read. */
export async function tellAction({ sealer, facts }: TellRoom, trail: ActionTrail, living: Living): Promise<Action | undefined> {
  const { data } = trail.last;
  const inputs = readOpened(openInputs(sealer, trail.last));
  const id = textOf(data, 'agent');
  const [agent, workload, answerable] = await Promise.all([
    facts.agent(id),
    facts.workload(id),
    facts.human(textOf(data, 'answerable')),
  ]);
  return toAction(trail, {
    agentName: (agent ?? workload)?.name ?? id,
    answerableName: answerable?.displayName ?? textOf(data, 'answerable'),
    state: stateOf(trail, living),
    because: inputs === undefined ? '' : becauseOf(inputs, textOf(data, 'reason')),
    summary: inputs === undefined ? '' : summarise(inputs.call.arguments),
  });
}

/** What was said when it was decided; what came up after that, while it was committed or waited, is said by its reason. */
function becauseOf({ decision }: CallInputs, reason: string): string {
  if (decision.reason === reason) return decision.because;
  return Object.hasOwn(reasons, reason) ? `${reasons[reason as Reason]}.` : '';
}
