import { defineConfig } from 'vitest/config';

/** Parts that `tools/test.ts` did not find on this computer; it leaves out the tests that need them. */
const without = process.env['SURETY_TEST_WITHOUT']?.split(',') ?? [];

export default defineConfig({
  resolve: { conditions: ['@surety/source'] },
  ssr: { resolve: { conditions: ['@surety/source'] } },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'tools/**/*.test.ts',
      'conformance/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    isolate: false,
    maxWorkers: 2, // half of the time of these tests is waiting for processes and clocks
    testTimeout: 30_000,
    hookTimeout: 60_000,
    globalSetup: without.includes('postgres') ? [] : ['packages/server/src/testing/postgres.ts'],
    reporters: ['default', './tools/closing-line.ts'],
  },
});
