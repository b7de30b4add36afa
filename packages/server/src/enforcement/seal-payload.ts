import type { CallOutcome } from '@surety/contract/enforcement';
import { payloadPlace } from '#decision/inputs-place';
import type { Sealer } from '#keys/seal';

/** An outcome with what came back sealed for the entry that tells of it, where that is to be kept. */
export type SealedOutcome = CallOutcome & { readonly sealed?: Buffer };

export function sealPayload(sealer: Pick<Sealer, 'seal'>, action: string, { payload, ...outcome }: CallOutcome): SealedOutcome {
  return payload === undefined ? outcome : { ...outcome, sealed: sealer.seal(payloadPlace(action), Buffer.from(payload)) };
}
