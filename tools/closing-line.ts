import { writeSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

export type Count = { readonly passed: number; readonly failed: number; readonly skipped: number };

/** `12 passed, 0 failed`, and `, 3 skipped` when any were. */
export function closingLine(count: Count): string {
  return `${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`;
}

/** What a run comes to. A file that could not be loaded, and an error outside any test, are failures of their own. */
export function countTests(modules: readonly TestModule[], errorsOutside: number): Count {
  const count = { passed: 0, failed: errorsOutside, skipped: 0 };
  for (const module of modules) {
    let failedHere = 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'failed') failedHere += 1;
      else count[state === 'passed' ? 'passed' : 'skipped'] += 1;
    }
    if (failedHere === 0 && module.state() === 'failed') failedHere = 1;
    count.failed += failedHere;
  }
  return count;
}

/** The environment variable with the number of the open file that `test.ts` listens on. */
export const countChannel = 'SURETY_TEST_COUNT_FD';

/**
 * A vitest reporter whose only word is the very last line of the output. A run that never came to its end counts as one
 * failure. Under `test.ts` it hands the count over, so that the line also follows whatever vitest says while closing.
 */
export default class ClosingLine implements Reporter {
  #count: Count = { passed: 0, failed: 1, skipped: 0 };

  onInit(): void {
    const channel = process.env[countChannel];
    delete process.env[countChannel]; // it is ours alone: a test that starts vitest again starts another run
    process.on('exit', () => {
      if (channel === undefined) process.stdout.write(`${closingLine(this.#count)}\n`);
      else writeSync(Number(channel), JSON.stringify(this.#count));
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = countTests(modules, unhandledErrors.length);
    const nothingRan = count.passed + count.failed + count.skipped === 0;
    this.#count = nothingRan ? { ...count, failed: 1 } : count;
  }
}
