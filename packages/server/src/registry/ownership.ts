import type { Human } from '@surety/contract/human';
import type { HumanId } from '@surety/contract/id';
import { Fault } from '#kernel/fault';

/** Who answers for an agent or workload: exactly one person, and who is asked to take over, in this order. */
export type Ownership = { readonly owner: HumanId; readonly deputies: HumanId[] };

/** What is asked for. `deputies` left out: those there are stay, except one who becomes the owner. */
export type OwnershipRequest = { readonly owner: Human; readonly deputies: readonly Human[] };

/**
 * Checks who is put forward. Each is an active person (`human.not_active`); the deputies are distinct from the owner and
 * from each other (`request.malformed`).
 */
export function checkOwnership({ owner, deputies }: OwnershipRequest): Ownership {
  const named = [owner, ...deputies];
  if (named.some((human) => human.state !== 'active')) throw new Fault('human.not_active');
  if (new Set(named.map(({ id }) => id)).size < named.length) {
    throw new Fault('request.malformed', 'owner and deputies repeat', {
      issues: [{ path: '/deputies', message: 'each deputy is another person than the owner and than the other deputies' }],
    });
  }
  return { owner: owner.id, deputies: deputies.map(({ id }) => id) };
}

/** The deputies that are left when one of them becomes the owner. */
export function withoutOwner(deputies: readonly HumanId[], owner: HumanId): HumanId[] {
  return deputies.filter((deputy) => deputy !== owner);
}
