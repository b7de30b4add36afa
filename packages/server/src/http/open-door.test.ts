import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'vitest';
import { openDoor } from './open-door.ts';

const host = '127.0.0.1';
const text = async (port: number) => {
  const response = await fetch(`http://${host}:${port}/`);
  return `${response.status} ${await response.text()}`;
};

test('a port that is taken is passed over for the next, and the real one is told', async () => {
  const taken = createServer().listen(0, host);
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const one = await openDoor({ host, port });
  const two = await openDoor({ host, port });
  assert.ok(one.port > port && two.port > one.port);
  await Promise.all([one.close(0), two.close(0)]);
  taken.close();
});

test('an address that is not ours to take stops the start', async () => {
  await assert.rejects(openDoor({ host: '192.0.2.1', port: 0 }), { code: 'EADDRNOTAVAIL' });
});

test('until somebody serves it answers 503', async () => {
  const door = await openDoor({ host, port: 0 });
  assert.equal(await text(door.port), '503 ');
  door.serve((_request, response) => response.end('here'));
  assert.equal(await text(door.port), '200 here');
  await door.close(0);
});

test('closing lets what is under way end, takes nothing more, and drops idle connections', async () => {
  const door = await openDoor({ host, port: 0 });
  let release = () => {};
  door.serve((_request, response) => void (release = () => response.end('done')));
  const agent = new Agent({ keepAlive: true });
  const answered = new Promise<string>((resolve, reject) => {
    get({ host, port: door.port, agent }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk))).on('end', () => resolve(body));
    }).on('error', reject);
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closed = door.close(5_000);
  await assert.rejects(text(door.port));
  const started = performance.now();
  release();
  assert.equal(await answered, 'done');
  await closed;
  assert.ok(performance.now() - started < 2_000);
  agent.destroy();
});

test('what does not end in time is cut', async () => {
  const door = await openDoor({ host, port: 0 });
  door.serve(() => {});
  const hanging = text(door.port);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const started = performance.now();
  await Promise.all([door.close(100), assert.rejects(hanging)]);
  assert.ok(performance.now() - started < 2_000);
});
