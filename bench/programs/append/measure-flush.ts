import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { median } from '../../harness/samples.ts';

/** What one kilobyte written and flushed costs on this disk, in milliseconds: the median of some. */
export function measureFlush(path: string, times: number): number {
  const file = openSync(path, 'a');
  try {
    const bytes = Buffer.alloc(1_024, 'x');
    const took = Array.from({ length: times }, () => {
      const began = performance.now();
      writeSync(file, bytes);
      fdatasyncSync(file);
      return performance.now() - began;
    });
    return median(took);
  } finally {
    closeSync(file);
  }
}
