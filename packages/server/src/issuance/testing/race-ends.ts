import { endMandate } from '#delegation/end-mandate';
import { endTask } from '#delegation/end-task';
import { findNewestMandate } from '#delegation/mandate-store';
import { changeHuman } from '#registry/change-human';
import { moveAgent } from '#registry/move-agent';
import { revokeCredential } from '#registry/revoke-credential';
import { liftStop } from '#stop/lift-stop';
import { orderStop } from '#stop/order-stop';
import type { RacePath } from './race-paths.ts';
import { giveWide, type RaceGround, type RaceWorld } from './race-world.ts';

/** How something that a token stands on ends, and how it is made as good as new, where that can be. */
export type RaceEnd = {
  /** What of it a token must stand on for this to end it. */
  readonly ends: readonly RacePath['stands'][];
  /** Whether it is the last agent itself: what was handed to it before is good again when it is. */
  readonly isLast: boolean;
  readonly run: (ground: RaceGround, world: RaceWorld) => Promise<unknown>;
  readonly undo?: (ground: RaceGround, world: RaceWorld) => Promise<unknown>;
};

type Place = 'root' | 'middle' | 'last';

const places: readonly Place[] = ['root', 'middle', 'last'];

const byItsKey = ['chain', 'offer', 'alone', 'consent', 'code'] as const;

/** What hangs from the last agent itself is ended by its end; what hangs above it, by that of those above. */
function endedBy(place: Place): readonly RacePath['stands'][] {
  return place === 'last' ? [...byItsKey, 'platform', 'document'] : ['chain', 'offer'];
}

const house = ({ authority: { db, clock } }: RaceGround) => ({ db, clock });

function move(place: Place, to: 'suspended' | 'retired' | 'active'): RaceEnd['run'] {
  return (ground, world) => moveAgent(house(ground), ground.authority.admin, { agent: world[place].id, to, reason: 'a race' });
}

function person(whose: (world: RaceWorld) => string, state: 'suspended' | 'left' | 'active'): RaceEnd['run'] {
  return (ground, world) => changeHuman(house(ground), ground.authority.admin, { human: whose(world), state });
}

function endsAt(place: Place): Readonly<Record<string, RaceEnd>> {
  const ends = endedBy(place);
  const isLast = place === 'last';
  return {
    [`the ${place} agent is suspended`]: { ends, isLast, run: move(place, 'suspended'), undo: move(place, 'active') },
    [`the ${place} agent is retired`]: { ends, isLast, run: move(place, 'retired') },
    [`the ${place} agent is stopped`]: {
      ends,
      isLast,
      run: (ground, world) => orderStop(house(ground), ground.authority.admin, { agent: world[place].id, reason: 'a race' }),
      undo: (ground, world) => liftStop(house(ground), ground.authority.admin, { agent: world[place].id, reason: 'a race' }),
    },
    [`the owner of the ${place} agent is suspended`]: {
      ends,
      isLast,
      run: person((world) => world[place].owner, 'suspended'),
      undo: person((world) => world[place].owner, 'active'),
    },
    [`the owner of the ${place} agent leaves`]: { ends, isLast, run: person((world) => world[place].owner, 'left') },
    [`the key of the ${place} agent is revoked`]: {
      ends: isLast ? byItsKey : ends,
      isLast,
      run: (ground, world) => revokeCredential(house(ground), ground.authority.admin, { credential: world[place].credential }),
    },
    [`the task of the ${place} agent ends`]: {
      ends: isLast ? ['chain'] : ends,
      isLast,
      run: (ground, world) => endTask(house(ground), ground.authority.admin, { task: world.tasks[place] }),
    },
  };
}

/** An end of the mandate of an agent above. The last agent's own is looked at in every call, and not here. */
function mandateOf(place: 'root' | 'middle'): RaceEnd {
  return {
    ends: ['chain', 'offer'],
    isLast: false,
    run: async (ground, world) => {
      const mandate = (await findNewestMandate(ground.authority.db, world[place].id))?.id ?? '';
      return endMandate(house(ground), ground.authority.admin, { mandate });
    },
    undo: (ground, world) => giveWide(ground, world[place]),
  };
}

/** Every end of everything that the token of the last agent could stand on. */
export const raceEnds: Readonly<Record<string, RaceEnd>> = {
  ...Object.assign({}, ...places.map(endsAt)),
  'the mandate of the root agent ends': mandateOf('root'),
  'the mandate of the middle agent ends': mandateOf('middle'),
  'the person who agreed is suspended': {
    ends: ['consent', 'code', 'document'],
    isLast: false,
    run: person((world) => world.consent?.person ?? '', 'suspended'),
    undo: person((world) => world.consent?.person ?? '', 'active'),
  },
  'the task that a person agreed to ends': {
    ends: ['consent'],
    isLast: false,
    run: (ground, world) => endTask(house(ground), ground.authority.admin, { task: world.consent?.task ?? '' }),
  },
};
