import type { SystemCredential } from '@surety/contract/enforcement';
import type { Operation, Upstream } from '@surety/contract/system';
import { Fault } from '#kernel/fault';
import type { CatalogueHouse } from './catalogue-house.ts';
import { readOperations } from './described-operation.ts';

/** Asks a system for its operations. Whatever goes wrong there is `system.unreachable`; what it said is not repeated. */
export async function readSystem(
  { describe }: Pick<CatalogueHouse, 'describe'>,
  upstream: Upstream,
  credential: SystemCredential | undefined,
): Promise<Operation[]> {
  try {
    return readOperations(await describe(upstream, credential));
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown;
    throw new Fault('system.unreachable', undefined, { cause: thrown });
  }
}
