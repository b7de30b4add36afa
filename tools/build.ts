import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { isTestFile } from './floors.ts';
import { listFiles, listPackages, readManifest } from './read-tree.ts';
import { houseRoot, installedProgram, isStarted, runCommand } from './run-command.ts';
import { importsOf, scanSource } from './scan-source.ts';
import { parts } from './test-parts.ts';

/** Where the compiler writes before the parts are moved into each package's `dist`. Thrown away afterwards. */
const scratch = '.build';

/** Goes with every package: npm packs the one that lies in its folder. */
const licence = 'LICENSE';

/**
 * Compiles every package from `src` into `dist`, as it is published: JavaScript and declarations, with the endings of relative
 * imports rewritten, and whatever else lies in `src` beside them. Throws when the compiler finds an error.
 */
export async function buildPackages(root: string): Promise<void> {
  rmSync(join(root, scratch), { recursive: true, force: true });
  mkdirSync(join(root, scratch), { recursive: true });
  writeFileSync(join(root, scratch, 'tsconfig.json'), JSON.stringify(compilerSettings));
  const run = await runCommand(installedProgram('tsc'), ['-p', join(root, scratch), '--pretty', 'false'], root);
  if (run.code !== 0) throw new Error(`tsc found errors:\n${run.output}`);
  for (const folder of listPackages(root)) {
    const dist = join(root, 'packages', folder, 'dist');
    const made = join(root, scratch, 'out', folder, 'src');
    rmSync(dist, { recursive: true, force: true });
    if (existsSync(made)) renameSync(made, dist);
    copyAssets(root, folder);
    rewriteModuleUrls(root, folder);
    if (existsSync(join(root, licence))) cpSync(join(root, licence), join(root, 'packages', folder, licence));
  }
}

const compilerSettings = {
  extends: '../tsconfig.json',
  compilerOptions: {
    noEmit: false,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    rootDir: '../packages',
    outDir: 'out',
  },
  include: ['../packages/*/src'],
  exclude: ['../packages/*/src/**/*.test.ts', '../packages/*/src/**/testing'],
};

/** What is read at run time but is no TypeScript: the text of policies, for instance. */
function copyAssets(root: string, folder: string): void {
  const source = `packages/${folder}/src`;
  for (const file of listFiles(root, source).filter((path) => !/\.(?:ts|md)$/.test(path) && !isTestFile(path))) {
    const target = join(root, 'packages', folder, 'dist', posix.relative(source, file));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, file), target);
  }
}

