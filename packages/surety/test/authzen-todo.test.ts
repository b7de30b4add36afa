import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { people, todoWorld } from './authzen-documents.ts';
import { type Asker, openAsker } from './pep.ts';
import { openRig, type Rig } from './rig.ts';

/**
 * The todo scenario of the AuthZEN interop events: five people, eight questions each, forty decisions; and its batches. What is
 * asked and what must be answered is the scenario's; the application is a document of ours (`authzen-documents.ts`).
 */
let rig: Rig;
let pep: Asker;

beforeAll(async () => {
  rig = await openRig();
  pep = await openAsker(rig, 'todo', todoWorld);
});
afterAll(() => rig?.close());

type Name = keyof typeof people;

const todoOf = (owner: Name) => ({ type: 'todo', id: `todo-of-${owner}`, properties: { ownerID: people[owner].email } });
const someTodo = { type: 'todo', id: 'todo-1' };
const personOf = (name: Name) => ({ type: 'user', id: people[name].email });

/** The eight questions about one person: two users read, the list, a new one, one of Rick's and one of their own changed. */
function questionsOf(name: Name): readonly { readonly action: { readonly name: string }; readonly resource: object }[] {
  const [ricks, own] = [todoOf('rick'), todoOf(name === 'rick' ? 'morty' : name)];
  return [
    { action: { name: 'can_read_user' }, resource: personOf('beth') },
    { action: { name: 'can_read_user' }, resource: personOf(name) },
    { action: { name: 'can_read_todos' }, resource: someTodo },
    { action: { name: 'can_create_todo' }, resource: someTodo },
    { action: { name: 'can_update_todo' }, resource: ricks },
    { action: { name: 'can_update_todo' }, resource: own },
    { action: { name: 'can_delete_todo' }, resource: ricks },
    { action: { name: 'can_delete_todo' }, resource: own },
  ];
}

const [yes, no] = [true, false];
const expected: Readonly<Record<Name, readonly boolean[]>> = {
  rick: [yes, yes, yes, yes, yes, yes, yes, yes],
  morty: [yes, yes, yes, yes, no, yes, no, yes],
  summer: [yes, yes, yes, yes, no, yes, no, yes],
  beth: [yes, yes, yes, no, no, no, no, no],
  jerry: [yes, yes, yes, no, no, no, no, no],
};

const all = Object.keys(people) as Name[];

test.for(all.flatMap((name) => questionsOf(name).map((question, at) => [name, at, question] as const)))(
  '%s, question %i',
  async ([name, at, question]) => {
    const subject = { type: 'user', id: people[name].id };
    assert.equal(await pep.evaluate({ subject, ...question }), expected[name][at]);
  },
);

test('the older form of the questions, whose subject is an address, has the same answers', async () => {
  for (const name of all) {
    const subject = { ...personOf(name), identity: people[name].id };
    const { body } = await pep.ask('evaluations', { subject, evaluations: questionsOf(name) });
    assert.deepEqual(
      (body['evaluations'] as { decision: boolean }[]).map(({ decision }) => decision),
      expected[name],
      name,
    );
  }
});

test.for([
  ['rick', [true, true, true]],
  ['morty', [false, true, false]],
  ['beth', [false, false, false]],
] as const)('batch: which of three todos %s may change', async ([name, answers]) => {
  const subject = { type: 'user', id: people[name].id };
  const evaluations = (['rick', 'morty', 'summer'] as const).map((owner) => ({ resource: todoOf(owner) }));
  const { body } = await pep.ask('evaluations', { subject, action: { name: 'can_update_todo' }, evaluations });
  assert.deepEqual(
    (body['evaluations'] as { decision: boolean }[]).map(({ decision }) => decision),
    answers,
  );
});

test('who owns a todo is for the PEP to say: unsaid, nobody owns it', async () => {
  const subject = { type: 'user', id: people.morty.id };
  const bare = { type: 'todo', id: 'todo-of-morty' };
  assert.equal(await pep.evaluate({ subject, action: { name: 'can_update_todo' }, resource: bare }), false);
});

test('roles are not for the PEP to say', async () => {
  const subject = { type: 'user', id: people.beth.id, properties: { roles: ['admin', 'evil_genius'], email: people.rick.email } };
  assert.equal(await pep.evaluate({ subject, action: { name: 'can_delete_todo' }, resource: todoOf('rick') }), false);
});
