import { performance } from 'node:perf_hooks';
import { readConfig } from '#config/config';
import { openLog } from '#kernel/log';
import { openStore } from '#store/open-store';

/**
 * A program that tests kill: opens the store of its environment and says so, one JSON object a line. With the argument
 * `write` it then commits one row after the other and says each number once it is acknowledged. SIGTERM closes it.
 */
function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

try {
  const store = await openStore(readConfig(process.env), openLog(process.env['SURETY_LOG_LEVEL'] ?? 'silent'));
  say({ readyMs: Math.round(performance.now()), pid: process.pid, version: store.serverVersion });
  process.once('SIGTERM', () => void store.close().then(() => process.exit(0)));
  if (process.argv.includes('write')) {
    await store.db.query('create table if not exists counted (number integer primary key)');
    const { rows } = await store.db.query<{ last: number }>('select coalesce(max(number), 0) as last from counted');
    for (let number = (rows[0]?.last ?? 0) + 1; ; number++) {
      await store.db.query('insert into counted (number) values ($1)', [number]);
      say({ written: number });
    }
  }
  await new Promise(() => setInterval(() => {}, 60_000));
} catch (thrown) {
  say({ refused: thrown instanceof Error ? thrown.message : 'unknown' });
  process.exit(75);
}
