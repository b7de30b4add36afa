import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, onTestFinished, test } from 'vitest';
import { sendRaw } from './raw-http.ts';
import { freePort } from './surety-child.ts';
import { type Desk, openDesk, type Typed, typeSurety } from './typed-command.ts';

/** How long what was told to end may take. */
const endsWithinMs = 10_000;
const ends: number[] = [];
const patience = { timeout: 180_000 };

/** Where the servers of these tests have their data folder: each leaves it as whole as it found it. */
let desk: Desk;
beforeAll(() => {
  desk = openDesk();
});
afterAll(() => {
  desk.clear();
  console.log(`told to end, everything is gone after ${ends.map(Math.round).join(', ')} ms`);
});

function type(line: string, at = desk): Typed {
  const typed = typeSurety(at, line);
  onTestFinished(() => typed.family.end());
  return typed;
}

function startDemo(line = 'demo --port 0'): Typed {
  const own = openDesk();
  onTestFinished(() => own.clear());
  return type(line, own);
}

async function run(line: string): Promise<{ code: number | NodeJS.Signals; out: string; err: string }> {
  const typed = type(line);
  const code = await typed.ended;
  return { code, out: typed.out(), err: typed.err() };
}

/** It ends as it should in the time that it has, and with it everything that it started and every folder it made for a while. */
async function assertEnds(typed: Typed, code: number | NodeJS.Signals, withinMs = endsWithinMs): Promise<void> {
  const took = await typed.family.untilGone(withinMs);
  assert.equal(await typed.ended, code, typed.err());
  assert.deepEqual(readdirSync(typed.desk.temp), []);
  ends.push(took);
}

test('the story runs to its end and leaves nothing: no process, no folder', patience, async () => {
  const story = startDemo('demo --story --port 0');
  await story.untilSaid('gateway http');
  const most = story.family.living().length;
  assert.equal(await story.ended, 0, story.out());
  assert.match(story.out(), /✓ Every step ended as told\.\n$/);
  assert.equal(story.err(), '');
  assert.ok(most > 5, `PostgreSQL was not seen among ${most} processes`);
  await assertEnds(story, 0);
});

/** A demo that has told its story and waits. */
async function waitingDemo(): Promise<Typed> {
  const demo = startDemo();
  await demo.untilSaid('Ctrl-C ends it');
  assert.match(demo.out(), /✓ Every step ended as told\.\n/);
  const programs = demo.family.living().map(({ runs }) => runs);
  for (const name of ['shop.ts', 'payments.ts', 'inbox.ts', 'server-filesystem', 'postgres']) {
    assert.ok(
      programs.some((runs) => runs.includes(name)),
      `${name} was not seen`,
    );
  }
  return demo;
}

test('a demo that is interrupted ends all of its servers and removes its folder', patience, async () => {
  const demo = await waitingDemo();
  demo.kill('SIGINT');
  await assertEnds(demo, 0);
});

for (const [what, signal] of [
  ['Ctrl-C in a terminal', 'SIGINT'],
  ['a terminal that is closed', 'SIGHUP'],
] as const) {
  test(`${what} reaches everybody at once, some twice; it is one order to end`, patience, async () => {
    const demo = await waitingDemo();
    demo.kill(signal, 'terminal');
    await assertEnds(demo, 0);
  });
}

test('a second Ctrl-C waits for nobody, not for a server that hangs, and leaves nothing all the same', patience, async () => {
  const demo = await waitingDemo();
  const hanging = demo.family.living().find(({ runs }) => runs.includes('payments.ts'));
  assert.ok(hanging);
  process.kill(hanging.pid, 'SIGSTOP');
  demo.kill('SIGINT');
  await pause(3_000);
  assert.ok(
    demo.family.living().some(({ pid }) => pid === demo.pid),
    'it did not wait for the server that hangs',
  );
  demo.kill('SIGINT');
  assert.equal(await demo.ended, 130);
  process.kill(hanging.pid, 'SIGCONT');
  await assertEnds(demo, 130);
});

test('a reader that has seen enough ends a demo, and nothing is left of it', patience, async () => {
  const demo = startDemo();
  await demo.untilSaid('> 1  ');
  demo.stopReading();
  await assertEnds(demo, 0);
});

