import { existsSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { findCycles } from './find-cycles.ts';
import { floors, isTestFile, outsideFolders, packageRules } from './floors.ts';
import { listFiles, listPackages, readManifest, type Manifest } from './read-tree.ts';
import { importsOf, scanSource, starExports, type Import } from './scan-source.ts';

type House = {
  readonly root: string;
  readonly manifests: ReadonlyMap<string, Manifest>;
  /** From the name in package.json to the folder under `packages/`. */
  readonly folderOf: ReadonlyMap<string, string>;
  readonly rootManifest: Manifest;
};

/** What an import turned out to be: a file of ours, somebody else's package, or wrong. */
type Target = { readonly file: string } | { readonly external: string } | { readonly wrong: string } | 'builtin';

/** Reads every import under `root` and says, one line each, which break the rules of `floors.ts`. */
export function checkImports(root: string): string[] {
  const house = readHouse(root);
  const graph = new Map<string, string[]>();
  const complaints: string[] = [...house.manifests.keys()]
    .filter((folder) => packageRules[folder] === undefined)
    .map((folder) => `packages/${folder}: the package has no line in tools/floors.ts; say there what it may import`);

  for (const file of sourceFiles(house)) {
    const targets: string[] = [];
    if (posix.basename(file) === 'index.ts') complaints.push(`${file}: no index files; import the module that has the name`);
    const tokens = scanSource(readFileSync(join(root, file), 'utf8'));
    for (const line of starExports(tokens))
      complaints.push(`${file}:${line}: no 'export *'; a name is exported where it is declared`);
    for (const one of importsOf(tokens)) {
      const target = resolveImport(house, file, one.specifier);
      const wrong = judge(house, file, one, target);
      if (wrong !== undefined) complaints.push(`${file}:${one.line}: ${wrong}`);
      if (target !== 'builtin' && 'file' in target) targets.push(target.file);
    }
    graph.set(file, targets);
  }
  const cycles = findCycles(graph).map((cycle) => `import cycle: ${cycle.join(' → ')}`);
  return [...complaints, ...cycles];
}

/** Every file of ours, and the files of ours that it names. */
export function importGraph(root: string): ReadonlyMap<string, readonly string[]> {
  const house = readHouse(root);
  const targetsOf = (file: string): string[] =>
    importsOf(scanSource(readFileSync(join(root, file), 'utf8'))).flatMap(({ specifier }) => {
      const target = resolveImport(house, file, specifier);
      return target !== 'builtin' && 'file' in target ? [target.file] : [];
    });
  return new Map(sourceFiles(house).map((file) => [file, targetsOf(file)]));
}

function readHouse(root: string): House {
  const manifests = new Map(listPackages(root).map((folder) => [folder, readManifest(root, `packages/${folder}`)]));
  const folderOf = new Map([...manifests].map(([folder, manifest]) => [manifest.name ?? folder, folder]));
  return { root, manifests, folderOf, rootManifest: readManifest(root, '') };
}

function sourceFiles({ root, manifests }: House): string[] {
  const inPackages = [...manifests.keys()].flatMap((folder) => [`packages/${folder}/src`, `packages/${folder}/test`]);
  return [...inPackages, ...outsideFolders].flatMap((folder) => listFiles(root, folder)).filter((file) => file.endsWith('.ts'));
}

function resolveImport(house: House, file: string, specifier: string): Target {
  if (specifier.startsWith('node:')) return isBuiltin(specifier) ? 'builtin' : { wrong: `Node has no '${specifier}'` };
  if (isBuiltin(specifier)) return { wrong: `write 'node:${specifier}'` };
  const own = packageOf(file);
  if (specifier.startsWith('#')) {
    if (own === undefined || house.manifests.get(own)?.imports?.['#*'] === undefined) {
      return { wrong: `'${specifier}': this package has no '#' imports; write a relative path` };
    }
    return existing(house, `packages/${own}/src/${specifier.slice(1)}.ts`, specifier);
  }
  if (specifier.startsWith('.')) return existing(house, posix.join(posix.dirname(file), specifier), specifier);
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const folder = house.folderOf.get(name);
  if (folder === undefined) return { external: name };
  const subpath = specifier.slice(name.length + 1);
  if (subpath === 'package.json') return existing(house, `packages/${folder}/package.json`, specifier);
  return existing(house, `packages/${folder}/src/${subpath}.ts`, specifier);
}

function existing(house: House, path: string, specifier: string): Target {
  const full = join(house.root, path);
  const found = existsSync(full) && statSync(full).isFile();
  return found ? { file: path } : { wrong: `'${specifier}' is not there (looked for ${path})` };
}

function judge(house: House, file: string, one: Import, target: Target): string | undefined {
  if (target === 'builtin') return undefined;
  if ('wrong' in target) return target.wrong;
  if ('external' in target) return judgeExternal(house, file, target.external);
  if (isTestFile(file)) return undefined;
  if (packageOf(file) !== undefined && isTestFile(target.file)) return `product code may not import the test file ${target.file}`;
  return judgePackages(file, one.specifier, target.file) ?? judgeFloors(file, one.specifier, target.file);
}

/** A package imports only what its own package.json names; tests, tools and benches also what the root's names. */
function judgeExternal(house: House, file: string, name: string): string | undefined {
  const own = packageOf(file);
  const manifest = own === undefined ? undefined : house.manifests.get(own);
  const fromRoot = own === undefined || isTestFile(file);
  const allowed = [manifest?.dependencies, manifest?.optionalDependencies, manifest?.peerDependencies];
  if (fromRoot) allowed.push(house.rootManifest.devDependencies, house.rootManifest.dependencies);
  if (allowed.some((list) => list?.[name] !== undefined)) return undefined;
  const where = own === undefined ? 'the root package.json' : `packages/${own}/package.json`;
  return `'${name}' is not a dependency in ${where}`;
}

function judgePackages(file: string, specifier: string, target: string): string | undefined {
  const from = packageOf(file);
  const to = packageOf(target);
  if (from === undefined) return undefined;
  if (to === undefined) return `packages import nothing from ${target.split('/')[0]}/`;
  if (from === to) return /^[.#]/.test(specifier) ? undefined : `write '#…' or a relative path inside ${from}`;
  if (specifier.startsWith('.')) return `reaches into packages/${to} by a relative path; write the name of the package`;
  return packageRules[from]?.includes(to) ? undefined : `${from} may not import ${to} (tools/floors.ts)`;
}

function judgeFloors(file: string, specifier: string, target: string): string | undefined {
  const from = packageOf(file) ?? '';
  const levels = floors[from];
  if (levels === undefined || packageOf(target) !== from) return undefined;
  const [room, otherRoom] = [roomOf(file), roomOf(target)];
  const [level, otherLevel] = [levelOf(levels, room), levelOf(levels, otherRoom)];
  if (level < 0) return `the room '${room}' has no floor in tools/floors.ts`;
  if (room === otherRoom) return undefined;
  if (otherLevel < 0) return `the room '${otherRoom}' has no floor in tools/floors.ts`;
  if (specifier.startsWith('.')) return `reaches the room '${otherRoom}' by a relative path; write '#${otherRoom}/…'`;
  if (otherLevel < level) return undefined;
  const direction = otherLevel === level ? 'beside it' : 'above it';
  return `'${room}' may not import '${otherRoom}', which lies ${direction}: down only (tools/floors.ts)`;
}

function levelOf(levels: readonly (readonly string[])[], room: string): number {
  return levels.findIndex((rooms) => rooms.includes(room));
}

/** `packages/server/src/keys/sign.ts` → `keys`; a file that lies directly in `src` is a room of its own. */
function roomOf(file: string): string {
  return (file.split('/')[3] ?? '').replace(/\.ts$/, '');
}

function packageOf(file: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(file)?.[1];
}
