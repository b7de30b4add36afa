import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import { enrolHere } from '../src/enrol-here.ts';
import { SuretyError } from '../src/surety-error.ts';
import { Refusal, type StandIn, startStandIn } from './stand-in.ts';

const principal = 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j';
const code = 'c'.repeat(26);
let server: StandIn;
let home: string;
let sent: unknown[];

beforeEach(async () => {
  server = await startStandIn();
  home = await mkdtemp(join(tmpdir(), 'surety-home-'));
  sent = [];
  server.answers['enrolKey'] = (input: { jwk: unknown }) => {
    sent.push(input);
    server.enrol(principal, input.jwk);
    const credential = { id: 'crd_01k9z7qh4m8y2c3d4e5f6g7h8j', principal, jkt: 'x', label: 'instance', state: 'active' };
    return {
      principal,
      name: 'refund-bot',
      credential: { ...credential, createdAt: '2026-11-25T02:00:00Z' },
      issuer: server.url,
      gateway: server.url,
    };
  };
});
afterEach(async () => {
  await server.close();
  await rm(home, { recursive: true, force: true });
});

const here = () => enrolHere({ agent: 'refund-bot', url: server.url, code, env: { SURETY_HOME: home } });

test('the first time a key is made here, in a file of one’s own, and its public half alone is sent; then it is found', async () => {
  const first = await here();
  assert.equal(first.clientId, principal);
  assert.doesNotMatch(JSON.stringify(sent), /"d"/);
  const [file = ''] = await readdir(join(home, 'keys'));
  assert.equal((await stat(join(home, 'keys', file))).mode & 0o777, 0o600);
  const again = await here();
  assert.equal(sent.length, 1);
  assert.equal((await again.key()).jkt, (await first.key()).jkt);
  assert.equal((await again.token(again.gateway('shop'))).resource, `${server.url}/mcp/shop`);
});

test('a code that is refused leaves no key behind', async () => {
  server.answers['enrolKey'] = () => {
    throw new Refusal('enrolment.refused');
  };
  await assert.rejects(here(), (thrown) => thrown instanceof SuretyError && thrown.code === 'enrolment.refused');
  assert.deepEqual(await readdir(join(home, 'keys')), []);
});
