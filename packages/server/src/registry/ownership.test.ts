import assert from 'node:assert/strict';
import type { Human } from '@surety/contract/human';
import type { HumanId } from '@surety/contract/id';
import fc from 'fast-check';
import { test } from 'vitest';
import { checkOwnership, withoutOwner } from './ownership.ts';

const person = (at: number, state: Human['state'] = 'active'): Human => ({
  id: `hum_${String(at).padStart(26, '0')}` as HumanId,
  name: `p${at}`,
  displayName: `P ${at}`,
  title: '',
  groups: [],
  roles: [],
  state,
  revision: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
});

test('deputies keep the order they were named in', () => {
  const { owner, deputies } = checkOwnership({ owner: person(1), deputies: [person(3), person(2)] });
  assert.equal(owner, person(1).id);
  assert.deepEqual(deputies, [person(3).id, person(2).id]);
});

test('nobody answers who is not active', () => {
  for (const state of ['suspended', 'left'] as const) {
    assert.throws(() => checkOwnership({ owner: person(1, state), deputies: [] }), { code: 'human.not_active' });
    assert.throws(() => checkOwnership({ owner: person(1), deputies: [person(2, state)] }), { code: 'human.not_active' });
  }
});

test('an owner is not their own deputy, and nobody is deputy twice', () => {
  assert.throws(() => checkOwnership({ owner: person(1), deputies: [person(1)] }), { code: 'request.malformed' });
  assert.throws(() => checkOwnership({ owner: person(1), deputies: [person(2), person(2)] }), { code: 'request.malformed' });
});

test('what is accepted always has one owner, who is no deputy, and no deputy twice', () => {
  fc.assert(
    fc.property(fc.nat(4), fc.array(fc.nat(4), { maxLength: 6 }), (first, rest) => {
      try {
        const { owner, deputies } = checkOwnership({ owner: person(first), deputies: rest.map((at) => person(at)) });
        assert.equal(owner, person(first).id);
        assert.ok(!deputies.includes(owner));
        assert.equal(new Set(deputies).size, deputies.length);
      } catch (thrown) {
        assert.equal((thrown as { code: string }).code, 'request.malformed');
        assert.ok(new Set([first, ...rest]).size < rest.length + 1);
      }
    }),
  );
});

test('a deputy who becomes the owner is a deputy no more', () => {
  assert.deepEqual(withoutOwner([person(2).id, person(3).id], person(2).id), [person(3).id]);
});
