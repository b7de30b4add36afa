import assert from 'node:assert/strict';
import { pathMembers, type Route } from '@surety/contract/route';
import { routes } from '@surety/contract/routes';
import { afterAll, beforeAll, test } from 'vitest';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

/** An address of a route, with something in each brace. */
function addressOf({ path }: Route): string {
  return rig.running.issuer + pathMembers(path).reduce((text, member) => text.replace(`{${member}}`, '1'), path);
}

test('the server describes every route of the contract at /openapi.json, and no other', async () => {
  const response = await fetch(`${rig.running.issuer}/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, { operationId: string }>> };
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`),
  );
  assert.deepEqual(served.sort(), routes.map(({ method, path, name }) => `${method} ${path} ${name}`).sort());
});

test.for(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
  '%s is answered: without a token with 401, at a door for codes with 400',
  async ([, route]) => {
    const response = await fetch(addressOf(route), {
      method: route.method,
      ...(route.method === 'GET' || route.method === 'DELETE'
        ? {}
        : { body: '{}', headers: { 'content-type': 'application/json' } }),
    });
    const problem = (await response.json()) as { code: string };
    const expected = route.door === 'code' ? [400, 'request.malformed'] : [401, 'token.missing'];
    assert.deepEqual([response.status, problem.code], expected);
  },
);

test('an address that is no route is 404, and a route by another method 405', async () => {
  assert.equal((await fetch(`${rig.running.issuer}/v1/nothing-here`)).status, 404);
  assert.equal((await fetch(`${rig.running.issuer}/v1/whoami`, { method: 'DELETE' })).status, 405);
});
