import assert from 'node:assert/strict';
import { test } from 'vitest';
import { isFaultCode } from './faults.ts';
import { pathMembers, route } from './route.ts';
import { apiActions, routes } from './routes.ts';

test('names are unique, and so is each method at each address', () => {
  assert.ok(routes.length >= 45);
  assert.equal(new Set(routes.map((one) => one.name)).size, routes.length);
  assert.equal(new Set(routes.map((one) => `${one.method} ${one.path}`)).size, routes.length);
});

test('no two addresses of one method can be mistaken for each other', () => {
  const shapes = routes.map((one) => `${one.method} ${one.path.replaceAll(/\{\w+\}/g, '{}')}`);
  assert.equal(new Set(shapes).size, shapes.length);
});

test('names, addresses and actions have one form', () => {
  for (const one of routes) {
    assert.match(one.name, /^[a-z]+[A-Za-z]*$/);
    assert.match(one.path, /^\/v1(\/([a-z]+|\{[a-z]+\}))+$/, one.name);
    assert.match(one.action, /^[a-z]+:[a-z]+$/, one.name);
    assert.match(one.summary, /^[A-Z].*\.$/, one.name);
  }
});

test('every fault that a route names exists, once', () => {
  for (const one of routes) {
    for (const code of one.faults) assert.ok(isFaultCode(code), `${one.name}: ${code}`);
    assert.equal(new Set(one.faults).size, one.faults.length, one.name);
  }
});

test('a member in braces is a member of the input, and the input takes nothing it does not know', () => {
  for (const one of routes) {
    const inPath = Object.fromEntries(pathMembers(one.path).map((name) => [name, '!']));
    const refused = one.input.safeParse({ ...inPath, surplus: 1 });
    assert.ok(!refused.success, one.name);
    const unknown = refused.error.issues.filter((issue) => issue.code === 'unrecognized_keys').flatMap((issue) => issue.keys);
    assert.deepEqual(unknown, ['surplus'], one.name);
  }
});

test('only what takes a one-time code is open to somebody who is not known', () => {
  assert.deepEqual(
    routes.filter((one) => one.door === 'code').map((one) => one.name),
    ['claimServer', 'enrolKey'],
  );
  const [first] = routes;
  assert.ok(first);
  const { door: _door, ...spec } = first;
  assert.equal(route(spec).door, 'principal');
});

test('what a route may read in a GET changes nothing: only reading actions', () => {
  for (const one of routes.filter((candidate) => candidate.method === 'GET')) assert.match(one.action, /:read$/, one.name);
});

test('the list of actions is that of the routes, sorted, each once', () => {
  assert.deepEqual([...apiActions], [...new Set(routes.map((one) => one.action))].sort());
});