/** The compiler rewrites imports; the address of a worker, `new URL('./worker.ts', import.meta.url)`, it leaves. */
function rewriteModuleUrls(root: string, folder: string): void {
  for (const file of listDist(root, folder)) {
    const text = readFileSync(join(root, file), 'utf8');
    const rewritten = text.replace(/(new URL\((['"])\.{1,2}\/[^'"]+)\.ts(\2, import\.meta\.url\))/g, '$1.js$3');
    if (rewritten !== text) writeFileSync(join(root, file), rewritten);
  }
}

function listDist(root: string, folder: string): string[] {
  const at = `packages/${folder}`;
  return listFiles(join(root, at, 'dist'))
    .filter((path) => path.endsWith('.js'))
    .map((path) => `${at}/dist/${path}`);
}

/**
 * Lays the packages out as npm would install them, files named in `files` only, beside the packages of others that they
 * depend on and no other. Returns what `files` or `bin` promises and is not there.
 */
export function layOut(root: string, target: string): string[] {
  rmSync(target, { recursive: true, force: true });
  linkOthers(root, target);
  return listPackages(root).flatMap((folder) => {
    const { name = folder, files = [], bin = {} } = readManifest(root, `packages/${folder}`);
    const place = join(target, 'node_modules', name);
    const promised = [...files, ...Object.values(bin)];
    const missing = promised.filter((file) => !existsSync(join(root, 'packages', folder, file)));
    for (const file of ['package.json', ...files].filter((one) => !missing.includes(one))) {
      cpSync(join(root, 'packages', folder, file), join(place, file), { recursive: true });
    }
    return missing.map((file) => `packages/${folder}: ${file} is promised by package.json and is not there`);
  });
}

/**
 * Packages of others come as links, from where npm put them: beside ours, or below the one that needs another version. One
 * that is optional and not for this computer is left out, as npm does.
 */
function linkOthers(root: string, target: string): void {
  const manifests = new Map(listPackages(root).map((folder) => [folder, readManifest(root, `packages/${folder}`)]));
  const ours = new Set([...manifests.values()].map(({ name }) => name));
  for (const [folder, { name: own = folder, dependencies, optionalDependencies }] of manifests) {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies }).filter((one) => !ours.has(one))) {
      const below = join(root, 'packages', folder, 'node_modules', name);
      if (existsSync(below)) link(below, join(target, 'node_modules', own, 'node_modules', name));
      else link(join(root, 'node_modules', name), join(target, 'node_modules', name));
    }
  }
}

function link(from: string, place: string): void {
  if (!existsSync(from) || existsSync(place)) return;
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(from, place, 'junction');
}

/** Modules of a layout that are named by another one and are not in it. */
export function findUnresolved(root: string, target: string): string[] {
  const packages = listPackages(root).map((folder) => readManifest(root, `packages/${folder}`).name ?? folder);
  const modules = packages.flatMap((name) => listInstalled(target, name).filter((path) => /\.(?:m?js|d\.ts)$/.test(path)));
  return modules.flatMap((file) =>
    importsOf(scanSource(readFileSync(join(target, 'node_modules', file), 'utf8'))).flatMap(({ specifier }) => {
      const named = fileOf(packages, file, specifier);
      if (named === undefined) return [];
      const path = join(target, 'node_modules', named);
      const isThere = existsSync(path) || (file.endsWith('.d.ts') && existsSync(path.replace(/\.[jt]s$/, '.d.ts')));
      return isThere ? [] : [`${file} names '${specifier}', which would not be installed`];
    }),
  );
}

/** Every file of a package of the layout, as a path that begins with its name. `listFiles` by itself skips `dist`. */
function listInstalled(target: string, name: string): string[] {
  const place = join(target, 'node_modules', name);
  const inDist = listFiles(join(place, 'dist')).map((path) => `dist/${path}`);
  return [...listFiles(place), ...inDist].map((path) => `${name}/${path}`);
}

/** The file that a specifier in `file` stands for; undefined for a module of Node or of somebody else. */
function fileOf(packages: readonly string[], file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file), specifier);
  const from = packages.find((name) => file.startsWith(`${name}/`)) ?? '';
  if (specifier.startsWith('#')) return `${from}/dist/${specifier.slice(1)}.js`;
  const to = packages.find((name) => specifier.startsWith(`${name}/`));
  if (to === undefined || specifier === `${to}/package.json`) return undefined;
  return `${to}/dist/${specifier.slice(to.length + 1)}.js`;
}

/** Starts what a layout holds, with nothing of the sources in reach, and returns what did not go as it should. */
export async function tryOut(target: string, print: (line: string) => void): Promise<string[]> {
  const binary = join(target, 'node_modules/surety/bin/surety.js');
  const version = await runCommand(process.execPath, [binary, '--version'], target);
  if (version.code !== 0) return [`surety --version ended with ${version.code} as installed: ${version.output.trim()}`];
  print(`as installed: surety ${version.output.trim()}`);
  const missing = parts.find(({ name }) => name === 'embedded postgres')?.missing();
  if (missing !== undefined) {
    print(`the story was not played: ${missing}`);
    return [];
  }
  const story = await runCommand(process.execPath, [binary, 'demo', '--story'], target);
  if (story.code !== 0) return [`surety demo --story ended with ${story.code} as installed:\n${story.output.trim()}`];
  print(`as installed: ${story.output.trim().split('\n').at(-1)}`);
  return [];
}

/** Builds what lies under `root`, lays it out elsewhere and tries it. Returns what is wrong with it. */
export async function buildAndTry(root: string, print: (line: string) => void): Promise<string[]> {
  await buildPackages(root);
  const layout = mkdtempSync(join(tmpdir(), 'surety-layout-'));
  try {
    const problems = [...layOut(root, layout), ...findUnresolved(root, layout)];
    return problems.length > 0 ? problems : await tryOut(layout, print);
  } finally {
    rmSync(layout, { recursive: true, force: true });
    rmSync(join(root, scratch), { recursive: true, force: true });
  }
}

if (isStarted(import.meta.url)) {
  const problems = await buildAndTry(houseRoot, (line) => console.log(line));
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? 'built: packages/*/dist' : `${problems.length} problems`);
  if (problems.length > 0) process.exitCode = 1;
}
