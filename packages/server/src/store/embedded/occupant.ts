import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, StoreError } from '../store-error.ts';

/**
 * A mark in the data folder that is rewritten every second while its house is open. Processes of this machine find each
 * other by `/proc` and by the owner's lock; this is for those that cannot: another container or another host that has
 * the same folder mounted. Two servers on one folder would destroy it.
 */
export type Occupant = { leave(): void };

/** How the mark is kept; tests shorten it. */
export type Beat = { readonly everyMs: number; readonly silentAfterMs: number };

const usualBeat: Beat = { everyMs: 1000, silentAfterMs: 4000 };

type Mark = { readonly place: string; readonly host: string; readonly pid: number; readonly beat: number };

/**
 * Puts our mark if there is none, so that of two who start at once in different places one sees the other. Throws a
 * `StoreError` that names who is there if a mark from elsewhere is being kept up. A mark from here proves nothing.
 */
export async function enter(data: string, place = ownPlace(), { silentAfterMs } = usualBeat): Promise<void> {
  for (;;) {
    const found = readMark(data);
    if (found === undefined) {
      if (putFirst(data, place)) return;
    } else if (found.place === place) {
      return;
    } else {
      await untilSilent(data, found, silentAfterMs);
    }
  }
}

async function untilSilent(data: string, first: Mark, silentAfterMs: number): Promise<void> {
  for (const until = Date.now() + silentAfterMs; Date.now() < until; await sleep(50)) {
    const now = readMark(data);
    if (now === undefined) return;
    if (now.beat === first.beat && now.place === first.place) continue;
    throw new StoreError(
      `Another Surety already runs on the data folder ${data}: pid=${now.pid} on the host or container "${now.host}". ` +
        'Stop it first, or give this one a folder of its own with SURETY_DATA_DIR. ' +
        'Several nodes share one PostgreSQL, by SURETY_DATABASE_URL, never a data folder.',
    );
  }
  rmSync(markPath(data), { force: true });
}

function putFirst(data: string, place: string): boolean {
  try {
    writeFileSync(markPath(data), JSON.stringify(markOf(place)), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** Keeps the mark up, for the owner. A folder that cannot be written to does not stop the house: PostgreSQL will say so. */
export function occupy(data: string, place = ownPlace(), { everyMs } = usualBeat): Occupant {
  const path = markPath(data);
  let isWriting = false;
  let hasLeft = false;
  const put = async (): Promise<void> => {
    if (isWriting || hasLeft) return;
    isWriting = true;
    await replace(path, JSON.stringify(markOf(place))).catch(() => undefined);
    isWriting = false;
    if (hasLeft) rmSync(path, { force: true });
  };
  putNow(path, place);
  const timer = setInterval(() => void put(), everyMs).unref();
  return {
    leave: () => {
      hasLeft = true;
      clearInterval(timer);
      rmSync(path, { force: true });
    },
  };
}

function putNow(path: string, place: string): void {
  try {
    writeFileSync(path, JSON.stringify(markOf(place)), { mode: 0o600 });
  } catch {
    return;
  }
}

/** As a whole, so that nobody reads half a mark; and not in the way of requests: on a busy disk, opening a file can take long. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function markOf(place: string): Mark {
  return { place, host: hostname(), pid: process.pid, beat: Date.now() };
}

function markPath(data: string): string {
  return join(data, 'occupant.json');
}

/** The boot and the namespace in which process numbers mean the same as ours. */
export function ownPlace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** A mark that cannot be read is one that is just being written, or was when its host lost power: nobody's, until it changes. */
function readMark(data: string): Mark | undefined {
  try {
    return JSON.parse(readFileSync(markPath(data), 'utf8')) as Mark;
  } catch (thrown) {
    return errorCode(thrown) === 'ENOENT' ? undefined : { place: '', host: 'unknown', pid: 0, beat: 0 };
  }
}
