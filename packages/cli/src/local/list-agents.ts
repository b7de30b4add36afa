import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Names of the agents whose key is on this computer. */
export async function listLocalAgents(home: string): Promise<readonly string[]> {
  const files = await readdir(join(home, 'agents')).catch(() => []);
  return files
    .filter((file) => /^[a-z0-9][a-z0-9-]*\.json$/.test(file))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}
