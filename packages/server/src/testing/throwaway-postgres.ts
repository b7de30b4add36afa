import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '#kernel/log';
import { isAlive } from '#store/embedded/data-folder';
import { openEmbedded } from '#store/embedded/open-embedded';

export type ThrowawayPostgres = { readonly url: string; close(): Promise<void> };

/**
 * The PostgreSQL of the product, started by the product's code in a folder that is thrown away, for tests and
 * generators. If this process is killed the server is gone within a second; the folder goes at the next start.
 */
export async function openThrowawayPostgres(): Promise<ThrowawayPostgres> {
  clearLeftFolders();
  const data = mkdtempSync(join(tmpdir(), `surety-test-${process.pid}-`));
  try {
    const embedded = await openEmbedded({ data, log: silentLog, settings: { max_connections: '400' } });
    return {
      url: embedded.url('postgres'),
      close: async () => {
        await embedded.close();
        rmSync(data, { recursive: true, force: true });
      },
    };
  } catch (thrown) {
    rmSync(data, { recursive: true, force: true });
    throw thrown;
  }
}

function clearLeftFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^surety-test-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (pid > 0 && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
