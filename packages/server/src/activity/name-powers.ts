import type { Remedy } from '@surety/contract/activity';
import type { Power, SmallestChange } from '@surety/decision/explain-remedies';
import type { Db } from '#kernel/db';
import { listActiveHolders } from '#registry/human-store';
import type { PrincipalFacts } from '#registry/principal-facts';

export type PowerRoom = { readonly db: Db; readonly facts: Pick<PrincipalFacts, 'agent' | 'human' | 'workload'> };

type Person = Remedy['by'][number];
type Holders = (role: string) => Promise<readonly Person[]>;

/** How many people of one role are named for one change. */
const maxNamed = 3;

export type NamePowers = (change: SmallestChange) => Promise<Remedy>;

/** Puts names to the powers of one explanation: people of now. Each role is looked up once. */
export function openNamePowers(room: PowerRoom, answerable: string): NamePowers {
  const kept = new Map<string, Promise<readonly Person[]>>();
  const holders: Holders = (role) => {
    const known = kept.get(role) ?? readHolders(room, role);
    kept.set(role, known);
    return known;
  };
  return async ({ text, power }) => {
    const named = (await Promise.all(power.map((one) => peopleOf(room, { holders, answerable }, one)))).flat();
    return { text, by: named.filter((one, at) => named.findIndex(({ name }) => name === one.name) === at) };
  };
}

async function readHolders({ db }: PowerRoom, role: string): Promise<readonly Person[]> {
  return (await listActiveHolders(db, role, maxNamed)).map(({ displayName }) => ({ name: displayName, role }));
}

async function peopleOf(
  room: PowerRoom,
  { holders, answerable }: { readonly holders: Holders; readonly answerable: string },
  power: Power,
): Promise<readonly Person[]> {
  switch (power.kind) {
    case 'mandate':
      return [...(await ownerOf(room, power.agent)), ...(await holders('administrator'))];
    case 'principal':
      return personOf(room, power.id, 'asked for it, or answers for it');
    case 'role':
      return holders(power.role);
    case 'approver':
      return [
        ...(await personOf(room, answerable, 'answers for it')),
        ...(await holders('approver')),
        ...(await holders('administrator')),
      ];
    case 'nobody':
      return [];
  }
}

/** The owner of an agent gives it its mandates. */
async function ownerOf(room: PowerRoom, agent: string | undefined): Promise<readonly Person[]> {
  const known = agent === undefined ? undefined : await room.facts.agent(agent);
  return known === undefined ? [] : personOf(room, known.owner, `owner of ${known.name}`);
}

async function personOf({ facts }: PowerRoom, id: string, role: string): Promise<readonly Person[]> {
  const human = await facts.human(id);
  if (human !== undefined) return [{ name: human.displayName, role }];
  const other = (await facts.agent(id)) ?? (await facts.workload(id));
  return other === undefined
    ? []
    : [{ name: other.name, role: 'kind' in other && other.kind === 'workload' ? 'workload' : 'agent' }];
}
