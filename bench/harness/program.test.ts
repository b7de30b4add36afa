import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import type { UpstreamStarted } from '../programs/upstream-program.ts';
import type { Plan } from './plan.ts';
import { startProgram } from './program.ts';

const plan: Plan = { quick: true, pin: false, profileFolder: undefined, say: () => {} };

/** A process that has ended and whose parent has not asked for it still has its number. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('a program answers what it is asked, says what it cannot be asked, and ends when it is closed', async () => {
  const program = await startProgram('upstream-program', plan);
  const { port } = await program.ask<UpstreamStarted>('start', { secret: 's' });
  assert.ok(port > 0);
  assert.equal(await program.ask<number>('seen'), 0);
  assert.ok((await program.cpuMicros()) > 0);
  await assert.rejects(program.ask('weather'), /cannot be asked for weather/);
  await program.close();
  assert.equal(isAlive(program.pid), false);
  await assert.rejects(program.ask('seen'), /has ended/);
});

test('a program ends when whoever started it is killed', async () => {
  const parent = spawn(
    process.execPath,
    [
      '--conditions=@surety/source',
      '--input-type=module',
      '--eval',
      `import { startProgram } from ${JSON.stringify(new URL('program.ts', import.meta.url).href)};
       const program = await startProgram('upstream-program', { quick: true, pin: false });
       await program.ask('start', { secret: 's' });
       console.log(program.pid);`,
    ],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  assert.equal(isAlive(pid), true);
  parent.kill('SIGKILL');
  for (let tries = 0; isAlive(pid) && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 25));
  assert.equal(isAlive(pid), false);
});