test('a demo that is told to end in the middle of its story ends as cleanly', patience, async () => {
  const demo = startDemo();
  await demo.untilSaid('> 2  ');
  demo.kill('SIGTERM');
  await assertEnds(demo, 0, 120_000); // the story is told first
});

test('a demo that is killed outright takes all of its servers along', patience, async () => {
  const demo = startDemo();
  await demo.untilSaid('Ctrl-C ends it');
  demo.kill('SIGKILL', 'program');
  await demo.family.untilGone(endsWithinMs);
  assert.equal(await demo.ended, 'SIGKILL');
});

test('a server that is told to end while it is starting ends, and its folder can be started again', patience, async () => {
  const { data } = desk;
  const up = type(`up --data ${data} --port 0`);
  await up.family.untilSeen('postgres');
  up.kill('SIGTERM');
  await assertEnds(up, 0, 120_000); // what is half made is made first
  assert.equal(existsSync(join(data, 'claim.txt')), false);
});

test(
  'nobody owns a new server: only who can read its folder takes it, and it has one folder and one owner',
  patience,
  async () => {
    const { data, home } = desk;
    const up = type(`up --data ${data} --port ${await freePort()}`);
    await up.untilSaid('surety claim --data');
    const note = join(data, 'claim.txt');
    assert.equal(statSync(note).mode & 0o777, 0o600);
    const code = /^code=(\S+)$/m.exec(readFileSync(note, 'utf8'))?.[1] ?? '';
    assert.ok(code.length > 10 && !up.out().includes(code) && !up.err().includes(code), 'the code is in the file alone');

    const second = await run(`up --data ${data} --port 0`);
    assert.deepEqual([second.code, second.out], [1, '']);
    assert.match(second.err, new RegExp(`already runs on the data folder .*\\bpid=${up.family.childOf(up.pid)}\\b`));

    const claimed = await run(`claim --data ${data} --person maya --called Maya`);
    assert.deepEqual([claimed.code, claimed.err], [0, ''], 'and the first still serves');
    assert.match((await run('whoami')).out, /called: Maya\n/);
    const key = /Your key is (\S+),/.exec(claimed.out)?.[1] ?? '';
    assert.ok(key.startsWith(home), claimed.out);
    assert.equal(statSync(key).mode & 0o777, 0o600);
    assert.notEqual((await run(`claim --data ${data} --person eve --called Eve --name again`)).code, 0);

    up.kill('SIGTERM');
    await assertEnds(up, 0);
    assert.equal(existsSync(note), false, 'a code that is over is left for nobody');
  },
);

test(
  'a port that is taken is passed over for the next one, which is printed; an owned server asks for no owner',
  patience,
  async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const up = type(`up --data ${desk.data} --port ${port}`);
    await up.untilSaid(/kept in .*\n/);
    const [issuer, gateway] = [/API and tokens +(\S+)/, /MCP gateway +(\S+?)\/mcp/].map(
      (place) => place.exec(up.out())?.[1] ?? '',
    );
    assert.ok(issuer !== undefined && gateway !== undefined);
    assert.ok(Number(new URL(issuer).port) > port && Number(new URL(gateway).port) > Number(new URL(issuer).port), up.out());
    const { text } = await sendRaw(`${issuer}/.well-known/oauth-authorization-server`, { method: 'GET' });
    assert.equal(JSON.parse(text).issuer, issuer);
    assert.doesNotMatch(up.out(), /claim/);
    assert.equal(existsSync(join(desk.data, 'claim.txt')), false);
    up.kill('SIGINT');
    await assertEnds(up, 0);
  },
);

test('a launcher that is killed outright takes the server and its database along', patience, async () => {
  const up = type(`up --data ${desk.data} --port 0`);
  await up.untilSaid('Surety is up.');
  up.kill('SIGKILL');
  await assertEnds(up, 'SIGKILL');
});

test('help is there in less than a second', patience, async () => {
  const took: number[] = [];
  for (let tries = 0; tries < 5; tries++) {
    const from = performance.now();
    const help = type('--help');
    await help.untilSaid('surety');
    took.push(Math.round(performance.now() - from));
    assert.equal(await help.ended, 0);
  }
  console.log(`first output of --help: ${took.join(', ')} ms`);
  assert.ok(Math.min(...took) < 1_000, `${took.join(', ')} ms`);
});
