import assert from 'node:assert/strict';
import { test } from 'vitest';
import { declaredNames, importsOf, scanSource, starExports } from './scan-source.ts';

const specifiers = (source: string): string[] => importsOf(scanSource(source)).map(({ specifier }) => specifier);
const names = (source: string): string[] => declaredNames(scanSource(source)).map(({ name }) => name);

test('every form of import is seen, types included', () => {
  const source = [
    `import a from 'a';`,
    `import { b, type C } from "b";`,
    `import type { D } from './d.ts';`,
    `import * as e from 'e';`,
    `import 'f';`,
    `const g = await import('g');`,
    `export { h } from 'h';`,
    `export type { I } from 'i';`,
    `export * from 'j';`,
    `new Worker(new URL('./k.ts', import.meta.url));`,
    `type L = import('l').L;`,
  ].join('\n');
  assert.deepEqual(specifiers(source), ['a', 'b', './d.ts', 'e', 'f', 'g', 'h', 'i', 'j', './k.ts', 'l']);
});

test('an import inside a string, a comment, a template or a regular expression is none', () => {
  const source = [
    `const a = "import b from 'b'";`,
    `// import c from 'c'`,
    '/* import d from "d" */',
    "const e = `import f from 'f' ${g} import h from 'h'`;",
    `const i = /import j from 'j'/;`,
    `loader.import('k');`,
    `export const from = 'l';`,
  ].join('\n');
  assert.deepEqual(specifiers(source), []);
});

test('code inside a template is code', () => {
  assert.deepEqual(specifiers("const a = `${await import('a')} and ${`${await import('b')}`}`;"), ['a', 'b']);
});

test('a division does not begin a regular expression', () => {
  assert.deepEqual(specifiers(`const a = (b) / c; import d from 'd'; const e = f[0] / 2; import g from 'g'; // /`), ['d', 'g']);
});

test('lines are counted through comments and templates', () => {
  const [found] = importsOf(scanSource('/* one\ntwo */\nconst a = `\n\n`;\nimport b from "b";'));
  assert.deepEqual(found, { specifier: 'b', line: 6 });
});

test('names of functions, classes, types and exports are declared; a member and a local value are not', () => {
  const source = [
    'function one() {}',
    'class Two {}',
    'type Three<T> = T;',
    'interface Four {}',
    'const five = (a: number) => a;',
    'const six = async (): Promise<void> => {};',
    'export const seven = 7;',
    'const notEight = 8;',
    'object.type = nine;',
    'const notTen = (a + b) * c;',
  ].join('\n');
  assert.deepEqual(names(source), ['one', 'Two', 'Three', 'Four', 'five', 'six', 'seven']);
});

test('a star export is found, a multiplication is not', () => {
  assert.deepEqual(
    starExports(scanSource("export const a = b * c;\nexport * from './d.ts';\nexport type * from './e.ts';")),
    [2, 3],
  );
});
