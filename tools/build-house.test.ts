import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import { buildAndTry } from './build.ts';
import { listPackages, readManifest } from './read-tree.ts';
import { houseRoot } from './run-command.ts';

/** The packages of this repository in a folder of their own, so that nothing is built under those who work in it. */
function copyOfTheHouse(): string {
  const root = mkdtempSync(join(tmpdir(), 'surety-house-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  cpSync(join(houseRoot, 'tsconfig.json'), join(root, 'tsconfig.json'));
  const isOurs = (path: string): boolean => !/[\\/](?:node_modules|dist|test)$/.test(path);
  mkdirSync(join(root, 'node_modules/@surety'), { recursive: true });
  for (const name of readdirSync(join(houseRoot, 'node_modules'))) {
    if (existsSync(join(root, 'node_modules', name)) || name === 'surety') continue;
    symlinkSync(join(houseRoot, 'node_modules', name), join(root, 'node_modules', name), 'junction');
  }
  for (const folder of listPackages(houseRoot)) {
    const place = join(root, 'packages', folder);
    cpSync(join(houseRoot, 'packages', folder), place, { recursive: true, filter: isOurs });
    const own = join(houseRoot, 'packages', folder, 'node_modules');
    if (existsSync(own)) symlinkSync(own, join(place, 'node_modules'), 'junction');
    symlinkSync(place, join(root, 'node_modules', readManifest(root, `packages/${folder}`).name ?? folder), 'junction');
  }
  return root;
}

test('what would be published starts and plays the story, with no sources in reach', { timeout: 120_000 }, async () => {
  const said: string[] = [];
  assert.deepEqual(await buildAndTry(copyOfTheHouse(), (line) => said.push(line)), []);
  assert.match(said[0] ?? '', /^as installed: surety \d+\.\d+\.\d+$/);
  assert.match(said[1] ?? '', /Every step ended as told\.$|^the story was not played: /);
});
