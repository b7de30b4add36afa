import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { StoreError } from '../store-error.ts';
import { type Account, canReach } from './account.ts';

/**
 * Lives as long as we do: the socket, and the links to the libraries. Short, whatever the length of the data folder's
 * path, because the address of a socket holds 107 bytes; random, so that nobody can be there first; 0700.
 */
export type RunFolder = {
  readonly path: string;
  readonly links: string;
  giveTo(account: Account | undefined): void;
  remove(): void;
};

/** Bytes, so that PostgreSQL's `/.s.PGSQL.5432` still fits. */
const longest = 93;

export function makeRunFolder(account: Account | undefined): RunFolder {
  for (const place of [tmpdir(), '/tmp', '/run', '/var/tmp']) {
    const path = tryMake(place, account);
    if (path === undefined) continue;
    const links = join(path, 'lib');
    mkdirSync(links, { mode: 0o755 });
    return {
      path,
      links,
      giveTo: (next) => {
        if (next === undefined) return;
        chownSync(path, next.uid, next.gid);
        chownSync(links, next.uid, next.gid);
      },
      remove: () => rmSync(path, { recursive: true, force: true }),
    };
  }
  throw new StoreError(
    `No folder for the socket of the built-in PostgreSQL could be made in ${tmpdir()}, /tmp, /run or /var/tmp.`,
  );
}

/** What a killed house left, when its watcher was dismissed or killed too. `left` is what `postmaster.pid` names. */
export function removeLeftRunFolder(left: string): void {
  if (/^surety-pg-\w{6}$/.test(basename(left))) rmSync(left, { recursive: true, force: true });
}

function tryMake(place: string, account: Account | undefined): string | undefined {
  try {
    if (Buffer.byteLength(join(place, 'surety-pg-XXXXXX')) > longest || !canReach(place, account)) return undefined;
    return mkdtempSync(join(place, 'surety-pg-'));
  } catch {
    return undefined;
  }
}
