import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import type { Terminal } from './terminal.ts';
import { at, ids, signedIn } from './world.ts';

let terminal: Terminal;
let inputs: Record<string, unknown>;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

const document = {
  description: '',
  peps: ['wkl_01k9z7qh4m8y2c3d4e5f6g7h8j'],
  systems: ['crm'],
  types: { record: { open: false, asserts: ['status'] } },
  actions: ['read'],
  actionAsserts: [],
  contextAsserts: [],
  policies: 'permit (principal, action, resource);',
  entities: [{ type: 'record', id: 'r1', properties: {}, in: [] }],
};
const application = {
  id: 'app_01k9z7qh4m8y2c3d4e5f6g7h8j',
  name: 'records',
  version: 3,
  document,
  documentDigest: 'digest',
  publishedBy: ids.maya,
  publishedAt: at,
  state: 'active',
};

beforeEach(async () => {
  terminal = await signedIn();
  inputs = {};
  const answers: Record<string, unknown> = {
    listApplications: { items: [application] },
    getApplication: application,
    publishApplication: application,
    removeApplication: { ...application, state: 'removed' },
  };
  for (const [name, answer] of Object.entries(answers))
    terminal.server.answers[name] = (input) => {
      inputs[name] = input;
      return answer;
    };
});
afterEach(() => terminal.close());

async function file(name: string, text: string): Promise<string> {
  const path = join(terminal.home, name);
  await writeFile(path, text);
  return path;
}

test('applications are listed, shown with their policies, and removed after a question', async () => {
  assert.match((await run('application ls')).out, /records +3 +wkl_\S+ +crm/);
  const { out } = await run('application show records');
  assert.match(out, /permit \(principal, action, resource\);/);
  assert.match(out, /1 entities/);
  assert.equal((await run('application remove records --yes')).code, 0);
  assert.deepEqual(inputs['removeApplication'], { application: 'records' });
});

test('a document is published with its policies and who may ask from elsewhere', async () => {
  const { policies: _policies, peps: _peps, ...rest } = document;
  const json = await file('records.json', JSON.stringify(rest));
  const cedar = await file('records.cedar', 'forbid (principal, action, resource);');
  const { code, err } = await run(['application', 'publish', 'records', json, '--policies', cedar, '--pep', 'records-api']);
  assert.equal(code, 0, err);
  assert.deepEqual(inputs['publishApplication'], {
    application: 'records',
    document: { ...rest, policies: 'forbid (principal, action, resource);', peps: ['records-api'] },
  });
});

test('what is no document is wrong usage, and nothing is sent', async () => {
  for (const text of ['{', '[]', '{"peps":[]}', '{"peps":["a"],"unknown":1}', '{"peps":["a"],"types":{"tool":{}}}']) {
    const { code } = await run(['application', 'publish', 'records', await file('bad.json', text)]);
    assert.equal(code, 2, text);
  }
  assert.equal(inputs['publishApplication'], undefined);
});
