import { newId } from '@surety/server/kernel/id';
import type { Entry } from '@surety/server/ledger/record';

/** The size of a body, in bytes. */
const bodyBytes = 1_024;

const filling = 'x'.repeat(bodyBytes);

/** Makes entries of one kilobyte as they are kept, each of another call. */
export function entryMaker(): () => Entry {
  return () => {
    const now = Date.now();
    const id = newId<string>('event', now);
    const [actor, about, task] = [newId<string>('agent', now), newId<string>('action', now), newId<string>('task', now)];
    const members = { about, actor, at: new Date(now).toISOString(), data: { filled: '' }, id, task, type: 'call.completed' };
    members.data.filled = filling.slice(JSON.stringify(members).length);
    return { id, at: new Date(now), type: 'call.completed', actor, about, task, body: JSON.stringify(members), sealed: null };
  };
}
