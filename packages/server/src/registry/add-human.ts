import type { Human } from '@surety/contract/human';
import { instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { addHuman as storeHuman } from './human-store.ts';
import type { RegistryHouse } from './registry-house.ts';

export type AddHuman = {
  readonly name: string;
  readonly displayName: string;
  readonly title: string;
  readonly groups: readonly string[];
  readonly roles: readonly string[];
};

/** Adds a person, active, with no key yet. Fault `name.taken`. */
export async function addHuman(house: RegistryHouse, actor: string, input: AddHuman): Promise<Human> {
  return house.db.transaction(async (tx) => {
    const human = newHuman(input, house.clock());
    await addHumanRecorded(tx, house, { human, actor });
    return human;
  });
}

export function newHuman({ name, displayName, title, groups, roles }: AddHuman, now: number): Human {
  return {
    id: newId('human', now),
    name,
    displayName,
    title,
    groups: [...new Set(groups)],
    roles: [...new Set(roles)],
    state: 'active',
    revision: 1,
    createdAt: instant(now),
  };
}

export async function addHumanRecorded(
  tx: Tx,
  { clock }: Pick<RegistryHouse, 'clock'>,
  { human, actor }: { human: Human; actor: string },
): Promise<void> {
  await storeHuman(tx, human);
  await record(tx, clock, { type: 'human.added', actor, about: human.id, data: { roles: human.roles, groups: human.groups } });
}
