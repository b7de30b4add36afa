/** What a package of ours may import of ours. External packages are ruled by its own package.json. */
export const packageRules: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  transparency: [],
  proof: ['contract'],
  cedar: [],
  decision: ['contract', 'cedar'],
  sdk: ['contract'],
  gateway: ['contract', 'proof', 'decision'],
  server: ['contract', 'proof', 'decision', 'transparency'],
  cli: ['contract', 'transparency', 'sdk'],
  surety: ['server', 'gateway', 'cli', 'sdk', 'contract', 'transparency'],
};

/** Packages whose `src` is divided into rooms on floors. */
export const floors: Readonly<Record<string, readonly (readonly string[])[]>> = {
  /** From the ground up. A room imports from any floor below its own: never beside, never above. */
  server: [
    ['kernel', 'config'],
    ['store'],
    ['change'],
    ['ledger'],
    ['keys', 'broker'],
    ['registry', 'policy'],
    ['catalogue', 'federation', 'flow'],
    ['authn', 'delegation', 'signin', 'metering'],
    ['decision'],
    ['approval', 'issuance', 'stop'],
    ['enforcement', 'activity', 'authzen', 'lab'],
    ['http', 'jobs'],
    ['compose', 'main'],
  ],
};

/** Folders outside the packages whose imports are read too. They may import every package; no package imports them. */
export const outsideFolders: readonly string[] = ['bench', 'conformance', 'examples', 'tools'];

/** A test, or something only tests use: outside the rules of direction, and out of reach of product code. */
export function isTestFile(path: string): boolean {
  return path.endsWith('.test.ts') || /(^|\/)testing\//.test(path) || /^packages\/[^/]+\/test\//.test(path);
}
