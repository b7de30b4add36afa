import type { Action } from '@surety/contract/activity';
import {
  explainAction as whyRoute,
  getAction,
  getPayload,
  getSchema,
  getStatus,
  listActions,
  responsibleFor,
} from '@surety/contract/oversight-routes';
import type { Decider } from '#decision/decide-call';
import { type AnyAnswer, answer } from '#kernel/answer';
import { Fault } from '#kernel/fault';
import { openLogReader } from '#ledger/log-reader';
import { resolveOf } from '#registry/find-principal';
import type { ActionTrail } from './action.ts';
import { explainAction } from './explain-action.ts';
import { readStatus, type StatusRoom } from './house-status.ts';
import { readPayload } from './read-payload.ts';
import { readSchema } from './read-schema.ts';
import { findTrail, newestTrails } from './read-trail.ts';
import { type Checkpoints, tellResponsibility } from './responsible-for.ts';
import { readLiving, tellAction, type TellRoom } from './tell-action.ts';

export type ActivityRoom = TellRoom &
  StatusRoom & { readonly decider: Pick<Decider, 'recompute'>; readonly checkpoint: Checkpoints };

/** How many actions are looked through at most for a list that filters by what only the whole trail tells. */
const maxLookedAt = 5_000;

export function activityRoutes(room: ActivityRoom): readonly AnyAnswer[] {
  const log = openLogReader(room.db);
  const find = async (action: string): Promise<{ trail: ActionTrail; told: Action }> => {
    const trail = await findTrail(log, action);
    if (trail === undefined) throw new Fault('action.not_found');
    const told = await tellAction(room, trail, await readLiving(room));
    if (told === undefined) throw new Fault('action.not_found', 'its entry cannot be read: it was changed');
    return { trail, told };
  };
  return [
    answer(listActions, async (_caller, input) => {
      const actor = input.agent === undefined ? undefined : await resolveOf(room.db, 'agent', input.agent);
      const living = await readLiving(room);
      const [before, after] = await Promise.all([input.before, input.after].map(lastEntryOf));
      const items: Action[] = [];
      let lookedAt = 0;
      for await (const trail of newestTrails(log, { actor, before, after })) {
        if (lookedAt++ >= maxLookedAt) break;
        const told = await tellAction(room, trail, living);
        if (told === undefined) continue;
        if (input.system !== undefined && told.system !== input.system) continue;
        if (input.state === undefined || told.state === input.state) items.push(told);
        if (items.length >= input.limit) break;
      }
      return { items };
    }),
    answer(getAction, async (_caller, { action }) => (await find(action)).told),
    answer(whyRoute, async (_caller, { action }) => {
      const { trail, told } = await find(action);
      return explainAction(room, trail, told);
    }),
    answer(getPayload, async (_caller, { action }) => ({
      action,
      payload: readPayload(room.sealer, (await find(action)).trail),
    })),
    answer(responsibleFor, async (_caller, { action }) => {
      const { trail, told } = await find(action);
      return tellResponsibility(room, trail, told);
    }),
    answer(getStatus, () => readStatus(room)),
    answer(getSchema, () => readSchema(room.db)),
  ];

  async function lastEntryOf(action: string | undefined): Promise<string | undefined> {
    if (action === undefined) return undefined;
    const trail = await findTrail(log, action);
    if (trail === undefined) throw new Fault('action.not_found');
    return trail.last.entry.id;
  }
}
