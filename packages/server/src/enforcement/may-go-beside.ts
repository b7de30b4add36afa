import type { Call } from '@surety/contract/call';
import type { SystemFacts } from '#catalogue/system-facts';
import type { Judged } from '#decision/decide-call';

/**
 * Whether a permitted call may go out while its intent is still being written: a read, of an operation that a person
 * classified as one, on a system that stands inside the organisation. A verb or a hint of the system does not count. The
 * operation must be the one that was decided on.
 */
export async function mayGoBeside(systems: Pick<SystemFacts, 'byName'>, call: Call, judged: Judged): Promise<boolean> {
  if (judged.effect !== 'read' || judged.decision.reason !== 'permitted') return false;
  const system = await systems.byName(call.system);
  if (system?.upstream.inside !== true) return false;
  const operation = system.operations.get(call.operation);
  return operation?.classified === true && operation.effect === 'read' && operation.definitionDigest === judged.definition;
}
