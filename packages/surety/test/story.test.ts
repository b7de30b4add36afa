import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import { until } from './recording-system.ts';
import { openDesk, type Typed, typeSurety } from './typed-command.ts';

const patience = { timeout: 180_000 };

function type(line: string, desk = openDesk()): Typed {
  const typed = typeSurety(desk, line);
  onTestFinished(() => {
    typed.family.end();
    desk.clear();
  });
  return typed;
}

/** How long until a command says its first word, in milliseconds. It is ended then. */
async function firstWordMs(line: string): Promise<number> {
  const from = performance.now();
  const typed = type(line);
  await until('it says something', () => typed.out() !== '' || typed.err() !== '');
  const ms = Math.round(performance.now() - from);
  typed.kill('SIGTERM');
  typed.kill('SIGTERM'); // not to be waited for
  await typed.family.untilGone(20_000);
  return ms;
}

test('what takes a while says its first word within a second, also on a busy machine', patience, async () => {
  for (const line of ['demo --story --port 0', 'up --data data --port 0']) {
    const measured: number[] = [];
    while (measured.length < 3 && Math.min(...measured) >= 1_000) measured.push(await firstWordMs(line));
    console.log(`first word of surety ${line}: ${measured.join(', ')} ms`);
    assert.ok(Math.min(...measured) < 1_000, `${line}: ${measured.join(', ')} ms`);
  }
});

test('a house that cannot be opened says why and ends, and nothing of it keeps running', patience, async () => {
  const desk = openDesk();
  const line = `up --data ${desk.data} --port 0`;
  const first = type(line, desk);
  await first.untilSaid('Surety is up.');
  first.kill('SIGTERM');
  assert.equal(await first.ended, 0);
  const head = join(desk.data, 'log-head');
  const [origin, size, root] = readFileSync(head, 'utf8').split('\n');
  writeFileSync(head, `${origin}\n${Number(size) + 1_000}\n${root}\n`);
  const second = type(line, desk);
  assert.equal(await second.ended, 1);
  assert.match(second.err(), /ledger/);
  await second.family.untilGone(5_000);
});
