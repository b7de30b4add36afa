import type { FieldLabels, Guard, OperationFlow } from '@surety/contract/flow';
import type { System } from '@surety/contract/system';
import { announce } from '#change/announce';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import type { CatalogueHouse } from './catalogue-house.ts';
import { lockSystem, saveSystem, viewSystem } from './system-store.ts';

/** What is left out stays as it was. */
export type LabelOperation = {
  readonly system: string;
  readonly operation: string;
  readonly labels?: readonly string[] | undefined;
  readonly fields?: FieldLabels | undefined;
  readonly guards?: readonly Guard[] | undefined;
};

/**
 * Says, for a person, what comes back from an operation and which of its arguments say where something goes. It holds for the
 * definition as it is now. Fault `system.not_found`; `request.malformed` when the system has no such operation.
 */
export async function labelOperation(
  house: Pick<CatalogueHouse, 'db' | 'clock'>,
  actor: string,
  { system: ref, operation, labels, fields, guards }: LabelOperation,
): Promise<System> {
  return house.db.transaction(async (tx) => {
    const before = await lockSystem(tx, ref);
    if (before.state === 'removed') throw new Fault('system.not_found', ref);
    const known = before.operations.find(({ name }) => name === operation);
    if (known === undefined) {
      throw new Fault('request.malformed', undefined, {
        issues: [{ path: '/operation', message: 'the system has no such operation' }],
      });
    }
    const flow: OperationFlow = {
      labels: [...new Set(labels ?? known.flow?.labels ?? [])],
      fields: fields ?? known.flow?.fields ?? {},
      guards: [...(guards ?? known.flow?.guards ?? [])],
      by: 'person',
    };
    const operations = before.operations.map((one) => (one === known ? { ...known, flow } : one));
    const after = { ...before, operations, revision: before.revision + 1 };
    await saveSystem(tx, after);
    await record(tx, house.clock, {
      type: 'system.labelled',
      actor,
      about: after.id,
      data: {
        operation,
        labels: flow.labels,
        fields: Object.entries(flow.fields).flatMap(([pointer, ofField]) => ofField.map((label) => `${label} ${pointer}`)),
        guards: flow.guards.map(({ of, pointer }) => `${of} ${pointer}`),
      },
    });
    await announce(tx, [{ what: 'changed', key: after.id }]);
    return viewSystem(tx, after);
  });
}
