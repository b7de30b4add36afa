import { type EventBody, type EventType, events } from '@surety/contract/events';
import { canonicalJson, fromPlain } from '@surety/contract/exact-json';
import type * as z from 'zod';
import { type Clock, instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { compileWriter, type Writer, writeText } from './compile-writer.ts';

/**
 * One fact, as a room tells it. `actor` is the principal that acted, `about` the id that the fact is about (named for
 * each type in `contract/events.ts`), `sealed` the encrypted inputs whose digest stands in `data`.
 */
export type AuditEvent = {
  [Type in EventType]: {
    readonly type: Type;
    readonly actor: string;
    readonly about: string;
    readonly task?: string | undefined;
    readonly data: EventBody<Type>;
    readonly sealed?: Buffer | undefined;
  };
}[EventType];

/** A fact as it is kept. `body` is the exact text that is hashed into the tree. */
export type Entry = {
  readonly id: string;
  readonly at: Date;
  readonly type: EventType;
  readonly actor: string;
  readonly about: string;
  readonly task: string | null;
  readonly body: string;
  readonly sealed: Buffer | null;
};

/** What checks and writes the members of an event, by its type: made once, for it is done for every call and token. */
const writers: ReadonlyMap<string, Writer | undefined> = new Map(
  Object.entries(events).map(([type, schema]) => [type, compileWriter(schema)]),
);

/**
 * Makes the entry of an event: an id, and its body as canonical JSON with the members `about`, `actor`, `at`, `data`,
 * `id`, `task` (when there is one) and `type`. Throws the fault `internal` when the event is not what the contract says:
 * a wrong record would be kept for ever.
 */
export function entryOf(event: AuditEvent, clock: Clock): Entry {
  const { type, actor, about, sealed = null } = event;
  const task = event.task ?? null;
  const now = clock();
  const at = instant(now);
  const id = newId<string>('event', now);
  const body =
    writeKnown(event, { at, id }) ??
    writeBody({ about, actor, at, data: readFacts(event), id, ...(task === null ? {} : { task }), type });
  return { id, at: new Date(now), type, actor, about, task, body, sealed };
}

/** The body by the short way; undefined when anything is odd about the event: then it is read, and refused, by its schema. */
function writeKnown({ type, actor, about, task, data }: AuditEvent, { at, id }: { readonly at: string; readonly id: string }) {
  const written = writers.get(type)?.(data);
  const [who, what, during] = [writeText(actor), writeText(about), writeText(task ?? '')];
  if (written === undefined || who === undefined || what === undefined || during === undefined) return undefined;
  const inTask = task === undefined ? '' : `,"task":${during}`;
  return `{"about":${what},"actor":${who},"at":"${at}","data":${written},"id":"${id}"${inTask},"type":"${type}"}`;
}

function readFacts({ type, data }: AuditEvent): unknown {
  const schema: z.ZodType = events[type];
  const read = schema.safeParse(data);
  if (!read.success) throw new Fault('internal', `the event ${type} is not what its contract says`, { cause: read.error });
  return read.data;
}

function writeBody(members: object): string {
  try {
    return canonicalJson(fromPlain(members));
  } catch (thrown) {
    throw new Fault('internal', 'an event holds what JSON cannot', { cause: thrown });
  }
}
