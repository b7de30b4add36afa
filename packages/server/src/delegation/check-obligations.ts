import type { MandateDocument, Permission } from '@surety/contract/mandate';
import { covers } from '@surety/decision/cover';
import { findSystemByName } from '#catalogue/system-store';
import type { Tx } from '#kernel/db';
import type { FaultIssue } from '#kernel/fault';

/**
 * Nothing but the page sizes and time-outs of reads is ever clamped: a permission that clamps covers only operations that are
 * known to read. One that is classified otherwise later is denied where it is decided.
 */
export async function checkObligations(tx: Tx, { permissions, passOn = [] }: MandateDocument): Promise<FaultIssue[]> {
  const placed = [
    ...permissions.map((permission, at) => ({ permission, path: `/document/permissions/${at}/obligations/clamp` })),
    ...passOn.map((permission, at) => ({ permission, path: `/document/passOn/${at}/obligations/clamp` })),
  ];
  const clamping = placed.filter(({ permission }) => permission.obligations?.clamp !== undefined);
  const found = await Promise.all(
    clamping.map(async ({ permission, path }) => ({ path, change: await changeIn(tx, permission) })),
  );
  return found.flatMap(({ path, change }) =>
    change === undefined ? [] : [{ path, message: `only reads can be clamped, and ${change} is none` }],
  );
}

/** The first operation under a permission that is no read; `what it permits`, when there is no operation of the name at all. */
async function changeIn(tx: Tx, permission: Permission): Promise<string | undefined> {
  const system = await findSystemByName(tx, permission.system);
  const covered = (system?.operations ?? []).filter(({ name }) => covers(permission, permission.system, name));
  return covered.length === 0 ? 'what it permits' : covered.find(({ effect }) => effect !== 'read')?.name;
}
