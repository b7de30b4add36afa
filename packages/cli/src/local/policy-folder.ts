import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Name } from '@surety/contract/id';
import { RoleDocument } from '@surety/contract/authority-routes';
import { HistoryRules } from '@surety/contract/history';
import { KnownSystems, PolicyBase, PolicyChange, type PolicyTest, PolicyTests } from '@surety/contract/lab';
import { usage } from '../cli-error.ts';

/**
 * A policy as files, for a repository:
 *
 *   surety-policy.json          the versions that it was pulled at
 *   policy.cedar                the organisation's policy
 *   rules.json                  its rules about what happened before
 *   roles/<name>/role.json      what a role is; answers-for.cedar and may.cedar beside it
 *   tests/*.json                tests: one each, or a list of them
 *   systems.json                the systems and operations there were, so that names can be checked without a server
 */
export type PolicyFolder = {
  readonly change: PolicyChange;
  /** Undefined for a folder that was not pulled. */
  readonly base: PolicyBase | undefined;
  readonly systems: KnownSystems | undefined;
};

/** Where tests that were pulled go, unless they stand in another file. */
const pulledTests = 'policy.json';

/** More than this is no policy that somebody wrote. */
const maxFiles = 2_000;

export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

/** Reads a folder. What cannot be read, or is not what it has to be, is said with the name of its file. */
export async function readPolicyFolder(folder: string): Promise<PolicyFolder> {
  const text = await readMaybe(folder, 'policy.cedar');
  if (text === undefined)
    throw usage(`There is no policy.cedar in ${folder}.`, 'Make the folder with "surety policy pull <folder>".');
  const rules = await readJson(folder, 'rules.json', HistoryRules);
  const roles = await readRoles(folder);
  const tests = await readTests(folder);
  const change = PolicyChange.safeParse({
    policy: { text, ...(rules === undefined ? {} : { rules }) },
    ...(Object.keys(roles).length === 0 ? {} : { roles }),
    tests,
  });
  if (!change.success) throw unreadable(rules === undefined ? folder : 'rules.json', change.error);
  return {
    change: change.data,
    base: await readJson(folder, 'surety-policy.json', PolicyBase),
    systems: await readJson(folder, 'systems.json', KnownSystems),
  };
}

async function readRoles(folder: string): Promise<Record<string, unknown>> {
  const roles: Record<string, unknown> = {};
  for (const name of await listNames(join(folder, 'roles'))) {
    if (!Name.safeParse(name).success) throw usage(`roles/${name} is not the name of a role.`, 'Rename it, or take it out.');
    const { description } = (await readJson(
      folder,
      join('roles', name, 'role.json'),
      RoleDocument.pick({ description: true }),
    )) ?? {
      description: '',
    };
    const may = await readMaybe(folder, join('roles', name, 'may.cedar'));
    const answersFor = (await readMaybe(folder, join('roles', name, 'answers-for.cedar'))) ?? '';
    roles[name] = { answersFor, description, ...(may === undefined ? {} : { may }) };
  }
  return roles;
}

async function readTests(folder: string, except?: string): Promise<PolicyTest[]> {
  const tests: PolicyTest[] = [];
  const files = (await listNames(join(folder, 'tests'))).filter((name) => name.endsWith('.json') && name !== except);
  if (files.length > maxFiles) throw usage(`There are more than ${maxFiles} files of tests.`, 'Put several tests in one file.');
  for (const name of files) {
    const found = await readJson(folder, join('tests', name), oneOrMore);
    tests.push(...(found ?? []));
  }
  return tests;
}

async function listNames(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.')).sort();
}

async function readMaybe(folder: string, name: string): Promise<string | undefined> {
  return readFile(join(folder, name), 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw usage(`The file ${name} cannot be read.`, 'Check who may read it.');
  });
}

/** What reads a value, or says where it is not what it has to be. */
type Reader<One> = {
  safeParse(
    value: unknown,
  ): { readonly success: true; readonly data: One } | { readonly success: false; readonly error: Unreadable };
};

type Unreadable = { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] };

const oneOrMore: Reader<PolicyTest[]> = { safeParse: (value) => PolicyTests.safeParse(Array.isArray(value) ? value : [value]) };

async function readJson<One>(folder: string, name: string, reader: Reader<One>): Promise<One | undefined> {
  const text = await readMaybe(folder, name);
  if (text === undefined) return undefined;
  const read = reader.safeParse(parseJson(text, name));
  if (read.success) return read.data;
  throw unreadable(name, read.error);
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw usage(`The file ${name} is not JSON.`, 'Correct it.');
  }
}

function unreadable(name: string, { issues: [issue] }: Unreadable) {
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at /${issue.path.map(String).join('/')}`;
  return usage(`${name} is not what it has to be${where}: ${issue?.message ?? 'unknown'}.`, 'Correct it.');
}

/** Writes a folder. Files that are there are written over; what is not part of a policy stays. */
export async function writePolicyFolder(folder: string, { change, base, systems }: PolicyFolder): Promise<string[]> {
  const { policy, roles = {}, tests } = change;
  // Tests that stand in another file of the folder stay there.
  const elsewhere = (await readTests(folder, pulledTests)).map((one) => JSON.stringify(one));
  const missing = tests.filter((one) => !elsewhere.includes(JSON.stringify(one)));
  const files: [string, string][] = [
    ['surety-policy.json', asJson(base)],
    ['policy.cedar', policy?.text ?? ''],
    ['rules.json', asJson(policy?.rules ?? [])],
    ['systems.json', asJson(systems ?? [])],
    ...Object.entries(roles).flatMap(([name, { answersFor, may, description }]): [string, string][] => [
      [join('roles', name, 'role.json'), asJson({ description })],
      [join('roles', name, 'answers-for.cedar'), answersFor],
      ...(may === undefined ? [] : [[join('roles', name, 'may.cedar'), may] as [string, string]]),
    ]),
    ...(missing.length === 0 && elsewhere.length === 0
      ? []
      : [[join('tests', pulledTests), asJson(missing)] as [string, string]]),
  ];
  for (const [name, text] of files) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return files.map(([name]) => name);
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value ?? null, undefined, 2)}\n`;
}
