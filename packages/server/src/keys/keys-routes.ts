import { listSigningKeys, rotateSigningKey, type SigningKeyView } from '@surety/contract/oversight-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import { instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { type RotationHouse, rotateTokenKey } from './rotate-token-key.ts';
import { listLivingKeys } from './signing-key-store.ts';

export function keysRoutes(house: RotationHouse): readonly AnyAnswer[] {
  return [
    answer(listSigningKeys, async () => ({ items: await viewKeys(house.db) })),
    answer(rotateSigningKey, async ({ principal }, input) => {
      if ((await rotateTokenKey(house, principal, input)) === 'too_soon') throw new Fault('key.too_soon');
      return { items: await viewKeys(house.db) };
    }),
  ];
}

async function viewKeys(tx: Tx): Promise<SigningKeyView[]> {
  const keys = await listLivingKeys(tx);
  return keys.flatMap(({ kid, purpose, state, madeAtMs, retireAtMs }) =>
    state === 'retired'
      ? []
      : [{ kid, purpose, state, madeAt: instant(madeAtMs), retireAt: retireAtMs === null ? null : instant(retireAtMs) }],
  );
}
