import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { recordIds, searchWorld, staff } from './authzen-documents.ts';
import { type Asker, openAsker } from './pep.ts';
import { openRig, type Rig } from './rig.ts';

/**
 * The search scenario of the AuthZEN interop events: 60 searches for subjects, 18 for resources, 120 for actions. What must be
 * found is the scenario's.
 */
let rig: Rig;
let pep: Asker;

beforeAll(async () => {
  rig = await openRig();
  pep = await openAsker(rig, 'search', searchWorld);
});
afterAll(() => rig?.close());

type Name = keyof typeof staff;
const names = Object.keys(staff) as Name[];
const actions = ['view', 'edit', 'delete'] as const;
const all = recordIds.map(Number);

/** What each may see, change and delete. */
const table: Readonly<Record<Name, Readonly<Record<(typeof actions)[number], readonly number[]>>>> = {
  alice: { view: all, edit: [101, 107, 110, 113, 119], delete: [101, 107, 113, 119] },
  bob: {
    view: [101, 102, 103, 105, 108, 112, 114, 116, 117, 119, 120],
    edit: [102, 108, 114, 120],
    delete: [102, 108, 114, 120],
  },
  carol: { view: [101, 102, 103, 105, 108, 109, 112, 115, 116, 117, 119], edit: [103, 109, 115], delete: [103, 109, 115] },
  dan: { view: all, edit: [104, 110, 115, 116], delete: [104, 110, 116] },
  erin: { view: [105, 111, 115, 117], edit: [105, 111, 117], delete: [105, 111, 117] },
  felix: { view: [104, 106, 109, 111, 112, 114, 118, 120], edit: [106, 112, 118], delete: [106, 112, 118] },
};

async function found(kind: string, body: object): Promise<readonly (string | undefined)[]> {
  const { status, body: said, raw } = await pep.ask(`search/${kind}`, body);
  assert.equal(status, 200, raw.text);
  assert.deepEqual((said['page'] as { next_token: string }).next_token, '');
  return (said['results'] as { id?: string; name?: string }[]).map(({ id, name }) => id ?? name);
}

const person = (id?: string) => ({ type: 'user', ...(id === undefined ? {} : { id }) });
const record = (id?: string) => ({ type: 'record', ...(id === undefined ? {} : { id }) });

test.for(names.flatMap((name) => actions.map((action) => [name, action] as const)))(
  'resources that %s may %s',
  async ([name, action]) => {
    const body = { subject: person(name), action: { name: action }, resource: record() };
    assert.deepEqual(await found('resource', body), table[name][action].map(String));
  },
);

test.for(actions)('who may %s each record', async (action) => {
  const each = recordIds.map(async (id) => {
    const expected = names.filter((name) => table[name][action].includes(Number(id)));
    assert.deepEqual(await found('subject', { subject: person(), action: { name: action }, resource: record(id) }), expected, id);
  });
  await Promise.all(each);
});

test.for(names)('what %s may do to each record', async (name) => {
  const each = recordIds.map(async (id) => {
    const expected = actions.filter((action) => table[name][action].includes(Number(id))).toSorted();
    assert.deepEqual(await found('action', { subject: person(name), resource: record(id) }), expected, id);
  });
  await Promise.all(each);
});
