import assert from 'node:assert/strict';
import { test } from 'vitest';
import { headerValues } from './header-values.ts';

test('every value comes out, in its order, whatever the spelling of the name; nothing is joined or dropped', () => {
  const rawHeaders = ['DPoP', 'a', 'Authorization', 'x', 'dpop', 'b, c', 'authorization', 'y', 'DPOP', ''];
  assert.deepEqual(headerValues({ rawHeaders }, 'dpop'), ['a', 'b, c', '']);
  assert.deepEqual(headerValues({ rawHeaders }, 'authorization'), ['x', 'y']);
  assert.deepEqual(headerValues({ rawHeaders }, 'host'), []);
  assert.deepEqual(headerValues({ rawHeaders: [] }, 'host'), []);
});
