import type { Workload } from '@surety/contract/agent';
import type { LabRoom } from './lab-room.ts';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { addDeployer, removeDeployer } from '#policy/policy-deployer-store';
import { resolveOf } from '#registry/find-principal';
import { findWorkload } from '#registry/workload-store';

type Named = { readonly workload: string };
type Deployer = { readonly workload: Workload['id'] };

/** Lets a workload propose and deploy policy: a pipeline. The person who answers for it stands behind what it does. */
export async function nameDeployer(
  { db, clock }: Pick<LabRoom, 'db' | 'clock'>,
  actor: string,
  { workload: ref }: Named,
): Promise<Deployer> {
  return db.transaction(async (tx) => {
    const workload = await findWorkload(tx, await resolveOf(tx, 'workload', ref));
    if (workload === undefined) throw new Fault('workload.not_found', ref);
    const added = await addDeployer(tx, { workload: workload.id, namedBy: actor, namedAt: instant(clock()) });
    if (added) await record(tx, clock, { type: 'policy.deployer_named', actor, about: workload.id, data: {} });
    return { workload: workload.id };
  });
}

/** A workload may no longer propose and deploy policy. */
export async function dismissDeployer(
  { db, clock }: Pick<LabRoom, 'db' | 'clock'>,
  actor: string,
  { workload: ref }: Named,
): Promise<Deployer> {
  return db.transaction(async (tx) => {
    const workload = (await resolveOf(tx, 'workload', ref)) as Workload['id'];
    if (await removeDeployer(tx, workload))
      await record(tx, clock, { type: 'policy.deployer_removed', actor, about: workload, data: {} });
    return { workload };
  });
}
