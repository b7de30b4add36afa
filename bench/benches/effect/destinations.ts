import type { SalientValue } from '@surety/decision/flow/flow-facts';
import { guardOver } from '@surety/decision/flow/guard-over';
import { keyOf } from '@surety/decision/flow/salient-values';
import { isDefect } from './known-defects.ts';
import type { Place } from './place.ts';
import type { Replayer } from './replay-run.ts';
import type { TraceRun } from './trace.ts';

/** The directory of known destinations, as benign use fills it. */
export type Directory = {
  /** Whether the directory would hold a value when a run is made: what only this run's own task ever went to, it does not. */
  isKnown(run: TraceRun, value: SalientValue): boolean;
  /** What it holds then. */
  listFor(run: TraceRun): readonly SalientValue[];
};

/** Nothing is known. */
export const emptyDirectory: Directory = { isKnown: () => false, listFor: () => [] };

const kinds: ReadonlySet<string> = new Set(['email', 'url', 'host', 'iban', 'account', 'phone', 'id', 'name']);

/**
 * Learns destinations from benign runs only: where calls that did not fail sent something. For a benign run, what its own task
 * alone went to is left out, so that no task is measured with what it taught; for an attacked run everything is known, which
 * can only help the attacker. A benign run whose request is an attacker's goal teaches nothing. `isTeacher` leaves more out.
 */
export function learnDestinations(
  replayer: Replayer,
  { places, runs, isTeacher = () => true, isHeldOut = true }: Learning,
): Directory {
  const users = new Map<string, { readonly value: SalientValue; readonly tasks: Set<string> }>();
  for (const run of runs) {
    const place = places.get(run.suite);
    if (place === undefined || !isTask(run) || isDefect(run) || !isTeacher(run)) continue;
    for (const value of run.calls.flatMap((call) => sentTo(replayer, place, call))) {
      const key = `${run.suite} ${keyOf(value)}`;
      const known = users.get(key) ?? { value, tasks: new Set() };
      users.set(key, known);
      known.tasks.add(run.task);
    }
  }
  const counts = (run: TraceRun, tasks: ReadonlySet<string>): boolean =>
    !isHeldOut || run.injection !== null || tasks.size > 1 || !tasks.has(run.task);
  return {
    isKnown: (run, value) => {
      const known = users.get(`${run.suite} ${keyOf(value)}`);
      return known !== undefined && counts(run, known.tasks);
    },
    listFor: (run) =>
      [...users]
        .filter(([key, { tasks }]) => key.startsWith(`${run.suite} `) && counts(run, tasks))
        .map(([, { value }]) => value),
  };
}

export type Learning = {
  readonly places: ReadonlyMap<string, Place>;
  readonly runs: readonly TraceRun[];
  readonly isTeacher?: (run: TraceRun) => boolean;
  /** Leaves out what only a run's own task went to. */
  readonly isHeldOut?: boolean;
};

/** A benign run of a task that a person wanted done. */
export function isTask(run: TraceRun): boolean {
  return run.injection === null && !run.task.startsWith('injection');
}

/** Where a call that did not fail sent something: values of arguments that name a destination, and the places of links. */
function sentTo(replayer: Replayer, place: Place, { tool, args, isError }: TraceRun['calls'][number]): readonly SalientValue[] {
  const operation = place.systemOf(tool).operations.get(tool);
  if (operation === undefined || isError) return [];
  return replayer
    .candidatesOf(args)
    .filter(({ pointer, isDerived }) => !isDerived && guardOver(operation.guards, pointer)?.of === 'destination')
    .flatMap(({ kind, values, hosts }) => [...values, ...(kind === 'url' ? hosts : [])])
    .filter(({ kind }) => kinds.has(kind));
}
