import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that hold nothing we wrote. */
const skipped = new Set(['node_modules', 'dist', '.git', 'coverage', 'surety-data', '.build']);

/** Every file we wrote, as a path from `root` with forward slashes, sorted. */
export function listFiles(root: string, folder = ''): string[] {
  const at = join(root, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : listFiles(root, path);
      return entry.isFile() ? [path] : [];
    })
    .toSorted();
}

export type Manifest = {
  readonly name?: string;
  readonly version?: string;
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly imports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};

/** The package.json in a folder, or an empty one when there is none. */
export function readManifest(root: string, folder: string): Manifest {
  const path = join(root, folder, 'package.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : {};
}

/** Folder names under `packages/` that have a package.json. */
export function listPackages(root: string): string[] {
  const at = join(root, 'packages');
  if (!existsSync(at)) return [];
  return readdirSync(at)
    .filter((folder) => existsSync(join(at, folder, 'package.json')))
    .toSorted();
}
