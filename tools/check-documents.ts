import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { importGraph } from './check-imports.ts';
import { floors, isTestFile } from './floors.ts';
import { caseNames } from './judge-comment.ts';
import { listFiles, listPackages } from './read-tree.ts';

/** What a README of a room or package says, each at the beginning of a line, so that it is found at the same place everywhere. */
const headings = ['Lives under', 'Invariants', 'Imports', 'Imported by', 'Will not', 'Known limit', 'Start reading'];
const maxReadmeLines = 80;

/** Folders whose files documents name by their path from the root. */
const rootFolders = ['packages', 'tools', 'docs', 'bench', 'conformance', 'examples', '.ci'];

/**
 * Holds documents to what is there: links and paths lead somewhere, every package and room has a README of one page, which
 * names the rooms it imports, `ARCHITECTURE.md` shows the floors of `tools/floors.ts`, and every case of attack that is named
 * anywhere is explained in `docs/threat-cases.md`.
 */
export function checkDocuments(root: string): string[] {
  const documents = listFiles(root).filter((file) => file.endsWith('.md'));
  return [
    ...documents.flatMap((file) => [...deadLinks(root, file), ...deadPaths(root, file)]),
    ...readmePlaces(root).flatMap((folder) => judgeReadme(root, folder)),
    ...Object.entries(floors).flatMap(([name, levels]) => [
      ...judgeFloors(root, name, levels),
      ...judgeImports(root, name, levels.flat()),
    ]),
    ...unexplainedCases(root),
  ];
}

const casePattern = new RegExp(`\\b(?:${caseNames.join('|')})-\\d{2}\\b|\\bI(?:[1-9]|[12]\\d|3[0-2])\\b`, 'g');

function unexplainedCases(root: string): string[] {
  const page = 'docs/threat-cases.md';
  if (!existsSync(join(root, page))) return [];
  const explained = new Set(
    [...readFileSync(join(root, page), 'utf8').matchAll(/^\| ([A-Z0-9-]+) \|/gm)].map(([, name]) => name),
  );
  const places = new Map<string, string>();
  for (const file of listFiles(root).filter((one) => /\.(?:ts|md|sql)$/.test(one) && !one.startsWith('tools/'))) {
    for (const [name] of readFileSync(join(root, file), 'utf8').matchAll(casePattern))
      if (!places.has(name)) places.set(name, file);
  }
  return [...places]
    .filter(([name]) => !explained.has(name))
    .map(([name, file]) => `${file}: ${name} is not explained in ${page}`);
}

function deadLinks(root: string, file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/^```[^]*?^```$/gm, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.split('#')[0] ?? '')
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .filter((target) => !existsSync(join(root, posix.dirname(file), target)))
    .map((target) => `${file}: the link to ${target} leads nowhere`);
}

/** Code spans that are paths from the root. One with `*`, `<` or `…` stands for several; MCP has methods that look alike. */
function deadPaths(root: string, file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/^```[^]*?^```$/gm, '');
  return [...text.matchAll(/`([^`\s]+)`/g)]
    .map(([, path = '']) => path)
    .filter(
      (path) =>
        rootFolders.includes(path.split('/')[0] ?? '') && path.includes('/') && !/[*<…{]|^tools\/(?:call|list)$/.test(path),
    )
    .filter((path) => !existsSync(join(root, path)))
    .map((path) => `${file}: there is no ${path}`);
}

/** Every package, and every room that is a folder. */
function readmePlaces(root: string): string[] {
  const rooms = Object.entries(floors).flatMap(([name, levels]) => levels.flat().map((room) => `packages/${name}/src/${room}`));
  const isFolder = (path: string): boolean => existsSync(join(root, path)) && statSync(join(root, path)).isDirectory();
  return [...listPackages(root).map((folder) => `packages/${folder}`), ...rooms.filter(isFolder)];
}

function judgeReadme(root: string, folder: string): string[] {
  const file = `${folder}/README.md`;
  if (!existsSync(join(root, file))) return [`${folder}: has no README.md`];
  const text = readFileSync(join(root, file), 'utf8');
  const missing = headings.filter((heading) => !new RegExp(`(?:^|\\s{2})\\s*${heading}s?\\s{2,}\\S`, 'm').test(text));
  const lines = text.trimEnd().split('\n').length;
  return [
    ...missing.map((heading) => `${file}: does not say "${heading}"`),
    ...(lines > maxReadmeLines ? [`${file}: ${lines} lines; ${maxReadmeLines} at most: one page`] : []),
    ...goneFiles(root, folder, entryOf(text, 'Start reading')).map(
      (name) => `${file}: begins reading at ${name}, which is not there`,
    ),
  ];
}

function goneFiles(root: string, folder: string, said: string): string[] {
  const named = [...said.matchAll(/(?:[\w.-]+\/)*[\w.-]+\.(?:ts|js|sql|md)\b/g)].map(([name]) => name);
  return named.filter((name) => ![folder, `${folder}/src`, ''].some((place) => existsSync(join(root, place, name))));
}

/** What stands behind a heading, to the next one. */
function entryOf(text: string, heading: string): string {
  return (
    new RegExp(`${heading}s?\\s{2,}([^]*?)(?=\\n\\s*\\n|\\n {0,4}[A-Z][a-z]+(?: [a-z]+)?\\s{2,}|\\s{2,}Imported by|$)`).exec(
      text,
    )?.[1] ?? ''
  );
}

function judgeFloors(root: string, name: string, levels: readonly (readonly string[])[]): string[] {
  const file = 'ARCHITECTURE.md';
  if (!existsSync(join(root, file))) return [];
  const text = readFileSync(join(root, file), 'utf8');
  return levels
    .map((rooms, index) => `| ${index + 1} | ${rooms.map((room) => `\`${room}\``).join(' ')} |`)
    .filter((row) => !text.includes(row))
    .map((row) => `${file}: the floors of ${name} have a row "${row}" in tools/floors.ts`);
}

/** Each room names the rooms that its product files import, and no others. */
function judgeImports(root: string, name: string, rooms: readonly string[]): string[] {
  const prefix = `packages/${name}/src/`;
  const roomOf = (file: string): string => (file.startsWith(prefix) ? (file.slice(prefix.length).split('/')[0] ?? '') : '');
  const imported = new Map<string, Set<string>>();
  for (const [file, targets] of importGraph(root)) {
    if (isTestFile(file)) continue;
    const known = imported.get(roomOf(file)) ?? new Set<string>();
    for (const target of targets) known.add(roomOf(target));
    imported.set(roomOf(file), known);
  }
  return rooms.flatMap((room) => {
    const file = `${prefix}${room}/README.md`;
    if (!existsSync(join(root, file))) return [];
    const said = entryOf(readFileSync(join(root, file), 'utf8'), 'Imports').replaceAll(
      /\w+ \(package\)|\([^)]*\)|@surety\/\w+/g,
      '',
    );
    const named = new Set(said.match(/[a-z-]+/g));
    const others = rooms.filter((one) => one !== room);
    const uses = imported.get(room) ?? new Set<string>();
    return [
      ...others.filter((one) => uses.has(one) && !named.has(one)).map((one) => `${file}: does not say that it imports ${one}`),
      ...others.filter((one) => named.has(one) && !uses.has(one)).map((one) => `${file}: says that it imports ${one}`),
    ];
  });
}
