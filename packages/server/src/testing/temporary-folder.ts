import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder that is removed when the test ends. Its real path: links on the way to it are resolved. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), `surety-test-${process.pid}-`));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
