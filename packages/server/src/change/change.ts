/**
 * What a change does to those who hold facts about its key. `changed`: facts kept in memory are stale. `cutoff`: what
 * was issued for the key until then is dead. `stopped`: a cut-off of an agent that also cuts what is in flight.
 * `answered`: a person answered the approval of this id.
 */
export type ChangeWhat = 'changed' | 'cutoff' | 'stopped' | 'answered';

/** One numbered change. Number order is commit order. `atMs`: the clock of the database, milliseconds since the epoch. */
export type Change = {
  readonly number: number;
  readonly what: ChangeWhat;
  /** The id that changed, or `role:<name>`, `policy`, `keys`. */
  readonly key: string;
  readonly atMs: number;
};

/** Whether what was issued for the key of a change until then is dead. */
export function cutsOff({ what }: Change): boolean {
  return what === 'cutoff' || what === 'stopped';
}
