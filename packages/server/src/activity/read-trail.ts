import type { KeptEntry, LogReader } from '#ledger/log-reader';
import { actionTypes, type ActionTrail, decisionTypes, endTypes, openQuestion, readTrail } from './action.ts';

/** More entries than one action has: held, intended, its outcome; or held and denied. */
const maxEntries = 20;

/** The whole trail of one action, with what was sealed beside its decisions. Undefined when there is none. */
export async function findTrail(log: LogReader, action: string): Promise<ActionTrail | undefined> {
  const [trail] = await readTrails(log, [action]);
  return trail;
}

/** `before` and `after` are ids of entries, exclusive. */
export type TrailFilter = {
  readonly actor?: string | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
};

/**
 * The trails of the actions whose last decision lies before and after an entry, newest first, read as far as they are asked
 * for. An action that was held and then ran is told once, in the place of its last decision.
 */
export async function* newestTrails(log: LogReader, filter: TrailFilter, pageSize = 100): AsyncGenerator<ActionTrail> {
  const told = new Set<string>();
  let before = filter.before;
  for (;;) {
    const page = await log.newest({ types: decisionTypes, actor: filter.actor, before, after: filter.after, limit: pageSize });
    const fresh = [...new Set(page.map(({ about }) => about))].filter((about) => !told.has(about));
    for (const trail of await readTrails(log, fresh)) {
      told.add(trail.last.entry.about);
      if (filter.before === undefined || trail.last.entry.id < filter.before) yield trail;
    }
    before = page.at(-1)?.id;
    if (page.length < pageSize) return;
  }
}

/** In the order of `actions`. */
async function readTrails(log: LogReader, actions: readonly string[]): Promise<ActionTrail[]> {
  if (actions.length === 0) return [];
  const entries = await log.oldest({ about: actions, types: actionTypes, limit: actions.length * maxEntries }, { sealed: true });
  const byAction = Map.groupBy<string, KeptEntry>(entries, ({ about }) => about);
  const trails = actions.map((action) => readTrail(byAction.get(action) ?? [])).filter((trail) => trail !== undefined);
  return withEnds(log, trails);
}

/** The ends of the questions that these actions wait for, where they have ended. */
async function withEnds(log: LogReader, trails: readonly ActionTrail[]): Promise<ActionTrail[]> {
  const questions = trails.map(openQuestion).filter((question) => question !== undefined);
  if (questions.length === 0) return [...trails];
  const ends = await log.oldest({ about: questions, types: endTypes, limit: questions.length * 2 });
  const byQuestion = new Map<string | undefined, KeptEntry>(ends.map((end) => [end.about, end]));
  return trails.map((trail) => ({ ...trail, end: byQuestion.get(openQuestion(trail)) }));
}
