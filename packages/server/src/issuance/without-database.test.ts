import assert from 'node:assert/strict';
import { afterAll, beforeAll, inject, test } from 'vitest';
import { type Authority, openAuthority } from '#http/testing/authority';
import { type Client, openClient } from '#http/testing/client';
import { query } from '#testing/database';

let authority: Authority;
let client: Client;
let token: string;
const logged: string[] = [];

beforeAll(async () => {
  const note = (_fields: object, message: string) => void logged.push(message);
  authority = await openAuthority({ log: { info: () => {}, warn: note, error: note } });
  client = openClient(authority.issuer, await authority.human(['administrator']), `${authority.issuer}/v1`);
  token = await client.accessToken();
});
afterAll(() => authority.close());

/** Closes the database to everybody, or opens it again. */
async function setOpen(isOpen: boolean): Promise<void> {
  const name = new URL(authority.databaseUrl).pathname.slice(1);
  await query(inject('testServer'), `alter database ${name} with allow_connections ${isOpen}`);
  if (!isOpen)
    await query(inject('testServer'), 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
}

test('without its database the server gives nothing and lets nobody in, says so, and comes back by itself', async () => {
  assert.equal((await client.call('GET', '/v1/whoami', { token })).status, 200);
  await setOpen(false);
  try {
    for (let round = 0; round < 3; round++) {
      const { status, body, headers } = await client.token();
      assert.deepEqual([status, body['error'], headers.get('retry-after')], [503, 'temporarily_unavailable', '1']);
      const refused = await client.call('GET', '/v1/whoami', { token });
      assert.deepEqual([refused.status, refused.body['code']], [503, 'service.not_ready']);
      assert.equal((await client.ask('/introspect', token)).status, 503);
      assert.equal((await client.ask('/revoke', token)).status, 503);
    }
    assert.equal((await fetch(`${authority.issuer}/healthz`)).status, 200);
    assert.equal((await fetch(`${authority.issuer}/readyz`)).status, 503);
  } finally {
    await setOpen(true);
  }
  const until = Date.now() + 10_000;
  let last = 0;
  while (last !== 200 && Date.now() < until) {
    last = (await client.token()).status;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(last, 200);
  assert.equal((await client.call('GET', '/v1/whoami')).status, 200);
  assert.ok(logged.length > 0);
});
