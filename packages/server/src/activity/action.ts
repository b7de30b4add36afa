import { Action, type ActionState } from '@surety/contract/activity';
import { type Link, type Reason, reasons } from '@surety/contract/decision';
import type { EventType } from '@surety/contract/events';
import { type ExactRecord, ExactNumber, isExactRecord, readExactJson } from '@surety/contract/exact-json';
import type { KeptEntry } from '#ledger/log-reader';

/** The entry types that tell of one action. The first three decide; the last three say what became of it. */
export const decisionTypes = ['call.intended', 'call.denied', 'call.held'] as const satisfies readonly EventType[];
export const actionTypes: readonly EventType[] = [...decisionTypes, 'call.completed', 'call.failed', 'call.cut'];

/** The entry types that end a question without a call: nothing waits for a person any more. */
export const endTypes = ['approval.refused', 'approval.expired'] as const satisfies readonly EventType[];

/** An entry of an action with its data read. */
export type ActionEntry = { readonly entry: KeptEntry; readonly data: ExactRecord };

/**
 * The entries of one action, oldest first. `last` is the newest decision, `first` the oldest; `end` is the no, or the end
 * of the time, of a question whose call never came back.
 */
export type ActionTrail = {
  readonly first: ActionEntry;
  readonly last: ActionEntry;
  readonly outcome: ActionEntry | undefined;
  readonly end: KeptEntry | undefined;
};

export function readTrail(entries: readonly KeptEntry[]): ActionTrail | undefined {
  const read = entries.map((entry) => ({ entry, data: readFacts(entry.body) }));
  const decisions = read.filter(({ entry }) => isDecision(entry.type));
  const first = decisions[0];
  const last = decisions.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return { first, last, outcome: read.find(({ entry }) => !isDecision(entry.type)), end: undefined };
}

function isDecision(type: EventType): boolean {
  return (decisionTypes as readonly string[]).includes(type);
}

/** The question that a trail still waits for, as far as its own entries tell. */
export function openQuestion({ last, outcome }: ActionTrail): string | undefined {
  return outcome === undefined && last.entry.type === 'call.held' ? textOf(last.data, 'approval') : undefined;
}

/** The `data` member of an entry's body. It was validated when it was written; one that was tampered with reads as empty. */
function readFacts(body: string): ExactRecord {
  try {
    const value = readExactJson(body);
    const data = isExactRecord(value) ? value['data'] : undefined;
    return isExactRecord(data) ? data : {};
  } catch {
    return {};
  }
}

export function textOf(data: ExactRecord, name: string): string {
  const value = data[name];
  return typeof value === 'string' ? value : '';
}

export function numberOf(data: ExactRecord, name: string): number | null {
  const value = data[name];
  return value instanceof ExactNumber ? value.toNumber() : null;
}

/** What became of an action. `carries(point, at)`: whether the enforcement point that took it on still lives since then. */
export function stateOf(trail: ActionTrail, carries: (point: string, at: Date) => boolean): ActionState {
  if (trail.outcome !== undefined) {
    if (trail.outcome.entry.type === 'call.completed') return 'allowed';
    return trail.outcome.entry.type === 'call.cut' ? 'cut' : 'failed';
  }
  if (trail.last.entry.type === 'call.denied') return 'denied';
  if (trail.last.entry.type === 'call.held') return trail.end === undefined ? 'held' : 'denied';
  return carries(textOf(trail.last.data, 'point'), trail.last.entry.at) ? 'running' : 'unknown';
}

/** Who, and what only those who may see the action are told. `because` and `summary` come from the sealed inputs. */
type Told = {
  readonly agentName: string;
  readonly answerableName: string;
  readonly state: ActionState;
  readonly because: string;
  readonly summary: string;
};

/** An action as people read it. Undefined when its entry has been changed into something that no entry can be. */
export function toAction(trail: ActionTrail, told: Told): Action | undefined {
  const { entry, data } = trail.last;
  const ground =
    trail.end === undefined
      ? { reason: textOf(data, 'reason'), link: textOf(data, 'link'), because: told.because }
      : endOf(trail.end);
  const read = Action.safeParse({
    id: entry.about,
    at: trail.first.entry.at.toISOString(),
    agent: textOf(data, 'agent'),
    agentName: told.agentName,
    answerable: textOf(data, 'answerable'),
    answerableName: told.answerableName,
    task: entry.task,
    system: textOf(data, 'system'),
    operation: textOf(data, 'operation'),
    effect: textOf(data, 'effect'),
    summary: told.summary,
    state: told.state,
    ...ground,
    milliseconds: trail.outcome === undefined ? null : numberOf(trail.outcome.data, 'milliseconds'),
    approval: approvalOf(trail),
    entry: trail.first.entry.index,
  });
  return read.success ? read.data : undefined;
}

function endOf({ type }: KeptEntry): { reason: Reason; link: Link; because: string } {
  const reason = type === 'approval.refused' ? 'approval.refused' : 'approval.expired';
  return { reason, link: 'approval', because: `${reasons[reason]}.` };
}

function approvalOf(trail: ActionTrail): string | null {
  return textOf(trail.last.data, 'approval') || textOf(trail.first.data, 'approval') || null;
}

/** Arguments in short, for a line of a list: at most 80 characters, one line. */
export function summarise(args: ExactRecord): string {
  const parts = Object.entries(args).map(([name, value]) => {
    if (typeof value === 'string') return `${name} ${value}`;
    if (value instanceof ExactNumber) return `${name} ${value.text}`;
    return typeof value === 'boolean' || value === null ? `${name} ${String(value)}` : name;
  });
  const line = parts.join(', ').replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
