import assert from 'node:assert/strict';
import { test } from 'vitest';
import { checkDocuments } from './check-documents.ts';
import { floors } from './floors.ts';
import { tree } from './testing/tree.ts';

const readme = (more: { readonly imports?: string; readonly start?: string; readonly end?: string } = {}): string =>
  [
    '# room',
    '',
    'Keeps something.',
    '',
    'Lives under    RFC 9457',
    'Invariants     One.',
    `Imports        ${more.imports ?? 'kernel; decision (package)'}        Imported by  nobody`,
    'Will not       do more',
    'Known limits   None.',
    `Start reading  ${more.start ?? 'a.ts (pure)'}`,
    more.end ?? '',
  ].join('\n');

const sound: Readonly<Record<string, string>> = {
  'README.md': 'See [the map](ARCHITECTURE.md#floors), [a site](https://surety.example) and `packages/server/src/store/a.ts`.\n',
  'ARCHITECTURE.md': (floors['server'] ?? [])
    .map((rooms, index) => `| ${index + 1} | ${rooms.map((room) => `\`${room}\``).join(' ')} | x |`)
    .join('\n'),
  'packages/server/package.json': JSON.stringify({ name: '@surety/server', imports: { '#*': { default: './dist/*.js' } } }),
  'packages/server/README.md': readme({ imports: 'nothing of ours', start: 'src/store/a.ts' }),
  'packages/server/src/kernel/b.ts': 'export const b = 1;\n',
  'packages/server/src/kernel/README.md': readme({ imports: 'nothing', start: 'b.ts' }),
  'packages/server/src/store/a.ts': `export { b } from '#kernel/b';\n`,
  'packages/server/src/store/README.md': readme(),
};

test('documents that say what is there pass', () => {
  assert.deepEqual(checkDocuments(tree(sound)), []);
});

test('a link or a path that leads nowhere is found; one in a fence, and one that stands for several, is not looked at', () => {
  const text = [
    '[gone](docs/gone.md) `packages/server/src/store/gone.ts` `docs/*.md` `tools/list`',
    '```',
    '[in a fence](nowhere) `tools/nowhere.ts`',
    '```',
  ].join('\n');
  assert.deepEqual(checkDocuments(tree({ ...sound, 'docs/page.md': text })), [
    'docs/page.md: the link to docs/gone.md leads nowhere',
    'docs/page.md: there is no packages/server/src/store/gone.ts',
  ]);
});

test('a package or room without a README, or with one that lacks a heading, is found', () => {
  const { 'packages/server/README.md': _own, ...rest } = sound;
  const without = readme().replace('Will not       do more\n', '');
  assert.deepEqual(checkDocuments(tree({ ...rest, 'packages/server/src/store/README.md': without })), [
    'packages/server: has no README.md',
    'packages/server/src/store/README.md: does not say "Will not"',
  ]);
});

test('a README that is too long, or begins with a file that is gone, is found', () => {
  const complaints = checkDocuments(
    tree({ ...sound, 'packages/server/src/store/README.md': readme({ start: 'gone.ts, a.ts', end: '\n'.repeat(80) + 'x' }) }),
  );
  assert.match(complaints[0] ?? '', /store\/README\.md: \d+ lines; 80 at most/);
  assert.deepEqual(complaints.slice(1), ['packages/server/src/store/README.md: begins reading at gone.ts, which is not there']);
});

test('a room that imports what its README does not name, or names what it does not import, is found', () => {
  const text = readme({ imports: 'config, decision (package)' });
  assert.deepEqual(checkDocuments(tree({ ...sound, 'packages/server/src/store/README.md': text })), [
    'packages/server/src/store/README.md: does not say that it imports kernel',
    'packages/server/src/store/README.md: says that it imports config',
  ]);
});

test('a map that shows other floors is found', () => {
  const [complaint, ...more] = checkDocuments(
    tree({ ...sound, 'ARCHITECTURE.md': (sound['ARCHITECTURE.md'] ?? '').replace('`keys` `broker`', '`keys`') }),
  );
  assert.equal(complaint, 'ARCHITECTURE.md: the floors of server have a row "| 5 | `keys` `broker` |" in tools/floors.ts');
  assert.deepEqual(more, []);
});

test('a case of attack that is named and not explained is found', () => {
  const page = '| | What |\n|---|---|\n| I4 | found offline |\n| PD-07 | a forbid that fails |\n';
  const files = {
    ...sound,
    'docs/threat-cases.md': page,
    'packages/server/src/kernel/b.ts': '// I4, PD-07, PD-08 and I5; RFC I123\n',
  };
  assert.deepEqual(checkDocuments(tree(files)), [
    'packages/server/src/kernel/b.ts: PD-08 is not explained in docs/threat-cases.md',
    'packages/server/src/kernel/b.ts: I5 is not explained in docs/threat-cases.md',
  ]);
});
