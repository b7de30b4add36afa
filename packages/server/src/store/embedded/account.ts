import { readFileSync, realpathSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { StoreError } from '../store-error.ts';

/** As whom PostgreSQL runs when we are root. It refuses to run as root; otherwise it runs as ourselves. */
export type Account = { readonly uid: number; readonly gid: number };

/** Outside the ranges that systems give to people and to dynamic users, inside the 65,536 ids of a container. */
const privateId = 61_000;

const wayOut = 'Or set SURETY_DATABASE_URL to a PostgreSQL 15 or newer.';

/** The account of the server: undefined is ourselves. A cluster that belongs to somebody already stays theirs. */
export function serverAccount(cluster: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(cluster, { throwIfNoEntry: false });
  return owner !== undefined && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : { uid: privateId, gid: privateId };
}

/** The account that `initdb` runs as: it insists on a user with a name, so as root it borrows that of `nobody`. */
export function initdbAccount(passwd = '/etc/passwd'): Account | undefined {
  if (process.getuid?.() !== 0) {
    demandOwnName();
    return undefined;
  }
  const [, , uid, gid] = readPasswd(passwd).find((fields) => fields[0] === 'nobody') ?? [];
  if (uid === undefined || gid === undefined || Number(uid) === 0) {
    throw new StoreError(
      `The built-in PostgreSQL cannot be set up by root here: ${passwd} has no user "nobody" to set it up as. ` +
        `Start Surety as an ordinary user, or add "nobody". ${wayOut}`,
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

function demandOwnName(): void {
  try {
    userInfo();
  } catch {
    throw new StoreError(
      `The built-in PostgreSQL cannot be set up by user id ${process.getuid?.()}: the id has no name in /etc/passwd. ` +
        `Start Surety as a user that has one. ${wayOut}`,
    );
  }
}

function readPasswd(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}

/** Whether the account can read the file or enter the folder at `path`, judged by the permissions all the way down. */
export function canReach(path: string, account: Account | undefined): boolean {
  if (account === undefined) return true;
  const target = realpathSync(path);
  for (let at = target; ; at = dirname(at)) {
    const found = statSync(at);
    const bits = found.uid === account.uid ? found.mode >> 6 : found.gid === account.gid ? found.mode >> 3 : found.mode;
    const needed = (at === target ? 4 : 0) | (found.isDirectory() ? 1 : 0);
    if ((bits & needed) !== needed) return false;
    if (at === dirname(at)) return true;
  }
}
