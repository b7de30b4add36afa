import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'vitest';
import type { Terminal } from './terminal.ts';
import { at, ids, signedIn } from './world.ts';

let terminal: Terminal;
const inputs: Record<string, unknown> = {};
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

beforeEach(async () => {
  terminal = await signedIn();
});
afterEach(() => terminal.close());

/** Answers a route and keeps what it was asked. */
function answers(name: string, answer: () => unknown): void {
  terminal.server.answers[name] = (input) => {
    inputs[name] = input;
    return answer();
  };
}

test('person passkeys lists them, and revoke-passkey asks first', async () => {
  const passkey = { id: ids.passkey, human: ids.maya, label: 'synced passkey', state: 'active', createdAt: at };
  answers('listPasskeys', () => ({ items: [passkey] }));
  const listed = (await run('person passkeys maya')).out;
  assert.match(listed, new RegExp(`PASSKEY +LABEL +STATE +SINCE .*\\n${ids.passkey} +synced passkey +✓ active`));
  assert.deepEqual(inputs['listPasskeys'], { human: 'maya' });
  terminal.server.answers['listPasskeys'] = () => ({ items: [] });
  const none = await run('person passkeys maya', { tty: true });
  assert.match(none.out + none.err, /surety person enrol maya/);
  answers('revokePasskey', () => ({ ...passkey, state: 'revoked' }));
  assert.equal((await run(['person', 'revoke-passkey', ids.passkey])).code, 2);
  assert.equal(inputs['revokePasskey'], undefined);
  const { code, out } = await run(['person', 'revoke-passkey', ids.passkey, '--yes']);
  assert.equal(code, 0);
  assert.match(out, /state: ✗ revoked/);
  assert.deepEqual(inputs['revokePasskey'], { passkey: ids.passkey });
});
