import { readFileSync } from 'node:fs';

/** The version of this release, as its package.json says. */
export const version: string = String(
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: unknown }).version,
);
